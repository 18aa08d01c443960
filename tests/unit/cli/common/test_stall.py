"""The end of a stalled worker: it shows where it hung, without values, also if nobody reads that."""

import subprocess
import sys

from streams.cli.common.stall import EXIT_STALLED
from tests.support.waiting import HANG_LIMIT_S

BLOCKED_OUTPUT = """
import asyncio, time
from streams.cli.common import stall

stall.say = lambda _: time.sleep(600)

async def main():
    await asyncio.to_thread(stall.exit_stalled, "stalled", asyncio.get_running_loop())

asyncio.run(main())
"""

WAITING_TASK = """
import asyncio
from streams.cli.common.stall import exit_stalled

async def wait_for(plate):
    future = asyncio.get_running_loop().create_future()
    future.set_result(plate)
    await asyncio.sleep(600)

async def main():
    task = asyncio.create_task(wait_for("AB123CD"))
    await asyncio.sleep(0)
    await asyncio.to_thread(exit_stalled, "stalled", task.get_loop())

asyncio.run(main())
"""


def test_the_process_ends_even_if_its_output_is_not_read() -> None:
    done = subprocess.run([sys.executable, "-c", BLOCKED_OUTPUT], capture_output=True, timeout=HANG_LIMIT_S)
    assert done.returncode == EXIT_STALLED


def test_the_stacks_of_threads_and_tasks_are_shown_without_values() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WAITING_TASK], capture_output=True, timeout=HANG_LIMIT_S, text=True
    )
    assert done.returncode == EXIT_STALLED
    assert done.stderr.startswith("stalled\n")
    assert "Thread 0x" in done.stderr
    assert "Task wait_for: <string>:" in done.stderr
    assert "AB123CD" not in done.stderr
