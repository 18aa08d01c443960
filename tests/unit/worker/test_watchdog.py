"""The watchdog: what has pending work and does not move is reported.

On a real Kafka: `test_a_broker_that_hangs` in test_kafka_away.py.
"""

import asyncio
from collections.abc import Callable
from time import sleep

from streams.worker.watchdog import Progress, StallDetector, Watchdog


def test_what_moves_or_has_nothing_to_do_is_not_stalled() -> None:
    detector = StallDetector(5)
    for second in range(0, 60, 2):
        moving, idle = Progress(second, True), Progress(7, False)
        assert detector.find_stalled({"moving": moving, "idle": idle}, second) == []


def test_what_is_pending_and_does_not_move_is_found_after_the_limit() -> None:
    detector = StallDetector(5)
    still = {"a": Progress((7, None), True), "b": Progress((7, None), True)}
    assert detector.find_stalled(still, 100) == []
    assert detector.find_stalled(still, 104.9) == []
    assert detector.find_stalled(still, 105) == ["a", "b"]


def test_the_limit_counts_from_when_there_was_something_to_do() -> None:
    detector = StallDetector(5)
    for second in range(100):
        assert detector.find_stalled({"a": Progress(7, False)}, second) == []
    assert detector.find_stalled({"a": Progress(7, True)}, 100) == []
    assert detector.find_stalled({"a": Progress(7, True)}, 103) == []
    assert detector.find_stalled({"a": Progress(7, True)}, 104) == ["a"]


def test_any_move_restarts_the_limit() -> None:
    detector = StallDetector(5)
    assert detector.find_stalled({"a": Progress(7, True)}, 0) == []
    assert detector.find_stalled({"a": Progress(8, True)}, 4) == []
    assert detector.find_stalled({"a": Progress(8, True)}, 8) == []
    assert detector.find_stalled({"a": Progress(8, True)}, 9) == ["a"]


def test_a_partition_that_was_revoked_and_assigned_again_restarts_the_limit() -> None:
    detector = StallDetector(5)
    still = {"a": Progress(7, True)}
    assert detector.find_stalled(still, 0) == []
    assert detector.find_stalled({}, 3) == []
    assert detector.find_stalled(still, 6) == []
    assert detector.find_stalled(still, 10) == []
    assert detector.find_stalled(still, 11) == ["a"]


class ManualClock:
    """A clock that a test sets; it counts how often it was read."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.read_count = 0

    def __call__(self) -> float:
        self.read_count += 1
        return self.now_s


class EmptyProgress:
    """A worker without partitions; it counts how often its progress was asked for."""

    def __init__(self) -> None:
        self.call_count = 0

    def __call__(self) -> dict[str, Progress]:
        self.call_count += 1
        return {}


def test_a_blocked_event_loop_is_reported() -> None:
    stalled: list[str] = []
    clock, progress = ManualClock(), EmptyProgress()

    async def run() -> None:
        watchdog = Watchdog(progress, 0.5, stalled.append, clock, interval_s=0.001)
        for _ in range(10):
            clock.now_s += 0.4
            await _until_increased(lambda: progress.call_count, 1)
            # The second check from now on begins after the event loop has answered.
            await _until_increased(lambda: clock.read_count, 2)
        assert stalled == []
        # A wait without `await` blocks the event loop.
        while not stalled:
            clock.now_s += 0.1
            sleep(0.001)
        watchdog.stop()

    asyncio.run(run())
    assert stalled == ["the event loop"]


async def _until_increased(count: Callable[[], int], by: int) -> None:
    before = count()
    while count() < before + by:
        await asyncio.sleep(0)
