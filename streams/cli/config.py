"""`anpr config`: check, show and document the settings."""

from pathlib import Path
from typing import Final

import click
import msgspec

from streams.alerts.list_counts import alert_state
from streams.cli.common.forecast_text import budget_warning, build_forecast, describe_cost
from streams.cli.common.groups import CommandGroup
from streams.cli.common.options import (
    INPUT_FILE,
    config_option,
    config_path,
    now_option,
    read_settings,
    resolve_now,
)
from streams.cli.common.progress import say
from streams.cli.common.terminal import print_lines
from streams.cli.common.text import counted
from streams.files.loading import load_index
from streams.matching.config import ListConfig
from streams.matching.forecast.sample import PlateSamples, sample_alerts
from streams.records.times import Millis, from_ms
from streams.settings.model import Settings
from streams.settings.reference import build_reference, format_settings

_SAMPLE_SIZE: Final = 1000
"""The number of synthetic plates for which the cost of a list is stated without its alerts."""


@click.group(cls=CommandGroup)
def config() -> None:
    """Check, show and document the settings."""


@config.command(short_help="Check the settings, and estimate the lists' false hits.")
@config_option
@click.option(
    "--alerts",
    multiple=True,
    metavar="FILE",
    type=INPUT_FILE,
    help="Alerts and withdrawals, JSON lines (.gz), of which to state the expected false hits; may be "
    "repeated.",
)
@now_option
def check(config: Path | None, alerts: tuple[str, ...], now_ms: Millis | None) -> None:
    """Check the settings, and print how many false hits the lists are expected to cause.

    Every fault is printed on stderr with its line, the rule and the value. For lists with a minimum posterior
    or a budget of false hits it prints the cost of each 1,000 plates; for those in --alerts their cost, with
    a warning on stderr for each that would exceed its budget.

    Exit codes: 0 no faults, 1 faults, 2 a file cannot be read.
    """
    settings = read_settings(config)
    file = config_path(config)
    name = f"{file}: no faults" if file else "no file is named, the defaults apply"
    print_lines(f"{name}; {_count_entries(settings)}")
    limited = [list_id for list_id, list_config in settings.lists.items() if _is_limited(list_config)]
    if alerts or limited:
        _print_costs(settings, _effective_plates(alerts, resolve_now(now_ms)) if alerts else None, limited)


@config.command(short_help="Print the effective settings as TOML.")
@config_option
def show(config: Path | None) -> None:
    """Print the effective settings, with the defaults, as TOML.

    The output is valid as a settings file. Secrets are hidden; a key without a value is a comment.
    """
    click.echo(format_settings(read_settings(config)), nl=False)


@config.command()
def docs() -> None:
    """Print the reference of all settings as Markdown."""
    click.echo(build_reference(), nl=False)


def _print_costs(
    settings: Settings, plates_by_list: dict[str, PlateSamples] | None, limited_lists: list[str]
) -> None:
    """Print the cost of the lists whose plates are given, or else of those named, for synthetic plates."""
    forecasts = build_forecast(settings)
    lists = (
        {list_id: forecasts.sample_plates(list_id, _SAMPLE_SIZE) for list_id in limited_lists}
        if plates_by_list is None
        else plates_by_list
    )
    for list_id, plates in sorted(lists.items()):
        list_config, forecast = settings.matching_rules.for_list(list_id), forecasts.for_plates(plates)
        size = (
            f"for each {_SAMPLE_SIZE:,} plates" if plates_by_list is None else counted(plates.count, "plate")
        )
        print_lines(
            f"list {list_id}: {size}, {describe_cost(list_config, forecast, settings.topics.partitions)}"
        )
        if plates_by_list is not None and (
            warning := budget_warning(list_id, list_config, forecasts, plates, forecast)
        ):
            say(warning)


def _effective_plates(paths: tuple[str, ...], now_ms: int) -> dict[str, PlateSamples]:
    """Return the plates of the effective alerts in files, by list. Raises InputFileError."""
    at = from_ms(now_ms)
    loaded = load_index(paths)
    index = loaded.alert_index
    if loaded.rejected:
        say(f"{counted(len(loaded.rejected), 'line')} rejected; `anpr lists lint` shows why")
    return sample_alerts(alert for alert in index.alerts() if alert_state(index, alert, at) == "in_force")


def _is_limited(list_config: ListConfig) -> bool:
    return list_config.false_hits_per_day is not None or list_config.effective_min_posterior is not None


def _count_entries(settings: Settings) -> str:
    sections = {
        field.encode_name: getattr(settings, field.name) for field in msgspec.structs.fields(Settings)
    }
    return ", ".join(
        f"{len(entries)} {name.removesuffix('s') if len(entries) == 1 else name}"
        for name, entries in sections.items()
        if isinstance(entries, dict)
    )
