"""WorkerError: what ends a worker, in words for the operator."""

import asyncio
from contextlib import suppress


class WorkerError(Exception):
    """Why a worker cannot go on; the message says what to do."""


class Alarm:
    """The first trouble of a worker; whoever waits for it ends the worker."""

    def __init__(self) -> None:
        self._first: asyncio.Future[WorkerError] = asyncio.get_running_loop().create_future()

    def raise_(self, trouble: WorkerError) -> None:
        """Tells of trouble; only the first counts."""
        with suppress(asyncio.InvalidStateError):
            self._first.set_result(trouble)

    @property
    def raised(self) -> bool:
        """Whether there is trouble."""
        return self._first.done()

    async def wait(self) -> WorkerError:
        """The first trouble, when it comes."""
        return await asyncio.shield(self._first)
