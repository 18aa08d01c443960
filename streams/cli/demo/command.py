"""The command, and what ends it."""

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


@click.command()
@click.option(
    "--config",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help=f"TOML file with the settings to show. Without it {CONFIG_VARIABLE} names the file; without either "
    "the demo has its own.",
)
@click.option(
    "--for",
    "seconds",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="End after so many seconds of traffic; else it goes on until Ctrl-C.",
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
    """Shows the whole stream on this machine.

    It starts a Kafka of its own, makes the topics, loads made-up lists, sends made-up reads of made-up
    vehicles, runs `anpr worker` and shows the hits as `anpr hits tail` does. Of settings the lists, centres,
    sites, cameras, limits and times are taken. In the end all of it is gone.

    Exit codes: 0 done, also by Ctrl-C; 1 something cannot be started or fails, and all else is stopped.
    """
    with StopSignal() as told:
        require_packages(("aiokafka", "faust", "kafka"), "stream")
        require_packages(("jgo",), "local-kafka")
        given = None if config_path(config) is None else read_settings(config)
        from streams.cli.demo.runner import run

        for library in ("aiokafka", "kafka"):
            # What matters is said here; while a broker goes away they only tell of that.
            logging.getLogger(library).setLevel(logging.CRITICAL)
        try:
            _say(run(given, rate, seconds, told, _say))
        except NotStartedError:
            _say("told to end before the traffic began; all that ran is stopped")
        except DemoError as error:
            _say(f"anpr demo: {error}; all that ran is stopped")
            sys.exit(1)


def _say(text: str) -> None:
    # A terminal that is gone must not keep what runs from being stopped.
    with suppress(OSError):
        say(text)
