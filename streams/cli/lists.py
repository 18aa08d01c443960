"""`anpr lists`: what the alert lists hold, and what is wrong with them."""

import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

import click
import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from streams.cli.options import config_option, settings_of
from streams.cli.progress import progress_of, say
from streams.cli.rejects import Rejects
from streams.cli.times import TIME
from streams.lists.lint import Facts, Finding, Lint
from streams.lists.tally import State, Tally, tallies
from streams.matching.policy import ListPolicy
from streams.records.decode import decode_alerts
from streams.records.times import from_ms, rfc3339
from streams.replay.files import STANDARD_INPUT, FileError, batches
from streams.replay.load import load_index
from streams.settings.model import Settings

_STATES: Final[tuple[State, ...]] = ("in_force", "not_yet", "expired", "withdrawn")
_COUNTRIES_SHOWN: Final = 3
_files = click.argument("files", nargs=-1, required=True, metavar="FILE...")
_now = click.option("--now", type=TIME, help="The time at which all is seen; else the clock's.")


@click.group()
def lists() -> None:
    """Looks into alert lists: JSON lines of alerts and withdrawals (.gz; - is standard input)."""


@lists.command()
@_files
@config_option
@_now
@click.option("--json", "as_json", is_flag=True, help="Findings as JSON lines.")
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
def lint(files: tuple[str, ...], config: Path | None, now: int | None, as_json: bool, strict: bool) -> None:
    """Find what is wrong with alert lists.

    Lint all files of the lists together and in their order, so that withdrawals and new versions meet their
    alerts. Findings name the alert and never its plate.

    Exit codes: 0 no errors, 1 errors, 2 a file that cannot be read. Warnings alone give 0, with --strict 1.
    """
    work = Lint(_facts(settings_of(config), _clock(now)))
    files = tuple(dict.fromkeys(files))
    try:
        with progress_of("lists", files) as progress:
            for path in files:
                source = "standard input" if path == STANDARD_INPUT else path
                for lines, numbers in batches(path, progress):
                    for number, record in zip(numbers, decode_alerts(lines), strict=True):
                        work.take(source, number, record)
    except FileError as fault:
        raise _unreadable("lint", fault) from None
    findings = work.finish()
    if findings:
        click.echo("\n".join(_json_line(each) if as_json else str(each) for each in findings))
    say(f"{_words(work.alerts, 'alert')}, {_words(work.withdrawals, 'withdrawal')}: {_sum(findings)}")
    if any(each.severity == "error" for each in findings) or (strict and findings):
        raise click.exceptions.Exit(1)


@lists.command()
@_files
@config_option
@_now
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def status(files: tuple[str, ...], config: Path | None, now: int | None, as_json: bool) -> None:
    """Show what alert lists hold.

    An alert counts in its highest version: in force, not yet, expired or withdrawn, and withdrawn before
    expired. A list of the settings without alerts is shown too. A line that is no alert or withdrawal is
    reported and left out.

    Exit codes: 0 done, 2 a file that cannot be read.
    """
    settings = settings_of(config)
    at = from_ms(_clock(now))
    rejects = Rejects(None, all_by="`anpr lists lint` shows all")
    with tempfile.TemporaryDirectory(prefix="anpr-lists-") as folder:
        snapshot = Path(folder) / "lists.snapshot"
        try:
            with progress_of("lists", files) as progress:
                loaded = load_index(files, snapshot, progress)
        except FileError as fault:
            raise _unreadable("status", fault) from None
        rejects.take(loaded.rejected)
        rejects.sum_up()
        found = tallies(loaded.lists, at, settings.lists)
        size = snapshot.stat().st_size
    total = Tally()
    for tally in found.values():
        total.include(tally)
    if as_json:
        shown = {
            "now": rfc3339(at),
            "lists": [
                {"list_id": list_id} | _policy(settings.lists.get(list_id)) | _counts(tally)
                for list_id, tally in found.items()
            ],
            "total": _counts(total),
            "withdrawals": loaded.withdrawals,
            "rejected": rejects.count,
            "snapshot_bytes": size,
        }
        click.echo(orjson.dumps(shown))
        return
    console = Console()
    console.print(_numbers(found, total, settings), _details(found, settings), sep="\n")
    click.echo(
        f"{_words(total.alerts, 'alert')} and {_words(loaded.withdrawals, 'withdrawal')} at {rfc3339(at)}; "
        f"{_words(rejects.count, 'line')} rejected; snapshot {size:,} bytes"
    )


def _unreadable(command: str, fault: FileError) -> click.exceptions.Exit:
    say(f"anpr lists {command}: {fault}")
    return click.exceptions.Exit(2)


def _clock(now: int | None) -> int:
    return time.time_ns() // 1_000_000 if now is None else now


def _facts(settings: Settings, now: int) -> Facts:
    return Facts(
        now,
        {list_id: policy.mode for list_id, policy in settings.lists.items()},
        ListPolicy().mode,
        settings.matching.pattern_min_literals,
        frozenset(settings.centres),
    )


def _json_line(finding: Finding) -> str:
    return orjson.dumps(finding._asdict()).decode()


def _sum(findings: list[Finding]) -> str:
    """How many errors and warnings, and of which checks."""
    parts = []
    for severity in ("error", "warning"):
        checks = Counter(each.check for each in findings if each.severity == severity)
        count = checks.total()
        words = _words(count, severity)
        each = ", ".join(f"{number:,} {check}" for check, number in checks.most_common())
        parts.append(f"{words} ({each})" if each else words)
    return ", ".join(parts)


def _words(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _policy(policy: ListPolicy | None) -> dict[str, Any]:
    known = policy or ListPolicy()
    return {
        "title": known.title,
        "configured": policy is not None,
        "mode": known.mode,
        "audience": known.audience,
    }


def _counts(tally: Tally) -> dict[str, Any]:
    return {
        "alerts": tally.alerts,
        **{state: tally.states[state] for state in _STATES},
        "wildcards": tally.wildcards,
        "own_audience": tally.own_audience,
        "countries": {country or "unknown": count for country, count in _by_count(tally)},
    }


def _by_count(tally: Tally) -> list[tuple[str, int]]:
    return sorted(tally.countries.items(), key=lambda item: (-item[1], item[0]))


def _numbers(found: dict[str, Tally], total: Tally, settings: Settings) -> Table:
    """How many alerts of each list are in which state."""
    table = _empty("list", "mode")
    for heading in ("alerts", "in force", "not yet", "expired", "withdrawn", "wildcards"):
        table.add_column(heading, justify="right", no_wrap=True)
    for list_id, tally in found.items():
        mode = settings.lists.get(list_id, ListPolicy()).mode
        table.add_row(Text(list_id), mode, *_cells(tally))
    if len(found) != 1:
        table.add_row("all lists", "", *_cells(total), style="bold")
    return table


def _details(found: dict[str, Tally], settings: Settings) -> Table:
    """What each list is, where its plates are from, who is told."""
    table = _empty("list", "title", "countries", "audience")
    for list_id, tally in found.items():
        policy = settings.lists.get(list_id)
        title = (policy.title or "") if policy else "(not in the settings: the defaults hold)"
        audience = _audience(tally, policy.audience if policy else [])
        table.add_row(*map(Text, (list_id, title, _countries(tally), audience)))
    return table


def _empty(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _cells(tally: Tally) -> list[str]:
    counts = [tally.alerts, *(tally.states[state] for state in _STATES), tally.wildcards]
    return [f"{count:,}" for count in counts]


def _countries(tally: Tally) -> str:
    ranked = _by_count(tally)
    shown = [f"{country or 'unknown'} {count:,}" for country, count in ranked[:_COUNTRIES_SHOWN]]
    rest = len(ranked) - _COUNTRIES_SHOWN
    return ", ".join(shown) + (f" and {rest} more" if rest > 0 else "")


def _audience(tally: Tally, centres: list[str]) -> str:
    own = f"{tally.own_audience:,} name their own" if tally.own_audience else ""
    return "; ".join(part for part in (", ".join(centres), own) if part)
