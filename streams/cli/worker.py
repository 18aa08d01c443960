"""`anpr worker`: reads on Kafka in, hits out, until it is stopped."""

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import click

from streams.cli.common.operator_log import log_libraries_to_operator
from streams.cli.common.options import config_option, read_models, read_settings, resolve_connection
from streams.cli.common.progress import say
from streams.cli.common.requirements import require_packages
from streams.cli.common.stall import exit_stalled
from streams.runtime.errors import WorkerError
from streams.runtime.gc_tuning import GcProfile, tune_gc
from streams.settings.model import Settings

if TYPE_CHECKING:
    from streams.worker.watchdog import Watchdog
    from streams.worker.worker import Worker

_FAUST_SERVICES: Final = ("streams.kafka.faust_driver", "streams.worker.faust_app")
"""Modules with services of Faust's, which log each start and stop under the module's name."""


@click.command(short_help="Match reads on Kafka against alert lists; emit hits.")
@config_option
@click.option(
    "--member",
    metavar="NAME",
    help="Name of this worker, unique in its group; its partitions are kept for it while it restarts within "
    "[worker] session_timeout_s.",
)
def worker(config: Path | None, member: str | None) -> None:
    """Match reads on Kafka against the alert lists and send hits.

    It first reads all alert lists, then reports that it is ready. Workers of one group share the work; start
    as many as are needed. SIGTERM or Ctrl-C ends it in order.

    Exit codes: 0 ended on request, 1 cannot go on (the reason is printed), 3 made no progress (start it
    again).
    """
    require_packages(("faust", "aiokafka"), "stream")
    _configure_logging()
    sys.exit(asyncio.run(_run(read_settings(config), member)))


async def _run(settings: Settings, member: str | None) -> int:
    stop_requested = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop_requested.set)
    worker = _build_worker(settings)
    starting = asyncio.create_task(worker.start(member))
    stopping = asyncio.create_task(stop_requested.wait())
    await asyncio.wait((starting, stopping), return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        await asyncio.wait((starting,), timeout=settings.worker.drain_within_s)
        say("stopped on request while it was starting")
        return _exit_now(0)
    try:
        starting.result()
    except WorkerError as error:
        say(f"anpr worker: {error}")
        return _exit_now(1)
    tune_gc(GcProfile.BATCHES)
    watchdog = _start_watchdog(worker, settings.worker.stalled_after_s)
    failing = asyncio.create_task(worker.fatal_error())
    await asyncio.wait((failing, stopping), return_when=asyncio.FIRST_COMPLETED)
    if failing.done():
        say(f"anpr worker: {failing.result()}")
    watchdog.stop()
    in_time = await worker.stop()
    if failing.done():
        return _exit_now(1)
    if not in_time:
        say(
            "ended before all work in progress was done ([worker] drain_within_s); what is missing is not "
            "committed and is processed after the next start"
        )
        return _exit_now(1)
    say("ended")
    return _exit_now(0)


def _build_worker(settings: Settings) -> "Worker":
    from streams.lookback.config import LookbackConfig
    from streams.lookback.supervisor import build_supervisor
    from streams.worker.worker import Worker

    connection = resolve_connection(settings)
    pipeline = settings.pipeline(read_models(settings))
    lookback = LookbackConfig(settings.topics, settings.jurisdictions, pipeline)
    supervisor = build_supervisor(connection.config, lookback)
    return Worker(connection, settings.topics, settings.worker, pipeline, supervisor)


def _start_watchdog(worker: "Worker", stalled_after_s: float) -> "Watchdog":
    from streams.worker.watchdog import Watchdog

    loop = asyncio.get_running_loop()

    def on_stall(stalled: str) -> None:
        exit_stalled(
            f"{stalled}: records wait and nothing has moved for {stalled_after_s:.0f} s; the worker ends, "
            "and the stacks of its threads and tasks follow. Nothing is lost; start it again",
            loop,
        )

    return Watchdog(worker.progress, stalled_after_s, on_stall)


def _exit_now(code: int) -> NoReturn:
    """End the process at once, without waiting for threads and tasks of Kafka clients that hang.

    They would keep the process alive, and its partitions assigned to it.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _configure_logging() -> None:
    """Print the worker's lines and libraries' warnings; of Faust only errors: its warnings show records."""
    for name in _FAUST_SERVICES:
        logging.getLogger(name).setLevel(logging.WARNING)
    log_libraries_to_operator()
    logging.getLogger("faust").setLevel(logging.ERROR)
