"""The spool writer: writes to a spool from an event loop, many requests at a time and off the loop."""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from streams.gateway.spool.spool import Entry, Spool, SpoolStatistics
from streams.records.times import Millis

_log = logging.getLogger(__name__)
_Result = TypeVar("_Result")


class SpoolWriter:
    """Makes all writes to a spool in one thread, so that no request waits for a lock.

    While one write is on its way to the disk, the requests that follow are gathered for the next one.
    """

    def __init__(self, spool: Spool) -> None:
        self.on_stored: Callable[[Collection[str]], None] | None = None
        """Called in the thread, after entries were stored, with their topics."""
        self._spool = spool
        self._executor = ThreadPoolExecutor(1, "spool")
        self._queue: list[tuple[Sequence[Entry], asyncio.Future[None]]] = []
        self._write_task: asyncio.Task[None] | None = None

    async def put(self, entries: Sequence[Entry]) -> None:
        """Store entries; they are on disk on return. Raises SpoolFullError."""
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((entries, stored))
        if self._write_task is None:
            self._write_task = asyncio.create_task(self._write_queue())
        await stored

    async def expire(self, before_ms: Millis) -> int:
        """Delete entries that arrived before a time; return their number."""
        return await self._run_in_thread(lambda: self._spool.expire(before_ms))

    async def statistics(self) -> SpoolStatistics:
        """Return the present size and age of the spool."""
        return await self._run_in_thread(self._spool.statistics)

    def delete(self, seqs: Sequence[int]) -> None:
        """Schedule the deletion of entries that Kafka has acknowledged. Thread-safe."""
        self._executor.submit(self._spool.delete, seqs).add_done_callback(_log_delete_error)

    async def close(self) -> None:
        """Finish all writes, then close the spool."""
        if self._write_task is not None:
            await self._write_task
        await self._run_in_thread(self._spool.close)
        self._executor.shutdown()

    async def _write_queue(self) -> None:
        while self._queue:
            requests, self._queue = self._queue, []
            entries = [entry for request_entries, _ in requests for entry in request_entries]
            try:
                await self._run_in_thread(lambda entries=entries: self._put(entries))  # type: ignore[misc]
            except Exception as error:
                for _, stored in requests:
                    if not stored.done():
                        stored.set_exception(error)
            else:
                for _, stored in requests:
                    if not stored.done():
                        stored.set_result(None)
        self._write_task = None

    def _put(self, entries: Sequence[Entry]) -> None:
        self._spool.put(entries)
        if self.on_stored is not None:
            self.on_stored({entry.topic for entry in entries})

    async def _run_in_thread(self, work: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)


def _log_delete_error(deleted: "Future[None]") -> None:
    error = deleted.exception()
    if error is not None:
        # The entries stay, and the next gateway reads back that Kafka has them before it sends any.
        _log.error("acknowledged entries cannot be deleted from the spool: %s", error)
