"""The command and its signals."""

import logging
import sys
from contextlib import suppress
from pathlib import Path

import click

from streams.cli.common.options import config_path, read_settings
from streams.cli.common.progress import say
from streams.cli.common.requirements import require_packages
from streams.cli.demo.errors import DemoError, NotStartedError, StopSignal
from streams.settings.load import CONFIG_VARIABLE


@click.command(short_help="Show the whole stream locally, with simulated traffic.")
@click.option(
    "--config",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help=f"TOML file with the settings to show; without it the file that {CONFIG_VARIABLE} names, else the "
    "demo's own.",
)
@click.option(
    "--for",
    "seconds",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Seconds of traffic; without it, until Ctrl-C.",
)
@click.option(
    "--rate",
    type=click.FloatRange(1, 2000),
    default=50,
    show_default=True,
    metavar="READS",
    help="Reads a second, 1 to 2000.",
)
def demo(config: Path | None, seconds: float | None, rate: float) -> None:
    """Show the whole stream on this machine, with simulated traffic.

    The demo starts a Kafka of its own, creates the topics, loads synthetic lists, sends the reads of a
    simulated border region, runs `anpr worker`, and shows the hits as `anpr hits tail` does. Lists, centres,
    handovers, limits and times of the settings apply; the reads are of the cameras of the built-in network.
    Nothing of it is left afterwards.

    Exit codes: 0 done, also after Ctrl-C; 1 something cannot be started or fails, and everything is stopped.
    """
    with StopSignal() as stop_signal:
        require_packages(("aiokafka", "faust", "kafka"), "stream")
        require_packages(("jgo",), "local-kafka")
        user_settings = None if config_path(config) is None else read_settings(config)
        from streams.cli.demo.runner import run

        for library in ("aiokafka", "kafka"):
            # While a broker is stopped the libraries report only that; the demo says what matters.
            logging.getLogger(library).setLevel(logging.CRITICAL)
        try:
            _say(run(user_settings, rate, seconds, stop_signal, _say))
        except NotStartedError:
            _say("stopped before the traffic started; everything that ran is stopped")
        except DemoError as error:
            _say(f"anpr demo: {error}; everything that ran is stopped")
            sys.exit(1)


def _say(text: str) -> None:
    # A closed terminal must not prevent the processes from being stopped.
    with suppress(OSError):
        say(text)
