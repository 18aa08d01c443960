"""`anpr config`: check, show and document the settings."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click
import msgspec

from streams.alerts.list_counts import state_of
from streams.cli.common.forecast_text import above, cost_words, expectation_of
from streams.cli.common.options import INPUT, config_file, config_option, settings_of
from streams.cli.common.progress import say
from streams.cli.common.text import words
from streams.cli.lists.loading import clock, now_option
from streams.files.jsonl import FileError
from streams.files.loading import load_index
from streams.matching.config import ListPolicy
from streams.matching.forecast.sample import Plates, sampled
from streams.records.times import from_ms
from streams.settings.model import Settings
from streams.settings.reference import reference
from streams.settings.reference import show as shown

_DRAWN: Final = 1000
"""Plates made up for lists that are not given, and what their cost is said of."""


@click.group()
def config() -> None:
    """Checks, shows and documents the settings."""


@config.command()
@config_option
@click.option(
    "--alerts",
    multiple=True,
    metavar="FILE",
    type=INPUT,
    help="Alerts and withdrawals, JSON lines (.gz), to say how many false hits to expect of; several times "
    "for several files.",
)
@now_option
def check(config: Path | None, alerts: tuple[str, ...], now: int | None) -> None:
    """Says whether the settings are right, and how many false hits lists are expected to cause.

    Lists every fault on stderr with its line, the rule and the value. Of lists with a lowest posterior or a
    budget of false hits it says what they cost for each 1,000 plates; of those in --alerts, what they do
    cost, with a warning on stderr for one that would break its budget. Exit codes: 0 no faults, 1 faults,
    2 a file cannot be read.
    """
    settings = settings_of(config)
    file = config_file(config)
    name = f"{file}: no faults" if file else "no file is named, the defaults hold"
    click.echo(f"{name}; {_counts(settings)}")
    limited = [list_id for list_id, policy in settings.lists.items() if _limited(policy)]
    if alerts or limited:
        _say_costs(settings, _in_force(alerts, clock(now)) if alerts else None, limited)


@config.command()
@config_option
def show(config: Path | None) -> None:
    """Prints the settings in force, with the defaults, as TOML.

    The output can be used as a file of settings. Secrets are hidden; a key without a value is a comment.
    """
    click.echo(shown(settings_of(config)), nl=False)


@config.command()
def docs() -> None:
    """Prints the reference of all settings as Markdown."""
    click.echo(reference(), nl=False)


def _say_costs(settings: Settings, given: dict[str, Plates] | None, limited: list[str]) -> None:
    """Says what lists cost: those given, or else those named, of plates made up."""
    expectation = expectation_of(settings)
    lists = {each: expectation.drawn(each, _DRAWN) for each in limited} if given is None else given
    for list_id, plates in sorted(lists.items()):
        policy, expected = settings.policies.of(list_id), expectation.of(plates)
        size = f"for each {_DRAWN:,} plates" if given is None else words(plates.count, "plate")
        click.echo(f"list {list_id}: {size}, {cost_words(policy, expected, settings.topics.partitions)}")
        if given is not None and (warning := above(list_id, policy, expectation, plates, expected)):
            say(warning)


def _in_force(paths: tuple[str, ...], now: int) -> dict[str, Plates]:
    """The plates of the alerts in files that are in force, by list."""
    at = from_ms(now)
    with TemporaryDirectory(prefix="anpr-lists-") as folder:
        try:
            loaded = load_index(paths, Path(folder) / "lists.snapshot")
        except FileError as fault:
            say(f"anpr config check: {fault}")
            raise click.exceptions.Exit(2) from None
        index = loaded.lists
        if loaded.rejected:
            say(f"{words(len(loaded.rejected), 'line')} not taken; `anpr lists lint` shows why")
        return sampled(each for each in index.alerts() if state_of(index, each, at) == "in_force")


def _limited(policy: ListPolicy) -> bool:
    return policy.false_hits_per_day is not None or policy.least is not None


def _counts(settings: Settings) -> str:
    sections = {
        field.encode_name: getattr(settings, field.name) for field in msgspec.structs.fields(Settings)
    }
    return ", ".join(
        f"{len(entries)} {name.removesuffix('s') if len(entries) == 1 else name}"
        for name, entries in sections.items()
        if isinstance(entries, dict)
    )
