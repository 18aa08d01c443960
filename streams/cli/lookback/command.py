"""`anpr lookback`: its options, and the choice between files and Kafka."""

from pathlib import Path
from typing import NamedTuple

import click

from streams.cli.common.hit_output import wide_option
from streams.cli.common.options import INPUT_FILE, config_option, options_object, read_settings
from streams.cli.common.times import TIME
from streams.cli.lookback.over_files import LookbackFiles, run_over_files
from streams.cli.lookback.request import ALERT_KEY, LookbackOptions
from streams.files.jsonl import STANDARD_INPUT
from streams.records.alert import AlertKey
from streams.records.countries import COUNTRIES
from streams.records.times import Millis


class _CommandOptions(NamedTuple):
    """The arguments and options of the command."""

    keys: tuple[AlertKey, ...]
    config: Path | None
    hours: float | None
    alerts: tuple[str, ...]
    reads: tuple[str, ...]
    country: str | None
    now_ms: Millis | None
    out: str | None
    rejected: str | None
    as_json: bool | None
    wide: bool

    @property
    def files(self) -> LookbackFiles:
        """The files, and what goes with them."""
        return LookbackFiles(
            self.alerts,
            self.reads,
            self.country,
            self.now_ms,
            self.out,
            self.rejected,
            self.as_json,
            self.wide,
        )


@click.command(short_help="Match alerts against reads from before they came.")
@click.argument("keys", nargs=-1, type=ALERT_KEY, metavar="[LIST/ALERT]...")
@config_option
@click.option(
    "--hours",
    type=click.FloatRange(0, 8784, min_open=True),
    help="Hours before the alert came, instead of those in the alert; no more than each country allows.",
)
@click.option(
    "--alerts",
    multiple=True,
    metavar="FILE",
    type=INPUT_FILE,
    help="Alerts and withdrawals, JSON lines (.gz), instead of those on Kafka; may be repeated.",
)
@click.option(
    "--reads",
    multiple=True,
    metavar="FILE",
    type=INPUT_FILE,
    help="Reads, JSON lines (.gz), instead of those on Kafka; may be repeated.",
)
@click.option(
    "--country",
    type=click.Choice(sorted(COUNTRIES), case_sensitive=True),
    metavar="CODE",
    help="Country of cameras in the files for which the settings have no site with a territory.",
)
@click.option("--now", "now_ms", type=TIME, help="With files: reference time; by default the current time.")
@click.option("--out", metavar="FILE", help="With files: file for the hits, JSON lines.")
@click.option("--rejected", metavar="FILE", help="With files: file for rejected lines, each with its faults.")
@click.option("--json/--table", "as_json", default=None, help="Form of the output: JSON lines or text.")
@wide_option
@options_object(_CommandOptions)
def lookback(options: _CommandOptions) -> None:
    """Match alerts against reads from before they came, to find where their vehicles have been.

    Only reads of countries whose [jurisdictions.<country>] allow it are searched, and no further back than
    they allow for the alert's basis; every hit names its authority. The other countries are named with the
    reason.

    Without files it reads the named alerts and the retained reads from Kafka and sends the matches to the
    workers, which emit the hits; it prints what was searched. A worker does the same by itself for each new
    alert with `lookback_hours`.

    With --alerts and --reads it prints the hits, as `anpr replay` does. Without LIST/ALERT it takes the
    alerts that have `lookback_hours`; with --hours, all alerts.

    Exit codes: 0 done; 1 an alert does not exist, no country permits a search for it, or something needed
    cannot be read; 2 wrong use.
    """
    settings = read_settings(options.config)
    selection = LookbackOptions(options.keys, options.hours)
    files = options.files
    if files.alerts or files.reads:
        if not (files.alerts and files.reads):
            raise click.UsageError("--alerts and --reads go together; without both, Kafka has them")
        if [*files.alerts, *files.reads].count(STANDARD_INPUT) > 1:
            raise click.UsageError("standard input can be only one of the files")
        run_over_files(settings, selection, files)
        return
    for name, value in (
        ("country", files.country),
        ("now", files.now_ms),
        ("out", files.out),
        ("rejected", files.rejected),
        ("wide", files.wide or None),
    ):
        if value is not None:
            raise click.UsageError(f"--{name} needs --alerts and --reads")
    if not options.keys:
        raise click.UsageError("name an alert as LIST/ALERT, or give --alerts and --reads")
    from streams.cli.lookback.over_kafka import run_over_kafka

    run_over_kafka(settings, selection, bool(options.as_json))
