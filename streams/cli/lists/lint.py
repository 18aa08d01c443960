"""`anpr lists lint`: faults of alert lists."""

from collections import Counter
from pathlib import Path

import click
import orjson

from streams.alerts.lint import Finding, Linter, LintSettings
from streams.cli.common.options import config_option, now_option, read_settings, resolve_now
from streams.cli.common.progress import file_progress, say
from streams.cli.common.terminal import print_lines
from streams.cli.common.text import counted
from streams.cli.lists.loading import files_argument
from streams.files.jsonl import STANDARD_INPUT, read_batches
from streams.matching.config import ListConfig
from streams.records.decode import decode_alerts
from streams.records.times import Millis
from streams.settings.model import Settings


@click.command()
@files_argument
@config_option
@now_option
@click.option("--json", "as_json", is_flag=True, help="Findings as JSON lines.")
@click.option("--strict", is_flag=True, help="Warnings counted as errors.")
def lint(
    files: tuple[str, ...], config: Path | None, now_ms: Millis | None, as_json: bool, strict: bool
) -> None:
    """Find the faults of alert lists.

    Give all files of the lists together and in their order, so that withdrawals and new versions are checked
    against their alerts. Findings name the alert and never its plate.

    Exit codes: 0 no errors, 1 errors, 2 a file cannot be read. Warnings alone give 0, with --strict 1.
    """
    linter = Linter(_lint_settings(read_settings(config), resolve_now(now_ms)))
    files = tuple(dict.fromkeys(files))
    with file_progress("lists", files) as progress:
        for path in files:
            source = "standard input" if path == STANDARD_INPUT else path
            for lines, numbers in read_batches(path, progress):
                for number, record in zip(numbers, decode_alerts(lines), strict=True):
                    linter.add_line(source, number, record)
    findings = linter.check_all()
    if findings and as_json:
        click.echo("\n".join(map(_json_line, findings)))
    elif findings:
        print_lines("\n".join(map(str, findings)))
    say(
        f"{counted(linter.alert_count, 'alert')}, {counted(linter.withdrawal_count, 'withdrawal')}: "
        f"{_summary(findings)}"
    )
    if any(finding.severity == "error" for finding in findings) or (strict and findings):
        raise click.exceptions.Exit(1)


def _lint_settings(settings: Settings, now_ms: Millis) -> LintSettings:
    return LintSettings(
        now_ms,
        {list_id: list_config.mode for list_id, list_config in settings.lists.items()},
        ListConfig().mode,
        settings.matching.pattern_min_literals,
        frozenset(settings.centres),
        frozenset(settings.operations),
    )


def _json_line(finding: Finding) -> str:
    return orjson.dumps(finding._asdict()).decode()


def _summary(findings: list[Finding]) -> str:
    """Return the number of errors and warnings, and of which checks they are."""
    parts = []
    for severity in ("error", "warning"):
        checks = Counter(finding.check for finding in findings if finding.severity == severity)
        total = counted(checks.total(), severity)
        by_check = ", ".join(f"{count:,} {check}" for check, count in checks.most_common())
        parts.append(f"{total} ({by_check})" if by_check else total)
    return ", ".join(parts)
