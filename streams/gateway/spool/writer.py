"""The keeper: puts what the requests accepted into the spool, many at a time, off the event loop."""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from streams.gateway.spool.spool import Entry, Spool, SpoolStatistics

_log = logging.getLogger(__name__)
_Result = TypeVar("_Result")


class SpoolWriter:
    """A spool for an event loop. One thread does all that is written, so that nobody waits for a lock.

    While one write is on its way to the disk the next gather, and go there together.
    """

    def __init__(self, spool: Spool, on_stored: Callable[[Collection[str]], None]) -> None:
        """`on_kept` is called, in the thread, after entries were kept, with their topics."""
        self._spool = spool
        self._on_stored = on_stored
        self._executor = ThreadPoolExecutor(1, "spool")
        self._queue: list[tuple[Sequence[Entry], asyncio.Future[None]]] = []
        self._write_task: asyncio.Task[None] | None = None

    async def put(self, entries: Sequence[Entry]) -> None:
        """Keeps entries; they are on the disk on return. Raises SpoolFullError."""
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((entries, kept))
        if self._write_task is None:
            self._write_task = asyncio.create_task(self._write_queue())
        await kept

    async def expire(self, before_ms: int) -> int:
        """As `Spool.expire`."""
        return await self._run_in_thread(lambda: self._spool.expire(before_ms))

    async def statistics(self) -> SpoolStatistics:
        """As `Spool.figures`."""
        return await self._run_in_thread(self._spool.statistics)

    def delete(self, seqs: Sequence[int]) -> None:
        """Lets go of entries that Kafka has, soon; from any thread."""
        self._executor.submit(self._spool.delete, seqs).add_done_callback(_log_delete_error)

    async def close(self) -> None:
        """Ends when all that was to be written is, and closes the spool."""
        if self._write_task is not None:
            await self._write_task
        await self._run_in_thread(self._spool.close)
        self._executor.shutdown()

    async def _write_queue(self) -> None:
        while self._queue:
            gathered, self._queue = self._queue, []
            entries = [entry for some, _ in gathered for entry in some]
            try:
                await self._run_in_thread(lambda entries=entries: self._put(entries))  # type: ignore[misc]
            except Exception as error:
                for _, kept in gathered:
                    if not kept.done():
                        kept.set_exception(error)
            else:
                for _, kept in gathered:
                    if not kept.done():
                        kept.set_result(None)
        self._write_task = None

    def _put(self, entries: Sequence[Entry]) -> None:
        self._spool.put(entries)
        self._on_stored({entry.topic for entry in entries})

    async def _run_in_thread(self, work: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)


def _log_delete_error(done: "Future[None]") -> None:
    error = done.exception()
    if error is not None:
        # They stay, and are read back before the next gateway sends them.
        _log.error("what Kafka has cannot be taken out of the spool: %s", error)
