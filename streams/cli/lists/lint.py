"""`anpr lists lint`: what is wrong with alert lists."""

from collections import Counter
from pathlib import Path

import click
import orjson

from streams.alerts.lint import Finding, Linter, LintSettings
from streams.cli.common.options import config_option, read_settings
from streams.cli.common.progress import file_progress, say
from streams.cli.common.text import counted
from streams.cli.lists.loading import file_error_exit, files_argument, now_option, resolve_now
from streams.files.jsonl import STANDARD_INPUT, InputFileError, read_batches
from streams.matching.config import ListConfig
from streams.records.decode import decode_alerts
from streams.settings.model import Settings


@click.command()
@files_argument
@config_option
@now_option
@click.option("--json", "as_json", is_flag=True, help="Findings as JSON lines.")
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
def lint(files: tuple[str, ...], config: Path | None, now: int | None, as_json: bool, strict: bool) -> None:
    """Find what is wrong with alert lists.

    Lint all files of the lists together and in their order, so that withdrawals and new versions meet their
    alerts. Findings name the alert and never its plate.

    Exit codes: 0 no errors, 1 errors, 2 a file that cannot be read. Warnings alone give 0, with --strict 1.
    """
    work = Linter(_lint_config(read_settings(config), resolve_now(now)))
    files = tuple(dict.fromkeys(files))
    try:
        with file_progress("lists", files) as progress:
            for path in files:
                source = "standard input" if path == STANDARD_INPUT else path
                for lines, numbers in read_batches(path, progress):
                    for number, record in zip(numbers, decode_alerts(lines), strict=True):
                        work.add_line(source, number, record)
    except InputFileError as fault:
        raise file_error_exit("lint", fault) from None
    findings = work.check_all()
    if findings:
        click.echo("\n".join(_json_line(each) if as_json else str(each) for each in findings))
    say(
        f"{counted(work.alert_count, 'alert')}, {counted(work.withdrawal_count, 'withdrawal')}: "
        f"{_summary(findings)}"
    )
    if any(each.severity == "error" for each in findings) or (strict and findings):
        raise click.exceptions.Exit(1)


def _lint_config(settings: Settings, now_ms: int) -> LintSettings:
    return LintSettings(
        now_ms,
        {list_id: policy.mode for list_id, policy in settings.lists.items()},
        ListConfig().mode,
        settings.matching.pattern_min_literals,
        frozenset(settings.centres),
        frozenset(settings.operations),
    )


def _json_line(finding: Finding) -> str:
    return orjson.dumps(finding._asdict()).decode()


def _summary(findings: list[Finding]) -> str:
    """How many errors and warnings, and of which checks."""
    parts = []
    for severity in ("error", "warning"):
        checks = Counter(each.check for each in findings if each.severity == severity)
        count = checks.total()
        text = counted(count, severity)
        each = ", ".join(f"{number:,} {check}" for check, number in checks.most_common())
        parts.append(f"{text} ({each})" if each else text)
    return ", ".join(parts)
