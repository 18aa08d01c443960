"""The process beside a worker that looks back: `python -m streams.lookback.__main__`.

It is the last to get a core that others want, from its first import on.
"""

import os
import signal
from typing import Final

_LOWEST_PRIORITY: Final = 19

if __name__ == "__main__":
    os.nice(_LOWEST_PRIORITY)
    # Ctrl-C at a terminal is for the worker, which ends this.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from streams.lookback.child_process import run

    run()
