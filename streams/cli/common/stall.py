"""The end of a process in which records wait and nothing moves."""

import asyncio
import faulthandler
import os
import sys
from contextlib import suppress
from threading import Timer
from typing import Any, Final, NoReturn

from streams.cli.common.progress import say

EXIT_STALLED: Final = 3
"""The exit code: neither done nor wrong use, and a restart helps."""
_REPORT_TIMEOUT_S: Final = 3.0


def exit_stalled(message: str, loop: asyncio.AbstractEventLoop) -> NoReturn:
    """Print why, and the stacks of all threads and tasks, then end the process. Stacks hold no values."""
    # The reader of stderr may be what hangs.
    timer = Timer(_REPORT_TIMEOUT_S, os._exit, (EXIT_STALLED,))
    timer.daemon = True
    timer.start()
    say(message)
    faulthandler.dump_traceback(file=sys.stderr, all_threads=True)
    with suppress(RuntimeError):  # Tasks began or ended while they were listed.
        for task in asyncio.all_tasks(loop):
            print(_format_stack(task), file=sys.stderr)
    sys.stderr.flush()
    os._exit(EXIT_STALLED)


def _format_stack(task: asyncio.Task[Any]) -> str:
    """Return where a task waits; unlike asyncio's format without the awaited value, which may be a record."""
    frames = [f"{each.f_code.co_filename}:{each.f_lineno} {each.f_code.co_name}" for each in task.get_stack()]
    name = getattr(task.get_coro(), "__qualname__", "a task")
    return f"Task {name}: {'; '.join(frames) or 'done or not begun'}"
