"""WorkerError: what ends a worker, in words for the operator."""

import asyncio
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_FRAMES: Final = 4


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


def unforeseen(what: str, error: BaseException) -> WorkerError:
    """What an operator is told of an error that nobody thought of: where it came up, not what it says.

    Its own message may hold a plate.
    """
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = ", ".join(f"{_short(each.filename)}:{each.lineno} {each.name}" for each in frames)
    return WorkerError(
        f"{what}: {type(error).__name__} in {places or 'an unknown place'}. This is a fault of the program: "
        "report it. What was in work is not committed and comes again when the worker starts"
    )


def _short(filename: str) -> str:
    return "/".join(Path(filename).parts[-2:])
