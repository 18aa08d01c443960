"""Processes that are started, watched, stopped and killed: workers, brokers, and what is measured beside."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic, sleep

from streams.kafka.dev_cluster import Cluster
from tests.support.waiting import HANG_LIMIT_S

COMMAND = str(Path(sys.executable).with_name("anpr"))


class Process:
    """One process whose stderr and stdout go to a log; it says `ready:` when it has begun."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self.log = log
        self.started_s = monotonic()
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log_start = log.stat().st_size if log.exists() else 0
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
            )

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it lives."""
        return self._process.poll()

    def output(self) -> str:
        """What it wrote since it was started."""
        with self.log.open("rb") as file:
            file.seek(self._log_start)
            return file.read().decode("utf-8", "replace")

    def wait_ready(self, within_s: float = HANG_LIMIT_S) -> float:
        """Waits for its line `ready: ...`; the seconds from its start to that line."""
        while True:
            if any(line.startswith("ready:") for line in self.output().splitlines()):
                return monotonic() - self.started_s
            if not self.alive:
                raise RuntimeError(f"ended with {self.exit_code} before it was ready:\n{self._last_lines()}")
            if monotonic() - self.started_s > within_s:
                raise TimeoutError(f"not ready within {within_s:.0f} s:\n{self._last_lines()}")
            sleep(0.005)

    def kill(self) -> None:
        """SIGKILL, and waits until it is gone."""
        self._process.kill()
        self._process.wait()

    def suspend(self) -> None:
        """SIGSTOP: it stands still and knows nothing of it."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        os.kill(self.pid, signal.SIGCONT)

    def terminate(self, within_s: float = HANG_LIMIT_S) -> int:
        """SIGTERM, and waits; its exit code. Raises TimeoutError, having killed it, if it does not end."""
        self._process.terminate()
        try:
            return self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise TimeoutError(
                f"did not end within {within_s:.0f} s of SIGTERM:\n{self._last_lines()}"
            ) from None

    def stop_gracefully(self, within_s: float = HANG_LIMIT_S) -> None:
        """SIGTERM; raises AssertionError, with what it said last, if it does not end as it was told."""
        code = self.terminate(within_s)
        assert code == 0, f"ended with {code}:\n{self._last_lines()}"

    def close(self) -> None:
        """Ends it in whatever state it is."""
        if self.alive:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()

    def memory_bytes(self) -> dict[str, int]:
        """Bytes in memory by kind (Linux): Rss all, Pss its share, Pss_Anon its own, Pss_File of files."""
        found = {}
        with open(f"/proc/{self.pid}/smaps_rollup", encoding="ascii") as file:  # noqa: PTH123 - kernel file
            for line in file:
                name, _, rest = line.partition(":")
                if rest.endswith("kB\n"):
                    found[name] = int(rest.split()[0]) * 1024
        return found

    def _last_lines(self) -> str:
        return "\n".join(self.output().splitlines()[-30:])


class WorkerProcess(Process):
    """`anpr worker`."""

    def __init__(self, config: Path, log: Path, member: str | None = None) -> None:
        command = [COMMAND, "worker", "--config", str(config)]
        super().__init__([*command, "--member", member] if member else command, log)


class ProcessSupervisor:
    """Starts a process again whenever it ends, as a service manager does; a thread of its own.

    On leaving the last one is killed.
    """

    def __init__(self, start: Callable[[], Process], pause_s: float = 0.2) -> None:
        self._start = start
        self._pause_s = pause_s
        self._stop = threading.Event()
        self.current = start()
        self.exits: list[int | None] = []
        """The exit codes of those that ended."""
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
    """Sends a signal to one broker, and waits until it is gone; `start_brokers` starts it again."""
    node = next(each for each in cluster.nodes if each.number == number)
    os.kill(node.pid, signum)
    wait_until(lambda: not cluster.is_running(node), HANG_LIMIT_S, f"broker {number} is gone")


def start_brokers(cluster: Cluster) -> None:
    """Starts the brokers that do not run, and waits until all answer."""
    cluster.up(len(cluster.nodes))


def wait_until(condition: Callable[[], bool], within_s: float, description: str) -> None:
    """Waits until something holds; TimeoutError says what did not."""
    deadline = monotonic() + within_s
    while not condition():
        if monotonic() > deadline:
            raise TimeoutError(f"not within {within_s:.0f} s: {description}")
        sleep(0.05)


def random_delays(seed: int, min_s: float, max_s: float) -> Callable[[], float]:
    """Waiting times between two bounds, the same for the same seed."""
    rng = random.Random(seed)
    return lambda: rng.uniform(min_s, max_s)
