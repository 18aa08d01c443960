"""The commands that the demo runs as child processes: a worker, and the display of hits."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Final

from streams.cli.demo.errors import StopSignal, wait_until
from streams.kafka.client import CLIENT_SECRET_VARIABLE, KEY_PASSWORD_VARIABLE, PASSWORD_VARIABLE
from streams.settings.load import CONFIG_VARIABLE

_HIDDEN_VARIABLES: Final = (CLIENT_SECRET_VARIABLE, KEY_PASSWORD_VARIABLE, PASSWORD_VARIABLE, CONFIG_VARIABLE)
_LIBRARY_LOG_LINE: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} ")
"""Beginning of a log line of a library; such lines are not shown."""
_CODE: Final = "from streams.cli.main import main; main()"


class ChildProcess:
    """`anpr` with arguments as a child process; `say` gets its lines on stderr.

    It has a session of its own, so that Ctrl-C reaches only the demo, which stops its children in order.
    """

    def __init__(
        self, name: str, arguments: Sequence[str], config: Path, ready_text: str, say: Callable[[str], None]
    ) -> None:
        self.name = name
        self._ready_text = ready_text
        self._say = say
        self._ready = Event()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _CODE, *arguments, "--config", str(config)],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if name not in _HIDDEN_VARIABLES},
            start_new_session=True,
        )
        self._relay_thread = Thread(target=self._relay_lines, daemon=True)
        self._relay_thread.start()

    @property
    def ready(self) -> bool:
        """True once it reported that it is ready."""
        return self._ready.is_set()

    @property
    def exit_code(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._process.poll()

    def stop(self, stop_signal: StopSignal, within_s: float) -> bool:
        """Terminate it and wait until it is gone; return True if it ended by itself.

        It is killed if it does not end in time, or after a further signal to the demo.
        """
        if self.exit_code is None:
            self._process.terminate()
        in_time = wait_until(lambda: self.exit_code is not None, stop_signal, within_s)
        if not in_time:
            self._process.kill()
            self._process.wait()
        self._relay_thread.join()
        return in_time

    def _relay_lines(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as lines:
            for raw in lines:
                line = raw.decode("utf-8", "replace").rstrip()
                if self._ready_text in line and not self.ready:
                    self._ready.set()
                elif not _LIBRARY_LOG_LINE.match(line):
                    self._say(f"{self.name}: {line}")
