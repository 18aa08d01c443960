"""`anpr worker`: reads on Kafka in, hits out, until told to end."""

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

import click

from streams.cli.common.options import config_option, read_models, read_settings, resolve_connection
from streams.cli.common.progress import say
from streams.cli.common.requirements import require_packages
from streams.runtime.gc_tuning import GcProfile, tune_gc
from streams.settings.model import Settings


@click.command()
@config_option
@click.option(
    "--member",
    metavar="NAME",
    help="Name of this worker in its group, another for each; its partitions are kept for it while it "
    "restarts within [worker] session_timeout_s.",
)
def worker(config: Path | None, member: str | None) -> None:
    """Takes reads from Kafka, joins them with the alert lists and sends hits.

    It reads the alert lists whole first, then says that it is ready. Workers of one group share the work;
    start as many as are needed. SIGTERM or Ctrl-C ends it in order.

    Exit codes: 0 ended as told, 1 it cannot go on and says why, 3 it stood still; start it again then.
    """
    require_packages("worker", ("faust", "aiokafka"), "stream")
    _configure_logging()
    sys.exit(asyncio.run(_run_worker(read_settings(config), member)))


async def _run_worker(settings: Settings, member: str | None) -> int:
    from streams.runtime.errors import WorkerError
    from streams.worker.worker import Worker, WorkerSettings

    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
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
    stopped = asyncio.create_task(told.wait())
    await asyncio.wait((starting, stopped), return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        await asyncio.wait((starting,), timeout=settings.worker.drain_within_s)
        say("told to end before it was ready")
        return _exit_now(0)
    try:
        starting.result()
    except WorkerError as trouble:
        say(f"anpr worker: {trouble}")
        return _exit_now(1)
    tune_gc(GcProfile.BATCHES)
    troubled = asyncio.create_task(work.fatal_error())
    await asyncio.wait((troubled, stopped), return_when=asyncio.FIRST_COMPLETED)
    if troubled.done():
        say(f"anpr worker: {troubled.result()}")
    in_time = await work.stop()
    if troubled.done():
        return _exit_now(1)
    if not in_time:
        say("not all that was in work could be ended in time; it is not committed and comes again")
        return _exit_now(1)
    say("ended")
    return _exit_now(0)


def _exit_now(code: int) -> NoReturn:
    """Ends the process at once: threads and tasks of clients that hang would keep it, and its partitions."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _configure_logging() -> None:
    """Only warnings of the libraries, without what they say of single records."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    logging.getLogger("faust").setLevel(logging.ERROR)
