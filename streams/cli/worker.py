"""`anpr worker`: reads on Kafka in, hits out, until it is told to end."""

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

import click

from streams.cli.common.operator_log import log_libraries_to_operator
from streams.cli.common.options import config_option, read_models, read_settings, resolve_connection
from streams.cli.common.progress import say
from streams.cli.common.requirements import require_packages
from streams.runtime.errors import WorkerError
from streams.runtime.gc_tuning import GcProfile, tune_gc
from streams.settings.model import Settings


@click.command()
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
    sys.exit(asyncio.run(_run_worker(read_settings(config), member)))


async def _run_worker(settings: Settings, member: str | None) -> int:
    from streams.worker.worker import Worker, WorkerSettings

    stop_requested = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop_requested.set)
    connection = resolve_connection(settings)
    setup = WorkerSettings(
        settings.topics,
        settings.worker,
        settings.matching_rules,
        settings.correlation,
        settings.places,
        read_models(settings),
        settings.jurisdictions,
        settings.cooperation,
    )
    work = Worker(connection, setup, say, member)
    starting = asyncio.create_task(work.start())
    stopped = asyncio.create_task(stop_requested.wait())
    await asyncio.wait((starting, stopped), return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        await asyncio.wait((starting,), timeout=settings.worker.drain_within_s)
        say("ended on request before it was ready")
        return _exit_now(0)
    try:
        starting.result()
    except WorkerError as error:
        say(f"anpr worker: {error}")
        return _exit_now(1)
    tune_gc(GcProfile.BATCHES)
    failed = asyncio.create_task(work.fatal_error())
    await asyncio.wait((failed, stopped), return_when=asyncio.FIRST_COMPLETED)
    if failed.done():
        say(f"anpr worker: {failed.result()}")
    in_time = await work.stop()
    if failed.done():
        return _exit_now(1)
    if not in_time:
        say(
            "ended before all work in progress was done ([worker] drain_within_s); what is missing is not "
            "committed and is processed after the next start"
        )
        return _exit_now(1)
    say("ended")
    return _exit_now(0)


def _exit_now(code: int) -> NoReturn:
    """End the process at once, without waiting for threads and tasks of Kafka clients that hang.

    They would keep the process alive, and its partitions assigned to it.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _configure_logging() -> None:
    """Print only warnings of libraries, and of Faust only errors: its warnings show single records."""
    log_libraries_to_operator()
    logging.getLogger("faust").setLevel(logging.ERROR)
