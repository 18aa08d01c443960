"""The entry point of the child process that runs a worker's lookbacks.

It imports nothing heavy, so that even the imports of the child run at the lowest priority.
"""

import os
import signal
from multiprocessing.connection import Connection as Pipe
from typing import Final

_LOWEST_PRIORITY: Final = 19


def enter(pipe: Pipe) -> None:
    """Give way to all other processes, ignore Ctrl-C, which is for the worker, and run lookbacks."""
    os.nice(_LOWEST_PRIORITY)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from streams.lookback.child_process import run_child

    run_child(pipe)
