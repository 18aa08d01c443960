"""The failure signal: the first fatal error stops the worker."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from aiokafka.errors import KafkaError

from streams.runtime.errors import OperatorError, WorkerError, unexpected_error


class FailureSignal:
    """The first fatal error of a worker; what stops the worker waits for it."""

    def __init__(self) -> None:
        self._first_error: asyncio.Future[WorkerError] = asyncio.get_running_loop().create_future()

    def fail(self, error: WorkerError) -> None:
        """Set the fatal error; only the first one counts."""
        with suppress(asyncio.InvalidStateError):
            self._first_error.set_result(error)

    @contextmanager
    def signal_failure(self, doing: str) -> Iterator[None]:
        """Turn any exception inside the block into the worker's fatal error.

        `doing` names the work of the block in the error's message.
        """
        try:
            yield
        except WorkerError as error:
            self.fail(error)
        except Exception as error:
            self.fail(unexpected_error(doing, error))

    @property
    def is_set(self) -> bool:
        """True if there is a fatal error."""
        return self._first_error.done()

    async def wait(self) -> WorkerError:
        """Wait for the first fatal error and return it."""
        return await asyncio.shield(self._first_error)


@contextmanager
def as_worker_error(doing: str) -> Iterator[None]:
    """Raise the errors of Kafka inside the block as WorkerError; `doing` names the work of the block."""
    try:
        yield
    except WorkerError:
        raise
    except OperatorError as error:
        raise WorkerError(str(error)) from error
    except KafkaError as error:
        raise WorkerError(
            f"{doing}: Kafka does not answer, or does not permit it to this user: {error!r}; see that the "
            "brokers run, and what the user may read and write"
        ) from error
