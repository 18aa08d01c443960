"""Processes that tests and benchmarks start, watch, stop and kill."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import monotonic, sleep

from streams.kafka.dev_cluster import Cluster
from tests.support.waiting import HANG_LIMIT_S, wait_until

COMMAND = str(Path(sys.executable).with_name("anpr"))


class Process:
    """A process that logs stdout and stderr to a file and writes a line `ready: ...` once it has started."""

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        folder: Path | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.log = log
        self.started_s = monotonic()
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log_start = log.stat().st_size if log.exists() else 0
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """True if it has not ended."""
        return self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """The exit code; None while it runs."""
        return self._process.poll()

    def output(self) -> str:
        """Return what it wrote since it was started."""
        with self.log.open("rb") as file:
            file.seek(self._log_start)
            return file.read().decode("utf-8", "replace")

    def wait_ready(self, within_s: float = HANG_LIMIT_S) -> float:
        """Wait for its line `ready: ...`; return the seconds from its start to that line."""
        while True:
            if any(line.startswith("ready:") for line in self.output().splitlines()):
                return monotonic() - self.started_s
            if not self.alive:
                raise RuntimeError(f"ended with {self.exit_code} before it was ready:\n{self._last_lines()}")
            if monotonic() - self.started_s > within_s:
                raise TimeoutError(f"not ready within {within_s:.0f} s:\n{self._last_lines()}")
            sleep(0.005)

    def kill(self) -> None:
        """Send SIGKILL and wait for the end."""
        self._process.kill()
        self._process.wait()

    def suspend(self) -> None:
        """Suspend it with SIGSTOP."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Continue it with SIGCONT."""
        os.kill(self.pid, signal.SIGCONT)

    def terminate(self, within_s: float = HANG_LIMIT_S, signum: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code. If it does not end, kill it and raise TimeoutError."""
        self._process.send_signal(signum)
        try:
            return self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise TimeoutError(
                f"did not end within {within_s:.0f} s of {signum.name}:\n{self._last_lines()}"
            ) from None

    def stop_gracefully(self, within_s: float = HANG_LIMIT_S) -> None:
        """Send SIGTERM. Raises AssertionError with its last lines if the exit code is not 0."""
        code = self.terminate(within_s)
        assert code == 0, f"ended with {code}:\n{self._last_lines()}"

    def close(self) -> None:
        """End it in any state."""
        if self.alive:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()

    def memory_bytes(self) -> dict[str, int]:
        """Return bytes in memory by kind (Linux): Rss all, Pss its share, Pss_Anon own, Pss_File files."""
        sizes = {}
        with open(f"/proc/{self.pid}/smaps_rollup", encoding="ascii") as file:  # noqa: PTH123 - kernel file
            for line in file:
                name, _, rest = line.partition(":")
                if rest.endswith("kB\n"):
                    sizes[name] = int(rest.split()[0]) * 1024
        return sizes

    def _last_lines(self) -> str:
        return "\n".join(self.output().splitlines()[-30:])


class WorkerProcess(Process):
    """`anpr worker`."""

    def __init__(self, config: Path, log: Path, member: str | None = None) -> None:
        command = [COMMAND, "worker", "--config", str(config)]
        super().__init__([*command, "--member", member] if member else command, log)


class ProcessSupervisor:
    """Restarts a process whenever it ends, as a service manager does, in a thread of its own.

    On leaving, the last process is killed.
    """

    def __init__(self, start: Callable[[], Process], pause_s: float = 0.2) -> None:
        self._start = start
        self._pause_s = pause_s
        self._stop = threading.Event()
        self.current = start()
        self.exits: list[int | None] = []
        """The exit codes of the processes that ended."""
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def __enter__(self) -> "ProcessSupervisor":
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.current.kill()

    def _watch(self) -> None:
        while not self._stop.wait(0.05):
            if not self.current.alive:
                self.exits.append(self.current.exit_code)
                if not self._stop.wait(self._pause_s):
                    self.current = self._start()


def stop_broker(cluster: Cluster, number: int = 1, signum: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal to one broker and wait for its end; `start_brokers` starts it again."""
    node = next(each for each in cluster.nodes if each.number == number)
    os.kill(node.pid, signum)
    wait_until(lambda: not cluster.is_running(node), f"broker {number} is gone")


def start_brokers(cluster: Cluster) -> None:
    """Start the brokers that do not run, and wait until all answer."""
    cluster.up(len(cluster.nodes))


def random_delays(seed: int, min_s: float, max_s: float) -> Callable[[], float]:
    """Return a source of delays between two bounds, the same for the same seed."""
    rng = random.Random(seed)
    return lambda: rng.uniform(min_s, max_s)
