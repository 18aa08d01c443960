"""The child process that runs a worker's lookbacks, and its messages.

The worker sends a ChildConfig, and then the partitions that are assigned to it, as a list of numbers each
time. The child sends ChildMessages. When the pipe ends the worker is gone, and the child ends too.
"""

import asyncio
import logging
import os
from contextlib import suppress
from multiprocessing.connection import Connection as Pipe
from typing import Final, NamedTuple, NoReturn

from streams.kafka.client import KafkaConfig, connection_from_settings
from streams.lookback.config import LookbackConfig
from streams.lookback.errors import as_lookback_error
from streams.lookback.scheduler import LookbackScheduler
from streams.runtime.errors import OperatorError, unexpected_error
from streams.runtime.gc_tuning import GcProfile, tune_gc

_LOGGER: Final = "streams"


class ChildConfig(NamedTuple):
    """The configuration of the child: Kafka, whose secrets are in the environment, and lookback."""

    kafka: KafkaConfig
    lookback: LookbackConfig


class LogLine(NamedTuple):
    """A line that the child logs."""

    level: int
    text: str


class Failure(NamedTuple):
    """The reason for which the child ends."""

    reason: str


ChildMessage = LogLine | Failure


def run_child(pipe: Pipe) -> NoReturn:
    """Receive the configuration and run lookbacks until the worker is gone or something fails; then exit."""
    logger = logging.getLogger(_LOGGER)
    logger.setLevel(logging.INFO)
    logger.addHandler(_PipeHandler(pipe))
    logger.propagate = False
    try:
        config: ChildConfig = pipe.recv()
        with as_lookback_error(", ".join(config.kafka.servers)):
            asyncio.run(_run_scheduler(pipe, config))
    except OperatorError as error:
        _send(pipe, Failure(str(error)))
    except EOFError:
        os._exit(0)
    except Exception as error:
        _send(pipe, Failure(str(unexpected_error("lookback", error))))
    # A return would wait for of clients that hang.
    os._exit(1)


async def _run_scheduler(pipe: Pipe, config: ChildConfig) -> None:
    scheduler = LookbackScheduler(connection_from_settings(config.kafka, os.environ), config.lookback)
    tune_gc(GcProfile.SCAN)
    asyncio.get_running_loop().add_reader(pipe.fileno(), _receive_partitions, pipe, scheduler)
    await scheduler.run()


def _receive_partitions(pipe: Pipe, scheduler: LookbackScheduler) -> None:
    try:
        scheduler.assign(pipe.recv())
    except (EOFError, OSError):
        os._exit(0)


def _send(pipe: Pipe, message: ChildMessage) -> None:
    with suppress(OSError):  # The worker is gone.
        pipe.send(message)


class _PipeHandler(logging.Handler):
    """Sends what is logged to the worker, which logs it as its own."""

    def __init__(self, pipe: Pipe) -> None:
        super().__init__()
        self._pipe = pipe

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record's level and text."""
        _send(self._pipe, LogLine(record.levelno, record.getMessage()))
