"""Waiting ends with the condition or the work, and at the limit otherwise."""

import asyncio
from collections.abc import Iterator

import pytest

from streams.runtime.waiting import finish_within, wait_until


def test_waiting_ends_when_the_condition_holds() -> None:
    answers: Iterator[bool] = iter([False, True])
    assert wait_until(lambda: next(answers), timeout_s=60)


def test_waiting_ends_at_the_limit() -> None:
    assert not wait_until(lambda: False, timeout_s=0)


def test_work_that_finishes_is_reported() -> None:
    assert asyncio.run(finish_within(60, asyncio.sleep(0)))


def test_work_that_survives_its_cancellation_is_not_waited_for() -> None:
    cancelled = asyncio.Event()

    async def stubborn() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            await asyncio.Event().wait()

    async def run() -> bool:
        finished = await finish_within(0.01, stubborn())
        await cancelled.wait()
        return finished

    assert not asyncio.run(run())


def test_what_the_work_raises_is_raised() -> None:
    async def fail() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        asyncio.run(finish_within(60, fail()))
