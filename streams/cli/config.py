"""`anpr config`: check, show and document the settings."""

from pathlib import Path
from typing import Final

import click
import msgspec

from streams.alerts.list_counts import alert_state
from streams.cli.common.forecast_text import budget_warning, build_forecast, describe_cost
from streams.cli.common.options import INPUT_FILE, config_option, config_path, read_settings
from streams.cli.common.progress import say
from streams.cli.common.text import counted
from streams.cli.lists.loading import now_option, resolve_now
from streams.files.jsonl import InputFileError
from streams.files.loading import load_index
from streams.matching.config import ListConfig
from streams.matching.forecast.sample import PlateSamples, sample_alerts
from streams.records.times import from_ms
from streams.settings.model import Settings
from streams.settings.reference import build_reference
from streams.settings.reference import format_settings as shown

_SAMPLE_SIZE: Final = 1000
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
    type=INPUT_FILE,
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
    settings = read_settings(config)
    file = config_path(config)
    name = f"{file}: no faults" if file else "no file is named, the defaults hold"
    click.echo(f"{name}; {_count_entries(settings)}")
    limited = [list_id for list_id, policy in settings.lists.items() if _is_limited(policy)]
    if alerts or limited:
        _print_costs(settings, _effective_plates(alerts, resolve_now(now)) if alerts else None, limited)


@config.command()
@config_option
def show(config: Path | None) -> None:
    """Prints the settings in force, with the defaults, as TOML.

    The output can be used as a file of settings. Secrets are hidden; a key without a value is a comment.
    """
    click.echo(shown(read_settings(config)), nl=False)


@config.command()
def docs() -> None:
    """Prints the reference of all settings as Markdown."""
    click.echo(build_reference(), nl=False)


def _print_costs(
    settings: Settings, plates_by_list: dict[str, PlateSamples] | None, limited_lists: list[str]
) -> None:
    """Says what lists cost: those given, or else those named, of plates made up."""
    expectation = build_forecast(settings)
    lists = (
        {each: expectation.sample_plates(each, _SAMPLE_SIZE) for each in limited_lists}
        if plates_by_list is None
        else plates_by_list
    )
    for list_id, plates in sorted(lists.items()):
        policy, expected = settings.matching_rules.for_list(list_id), expectation.for_plates(plates)
        size = (
            f"for each {_SAMPLE_SIZE:,} plates" if plates_by_list is None else counted(plates.count, "plate")
        )
        click.echo(f"list {list_id}: {size}, {describe_cost(policy, expected, settings.topics.partitions)}")
        if plates_by_list is not None and (
            warning := budget_warning(list_id, policy, expectation, plates, expected)
        ):
            say(warning)


def _effective_plates(paths: tuple[str, ...], now_ms: int) -> dict[str, PlateSamples]:
    """The plates of the alerts in files that are in force, by list."""
    at = from_ms(now_ms)
    try:
        loaded = load_index(paths)
    except InputFileError as fault:
        say(f"anpr config check: {fault}")
        raise click.exceptions.Exit(2) from None
    index = loaded.alert_index
    if loaded.rejected:
        say(f"{counted(len(loaded.rejected), 'line')} not taken; `anpr lists lint` shows why")
    return sample_alerts(each for each in index.alerts() if alert_state(index, each, at) == "in_force")


def _is_limited(policy: ListConfig) -> bool:
    return policy.false_hits_per_day is not None or policy.effective_min_posterior is not None


def _count_entries(settings: Settings) -> str:
    sections = {
        field.encode_name: getattr(settings, field.name) for field in msgspec.structs.fields(Settings)
    }
    return ", ".join(
        f"{len(entries)} {name.removesuffix('s') if len(entries) == 1 else name}"
        for name, entries in sections.items()
        if isinstance(entries, dict)
    )
