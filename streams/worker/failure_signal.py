"""The failure signal: the first fatal error ends the worker."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from streams.runtime.errors import WorkerError, unforeseen


class Alarm:
    """The first trouble of a worker; whoever waits for it ends the worker."""

    def __init__(self) -> None:
        self._first: asyncio.Future[WorkerError] = asyncio.get_running_loop().create_future()

    def raise_(self, trouble: WorkerError) -> None:
        """Tells of trouble; only the first counts."""
        with suppress(asyncio.InvalidStateError):
            self._first.set_result(trouble)

    @contextmanager
    def heard(self, what: str) -> Iterator[None]:
        """Raises the alarm for whatever is raised within, which goes no further. `what` is going on there."""
        try:
            yield
        except WorkerError as trouble:
            self.raise_(trouble)
        except Exception as error:
            self.raise_(unforeseen(what, error))

    @property
    def raised(self) -> bool:
        """Whether there is trouble."""
        return self._first.done()

    async def wait(self) -> WorkerError:
        """The first trouble, when it comes."""
        return await asyncio.shield(self._first)
