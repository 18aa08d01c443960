"""The supervisor: runs lookbacks in a child process of the worker, and restarts it when it fails.

No failure of lookback reaches the live stream; it is logged.
"""

import asyncio
import logging
import multiprocessing
from collections.abc import Collection
from contextlib import suppress
from multiprocessing.connection import Connection as Pipe
from multiprocessing.context import SpawnProcess
from time import monotonic
from typing import Final

from streams.kafka.client import KafkaConfig
from streams.lookback.child_entry import enter
from streams.lookback.child_process import ChildConfig, ChildMessage, Failure
from streams.lookback.config import LookbackConfig
from streams.runtime.errors import unexpected_error

_SPAWN: Final = multiprocessing.get_context("spawn")
_MIN_RESTART_PAUSE_S: Final = 1.0
_MAX_RESTART_PAUSE_S: Final = 60.0
_HEALTHY_AFTER_S: Final = 120.0
"""After a child has run for this long, the next pause is the shortest again."""
_log: Final = logging.getLogger(__name__)


class LookbackSupervisor:
    """Runs the lookbacks of a worker's partitions in a child process."""

    def __init__(self, config: ChildConfig) -> None:
        self._config = config
        self._partitions: list[int] = []
        self._process: SpawnProcess | None = None
        self._pipe: Pipe | None = None

    @property
    def pid(self) -> int | None:
        """The process id of the child; None while there is none."""
        return self._process.pid if self._process is not None else None

    def assign(self, partitions: Collection[int]) -> None:
        """Set the partitions of the matches that are assigned to the worker from now on."""
        self._partitions = sorted(partitions)
        self._send_partitions()

    async def run(self) -> None:
        """Run a child, and another one after each failure, until cancelled; then the child is gone."""
        pause_s = _MIN_RESTART_PAUSE_S
        while True:
            began_s = monotonic()
            try:
                reason = await self._run_child()
            except Exception as error:
                reason = str(unexpected_error("the child process for lookback", error))
            if monotonic() - began_s > _HEALTHY_AFTER_S:
                pause_s = _MIN_RESTART_PAUSE_S
            _log.warning(
                "lookback failed, restarting in %.0f s (live stream unaffected): %s", pause_s, reason
            )
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _MAX_RESTART_PAUSE_S)

    async def _run_child(self) -> str:
        """Run one child to its end; return the reason for the end."""
        pipe, child_pipe = _SPAWN.Pipe()
        process = _SPAWN.Process(target=enter, args=(child_pipe,), name="lookback", daemon=True)
        reason = ""
        try:
            await asyncio.to_thread(process.start)
            child_pipe.close()
            # In a thread, because the child may be slow to read its configuration.
            await asyncio.to_thread(_send_config, pipe, self._config)
            self._process, self._pipe = process, pipe
            self._send_partitions()
            while (message := await asyncio.to_thread(_receive, pipe)) is not None:
                if isinstance(message, Failure):
                    reason = message.reason
                else:
                    _log.log(message.level, "%s", message.text)
            await asyncio.to_thread(process.join)
            return reason or f"its process ended with exit code {process.exitcode}"
        finally:
            self._process = self._pipe = None
            await asyncio.to_thread(_kill, process)
            child_pipe.close()
            pipe.close()

    def _send_partitions(self) -> None:
        if self._pipe is not None:
            with suppress(OSError):  # The child is ending; the next one gets them.
                self._pipe.send(self._partitions)


def build_supervisor(kafka: KafkaConfig, config: LookbackConfig) -> LookbackSupervisor | None:
    """Return a supervisor of lookbacks, or None if no country permits lookback."""
    return LookbackSupervisor(ChildConfig(kafka, config)) if config.is_permitted else None


def _send_config(pipe: Pipe, config: ChildConfig) -> None:
    with suppress(OSError):  # The child has ended already.
        pipe.send(config)


def _receive(pipe: Pipe) -> ChildMessage | None:
    """Return the next message of a child; None if it has ended."""
    try:
        message: ChildMessage = pipe.recv()
    except (EOFError, OSError):
        return None
    return message


def _kill(process: SpawnProcess) -> None:
    if process.pid is not None:
        process.kill()
        process.join()
