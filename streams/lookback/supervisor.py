"""Looking back beside a worker: a process of its own, started, told what is ours, and started again.

Nothing of it reaches the live stream: what fails there is told to the operator and begun again.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Collection
from contextlib import suppress
from time import monotonic
from typing import Final

import msgspec

from streams.lookback.child_process import ChildConfig, ChildMessage, pack_config
from streams.runtime.errors import unexpected_error

_COMMAND: Final = (sys.executable, "-m", "streams.lookback.__main__")
_MIN_RESTART_PAUSE_S: Final = 1.0
_MAX_RESTART_PAUSE_S: Final = 60.0
_HEALTHY_AFTER_S: Final = 120.0
"""A process that has lived so long was well: the next pause is the first one again."""


class LookbackSupervisor:
    """The process that looks back for a worker's partitions. `say` is given lines for the operator."""

    def __init__(self, config: ChildConfig, say: Callable[[str], None]) -> None:
        self._packed_config = pack_config(config)
        self._say = say
        self._owned_partitions: list[int] = []
        self._process: Process | None = None

    @property
    def pid(self) -> int | None:
        """The number of the process; None while there is none."""
        return self._process.pid if self._process is not None else None

    def assign(self, partitions: Collection[int]) -> None:
        """Takes the partitions of the matches that are the worker's from now on."""
        self._owned_partitions = sorted(partitions)
        if self._process is not None:
            self._send_partitions(self._process)

    async def run(self) -> None:
        """Has it done, until cancelled; then the process is gone."""
        pause = _MIN_RESTART_PAUSE_S
        while True:
            began = monotonic()
            try:
                why = await self._run_once()
            except Exception as error:
                why = str(unexpected_error("the process that looks back", error))
            if monotonic() - began > _HEALTHY_AFTER_S:
                pause = _MIN_RESTART_PAUSE_S
            self._say(
                f"looking back failed and is begun again in {pause:.0f} s, the live stream goes on: {why}"
            )
            await asyncio.sleep(pause)
            pause = min(2 * pause, _MAX_RESTART_PAUSE_S)

    async def _run_once(self) -> str:
        """Runs a process to its end; why it ended."""
        process = await asyncio.create_subprocess_exec(*_COMMAND, stdin=PIPE, stdout=PIPE)
        why = ""
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(self._packed_config)
            self._send_partitions(process)
            self._process = process
            async for line in process.stdout:
                word = msgspec.json.decode(line, type=ChildMessage)
                if word.failed:
                    why = word.text
                else:
                    self._say(word.text)
            code = await process.wait()
            return why or f"its process ended with {code}"
        finally:
            self._process = None
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()

    def _send_partitions(self, process: Process) -> None:
        assert process.stdin is not None
        # What does not reach a process that is ending is told to the next one.
        with suppress(ConnectionError):
            process.stdin.write(msgspec.json.encode(self._owned_partitions) + b"\n")
