"""`anpr lists lint`: what is wrong with alert lists."""

from collections import Counter
from pathlib import Path

import click
import orjson

from streams.alerts.lint import Facts, Finding, Lint
from streams.cli.common.options import config_option, settings_of
from streams.cli.common.progress import progress_of, say
from streams.cli.common.text import words
from streams.cli.lists.loading import clock, files_argument, now_option, unreadable
from streams.files.jsonl import STANDARD_INPUT, FileError, batches
from streams.matching.config import ListPolicy
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
    work = Lint(_facts(settings_of(config), clock(now)))
    files = tuple(dict.fromkeys(files))
    try:
        with progress_of("lists", files) as progress:
            for path in files:
                source = "standard input" if path == STANDARD_INPUT else path
                for lines, numbers in batches(path, progress):
                    for number, record in zip(numbers, decode_alerts(lines), strict=True):
                        work.take(source, number, record)
    except FileError as fault:
        raise unreadable("lint", fault) from None
    findings = work.finish()
    if findings:
        click.echo("\n".join(_json_line(each) if as_json else str(each) for each in findings))
    say(f"{words(work.alerts, 'alert')}, {words(work.withdrawals, 'withdrawal')}: {_sum(findings)}")
    if any(each.severity == "error" for each in findings) or (strict and findings):
        raise click.exceptions.Exit(1)


def _facts(settings: Settings, now: int) -> Facts:
    return Facts(
        now,
        {list_id: policy.mode for list_id, policy in settings.lists.items()},
        ListPolicy().mode,
        settings.matching.pattern_min_literals,
        frozenset(settings.centres),
        frozenset(settings.operations),
    )


def _json_line(finding: Finding) -> str:
    return orjson.dumps(finding._asdict()).decode()


def _sum(findings: list[Finding]) -> str:
    """How many errors and warnings, and of which checks."""
    parts = []
    for severity in ("error", "warning"):
        checks = Counter(each.check for each in findings if each.severity == severity)
        count = checks.total()
        text = words(count, severity)
        each = ", ".join(f"{number:,} {check}" for check, number in checks.most_common())
        parts.append(f"{text} ({each})" if each else text)
    return ", ".join(parts)
