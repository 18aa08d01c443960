"""Waiting with a limit: for a condition, and for work that may not heed its cancellation."""

import asyncio
from collections.abc import Callable, Coroutine
from time import monotonic, sleep
from typing import Any, Final

_INTERVAL_S: Final = 0.1


def wait_until(condition: Callable[[], bool], timeout_s: float) -> bool:
    """Block until a condition holds; return True if it does within the limit."""
    end = monotonic() + timeout_s
    while not condition():
        if monotonic() > end:
            return False
        sleep(_INTERVAL_S)
    return True


async def finish_within(timeout_s: float, work: Coroutine[Any, Any, Any]) -> bool:
    """Run a coroutine; return True if it finishes within the limit, and cancel it otherwise.

    Unlike `asyncio.timeout` this does not wait for the cancelled work: some of what Faust and aiokafka do
    while they stop goes on when it is cancelled. Raises what the work raises within the limit.
    """
    task = asyncio.create_task(work)
    done, _ = await asyncio.wait({task}, timeout=timeout_s)
    if not done:
        task.cancel()
        return False
    task.result()
    return True
