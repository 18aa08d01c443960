"""`anpr lookback`: its options, and which way it goes."""

from pathlib import Path

import click

from streams.cli.common.options import INPUT_FILE, config_option, read_settings
from streams.cli.common.times import TIME
from streams.cli.lookback.over_files import LookbackFiles, run_over_files
from streams.cli.lookback.request import ALERT_KEY, LookbackOptions
from streams.files.jsonl import STANDARD_INPUT
from streams.records.alert import AlertKey
from streams.records.countries import COUNTRIES


@click.command()
@click.argument("keys", nargs=-1, type=ALERT_KEY, metavar="[LIST/ALERT]...")
@config_option
@click.option(
    "--hours",
    type=click.FloatRange(0, 8784, min_open=True),
    help="Hours before the alert came, instead of those that it asks for; a country gives no more than it "
    "allows.",
)
@click.option(
    "--alerts",
    multiple=True,
    metavar="FILE",
    type=INPUT_FILE,
    help="Alerts and withdrawals, JSON lines (.gz), instead of those on Kafka; several times for several.",
)
@click.option(
    "--reads",
    multiple=True,
    metavar="FILE",
    type=INPUT_FILE,
    help="Reads, JSON lines (.gz), instead of those on Kafka; several times for several files.",
)
@click.option(
    "--country",
    type=click.Choice(sorted(COUNTRIES), case_sensitive=True),
    metavar="CODE",
    help="The country of cameras in the files of which the settings have no site with a territory.",
)
@click.option("--now", type=TIME, help="With files: the time at which it is asked; else the clock's.")
@click.option("--out", metavar="FILE", help="With files: write the hits there as JSON lines.")
@click.option("--rejected", metavar="FILE", help="With files: write what was not taken there, with why.")
@click.option("--json/--table", "as_json", default=None, help="JSON lines or a table.")
def lookback(
    keys: tuple[AlertKey, ...],
    config: Path | None,
    hours: float | None,
    alerts: tuple[str, ...],
    reads: tuple[str, ...],
    country: str | None,
    now: int | None,
    out: str | None,
    rejected: str | None,
    as_json: bool | None,
) -> None:
    """Look where the vehicles of alerts have been: run alerts over reads from before they came.

    Only reads of countries whose [jurisdictions.<country>] allow it are looked at, and no further back than
    they allow for the alert's basis; every hit found says by what authority. The others are named with the
    reason.

    Without files it takes the alerts named from Kafka, reads what the topics of reads still have, and sends
    what it finds to the workers, who tell the hits; it prints what was looked at. A worker does the same by
    itself for each alert that comes with `lookback_hours`.

    With --alerts and --reads it prints the hits, as `anpr replay` does; without LIST/ALERT for all alerts
    that have `lookback_hours`, or with --hours for all.

    Exit codes: 0 done; 1 an alert is not there or may be looked back for nowhere, or what is needed cannot
    be read; 2 wrong use.
    """
    settings = read_settings(config)
    wish = LookbackOptions(keys, hours)
    if alerts or reads:
        if not (alerts and reads):
            raise click.UsageError("--alerts and --reads go together; without both, Kafka has them")
        if [*alerts, *reads].count(STANDARD_INPUT) > 1:
            raise click.UsageError("standard input can be only one of the files")
        run_over_files(settings, wish, LookbackFiles(alerts, reads, country, now, out, rejected, as_json))
        return
    for name, value in (("country", country), ("now", now), ("out", out), ("rejected", rejected)):
        if value is not None:
            raise click.UsageError(f"--{name} goes with --alerts and --reads")
    if not keys:
        raise click.UsageError("name an alert as LIST/ALERT, or give --alerts and --reads")
    from streams.cli.lookback.over_kafka import run_over_kafka

    run_over_kafka(settings, wish, bool(as_json))
