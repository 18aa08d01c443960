"""The failure signal: the first fatal error ends the worker."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from streams.runtime.errors import WorkerError, unexpected_error


class FailureSignal:
    """The first trouble of a worker; whoever waits for it ends the worker."""

    def __init__(self) -> None:
        self._first_error: asyncio.Future[WorkerError] = asyncio.get_running_loop().create_future()

    def fail(self, error: WorkerError) -> None:
        """Tells of trouble; only the first counts."""
        with suppress(asyncio.InvalidStateError):
            self._first_error.set_result(error)

    @contextmanager
    def signal_failure(self, doing: str) -> Iterator[None]:
        """Raises the alarm for whatever is raised within, which goes no further. `what` is going on there."""
        try:
            yield
        except WorkerError as trouble:
            self.fail(trouble)
        except Exception as error:
            self.fail(unexpected_error(doing, error))

    @property
    def is_set(self) -> bool:
        """Whether there is trouble."""
        return self._first_error.done()

    async def wait(self) -> WorkerError:
        """The first trouble, when it comes."""
        return await asyncio.shield(self._first_error)
