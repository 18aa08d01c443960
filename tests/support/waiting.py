"""Waits of tests for what happens elsewhere: in another thread, process or task."""

import asyncio
from collections.abc import Callable
from time import monotonic, sleep
from typing import Any, Final

HANG_LIMIT_S: Final = 300.0
"""A wait fails after this time. It only bounds a hang, so it is far longer than a busy machine needs."""


def wait_until(condition: Callable[[], bool], description: str, limit_s: float = HANG_LIMIT_S) -> None:
    """Wait until a condition holds; fail at the limit."""
    end = monotonic() + limit_s
    while not condition():
        assert monotonic() < end, f"not within {limit_s:.0f} s: {description}"
        sleep(0.01)


async def wait_until_async(
    condition: Callable[[], Any], description: str, limit_s: float = HANG_LIMIT_S
) -> None:
    """Wait until a condition holds, which may be a coroutine function; fail at the limit."""
    end = monotonic() + limit_s
    while True:
        holds = condition()
        if asyncio.iscoroutine(holds):
            holds = await holds
        if holds:
            return
        assert monotonic() < end, f"not within {limit_s:.0f} s: {description}"
        await asyncio.sleep(0.005)
