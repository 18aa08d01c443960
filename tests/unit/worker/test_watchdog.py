"""The watchdog: what stands still too long ends the worker, which says where it hung.

On a real Kafka: `test_a_broker_that_stands_still` in test_away.py.
"""

import asyncio
import subprocess
import sys
from time import monotonic, sleep

from streams.worker.watchdog import EXIT_STALLED, Progress, StallDetector, Watchdog


def test_what_moves_or_has_nothing_to_do_is_no_stall() -> None:
    stalled = StallDetector(5)
    for second in range(0, 60, 2):
        moving, idle = Progress(second, True), Progress(7, False)
        assert stalled.find_stalled({"moving": moving, "idle": idle}, second) == []


def test_what_waits_and_does_not_move_is_told_in_time() -> None:
    stalled = StallDetector(5)
    still = {"a": Progress((7, None), True), "b": Progress((7, None), True)}
    assert stalled.find_stalled(still, 100) == []
    assert stalled.find_stalled(still, 104.9) == []
    assert stalled.find_stalled(still, 105) == ["a", "b"]


def test_the_time_counts_from_when_there_was_something_to_do() -> None:
    stalled = StallDetector(5)
    for second in range(100):
        assert stalled.find_stalled({"a": Progress(7, False)}, second) == []
    assert stalled.find_stalled({"a": Progress(7, True)}, 100) == []
    assert stalled.find_stalled({"a": Progress(7, True)}, 103) == []
    assert stalled.find_stalled({"a": Progress(7, True)}, 104) == ["a"]


def test_any_step_begins_it_anew() -> None:
    stalled = StallDetector(5)
    assert stalled.find_stalled({"a": Progress(7, True)}, 0) == []
    assert stalled.find_stalled({"a": Progress(8, True)}, 4) == []
    assert stalled.find_stalled({"a": Progress(8, True)}, 8) == []
    assert stalled.find_stalled({"a": Progress(8, True)}, 9) == ["a"]


def test_a_partition_that_went_and_came_back_begins_anew() -> None:
    stalled = StallDetector(5)
    still = {"a": Progress(7, True)}
    assert stalled.find_stalled(still, 0) == []
    assert stalled.find_stalled({}, 3) == []
    assert stalled.find_stalled(still, 6) == []
    assert stalled.find_stalled(still, 10) == []
    assert stalled.find_stalled(still, 11) == ["a"]


def test_an_event_loop_that_is_blocked_does_not_go_unseen() -> None:
    told: list[str] = []

    async def blocked() -> None:
        watchdog = Watchdog(dict, 0.5, told.append, interval_s=0.05)
        await asyncio.sleep(0.7)
        assert told == []
        end = monotonic() + 10
        while not told and monotonic() < end:
            sleep(0.01)
        watchdog.stop()

    asyncio.run(blocked())
    assert told == ["the event loop"]


HANGING = """
import asyncio, sys, time
from streams.worker.watchdog import exit_stalled

async def main():
    await asyncio.to_thread(exit_stalled, lambda _: time.sleep(60), "stalled", asyncio.get_running_loop())

asyncio.run(main())
"""

SAYING = """
import asyncio, sys
from streams.worker.watchdog import exit_stalled

async def wait_for(plate):
    future = asyncio.get_running_loop().create_future()
    future.set_result(plate)
    await asyncio.sleep(60)

async def main():
    task = asyncio.create_task(wait_for("AB123CD"))
    await asyncio.sleep(0)
    say = lambda text: print(text, file=sys.stderr)
    await asyncio.to_thread(exit_stalled, say, "stalled", task.get_loop())

asyncio.run(main())
"""


def test_it_ends_the_process_also_if_nobody_reads_what_it_says() -> None:
    done = subprocess.run([sys.executable, "-c", HANGING], capture_output=True, timeout=30)
    assert done.returncode == EXIT_STALLED


def test_it_says_where_all_stand_and_no_values() -> None:
    done = subprocess.run([sys.executable, "-c", SAYING], capture_output=True, timeout=30, text=True)
    assert done.returncode == EXIT_STALLED
    assert done.stderr.startswith("stalled\n")
    assert "Thread 0x" in done.stderr
    assert "Task wait_for: <string>:" in done.stderr
    assert "AB123CD" not in done.stderr
