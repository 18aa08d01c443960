"""The commands that the demo runs beside itself: a worker, and the table of hits."""

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
"""How lines of their logs begin; what matters of them a command says itself."""
_CODE: Final = "from streams.cli.main import main; main()"


class ChildProcess:
    """`anpr` with arguments, as a process of its own. `say` is given what it says on stderr.

    It is in a session of its own, so that Ctrl-C reaches the demo alone and it ends its children in order.
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
        """Whether it said that it is ready."""
        return self._ready.is_set()

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it lives."""
        return self._process.poll()

    def stop(self, stop_signal: StopSignal, within_s: float) -> bool:
        """Tells it to end, and waits until it is gone; whether it ended by itself.

        It is killed if it does not in time, or the demo is told once more to end.
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
