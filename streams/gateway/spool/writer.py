"""The keeper: puts what the requests accepted into the spool, many at a time, off the event loop."""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from streams.gateway.spool.spool import Entry, Figures, Spool

_log = logging.getLogger(__name__)
_Result = TypeVar("_Result")


class Keeper:
    """A spool for an event loop. One thread does all that is written, so that nobody waits for a lock.

    While one write is on its way to the disk the next gather, and go there together.
    """

    def __init__(self, spool: Spool, on_kept: Callable[[Collection[str]], None]) -> None:
        """`on_kept` is called, in the thread, after entries were kept, with their topics."""
        self._spool = spool
        self._on_kept = on_kept
        self._thread = ThreadPoolExecutor(1, "spool")
        self._gathered: list[tuple[Sequence[Entry], asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def keep(self, entries: Sequence[Entry]) -> None:
        """Keeps entries; they are on the disk on return. Raises SpoolFullError."""
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._gathered.append((entries, kept))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        await kept

    async def expire(self, before: int) -> int:
        """As `Spool.expire`."""
        return await self._run(lambda: self._spool.expire(before))

    async def figures(self) -> Figures:
        """As `Spool.figures`."""
        return await self._run(self._spool.figures)

    def forget(self, numbers: Sequence[int]) -> None:
        """Lets go of entries that Kafka has, soon; from any thread."""
        self._thread.submit(self._spool.forget, numbers).add_done_callback(_forgotten)

    async def close(self) -> None:
        """Ends when all that was to be written is, and closes the spool."""
        if self._writing is not None:
            await self._writing
        await self._run(self._spool.close)
        self._thread.shutdown()

    async def _write(self) -> None:
        while self._gathered:
            gathered, self._gathered = self._gathered, []
            entries = [entry for some, _ in gathered for entry in some]
            try:
                await self._run(lambda entries=entries: self._put(entries))  # type: ignore[misc]
            except Exception as error:
                for _, kept in gathered:
                    if not kept.done():
                        kept.set_exception(error)
            else:
                for _, kept in gathered:
                    if not kept.done():
                        kept.set_result(None)
        self._writing = None

    def _put(self, entries: Sequence[Entry]) -> None:
        self._spool.put(entries)
        self._on_kept({entry.topic for entry in entries})

    async def _run(self, work: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _forgotten(done: "Future[None]") -> None:
    error = done.exception()
    if error is not None:
        # They stay, and are read back before the next gateway sends them.
        _log.error("what Kafka has cannot be taken out of the spool: %s", error)
