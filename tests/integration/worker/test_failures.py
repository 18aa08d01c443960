"""Known faults of Faust and Kafka's clients that must not return, each with its number.

1, a commit past a batch in progress: test_delivery.py and test_in_flight.py of the driver.
3, a commit past a hit that was dropped: test_refused.py.
"""

import os
from pathlib import Path

import pytest

from tests.support.waiting import wait_until
from tests.support.worker_scene import LISTED_PLATE, WorkerEnvironment, now_ms, read_json

LISTEN_STATE = "0A"


class Clock:
    """A clock that can fail."""

    def __init__(self) -> None:
        self.is_working = True

    def __call__(self, _: int) -> int:
        if not self.is_working:
            raise RuntimeError(f"no time for {LISTED_PLATE}")
        return now_ms()


def test_fault_2_an_error_in_an_agent_acknowledges_nothing(scene: WorkerEnvironment) -> None:
    """Any error inside an agent stops the worker; the records in progress are processed again."""
    scene.create_topics().produce_alert()
    clock = Clock()
    worker = scene.make_worker(clock=clock)
    worker.start()
    scene.produce(scene.reads, read_json(read_id="before"))
    scene.wait_processed()
    clock.is_working = False
    scene.produce(scene.reads, read_json(read_id="then"))
    text = worker.wait_failure()
    assert "RuntimeError" in text
    assert "test_failures.py" in text
    assert LISTED_PLATE not in "\n".join([text, *worker.messages])
    assert scene.committed_offsets(scene.reads)[0] <= 1
    with scene.running_worker():
        scene.wait_processed()
    assert [each.read_id for each in scene.emitted_hits()] == ["before", "then"]


def test_fault_2_an_undecodable_match_acknowledges_nothing(scene: WorkerEnvironment) -> None:
    """Only workers write matches: an undecodable one stops the worker, whose error says where it is."""
    scene.create_topics().produce_alert()
    worker = scene.make_worker()
    worker.start()
    scene.produce(scene.reads, read_json(read_id="before"))
    scene.wait_processed()
    scene.produce(scene.names.matches, b'{"read": {"plate": "AB123CD"}}')
    text = worker.wait_failure()
    assert f"topic {scene.names.matches}, partition 0, offset 1: not a match of this version" in text
    assert LISTED_PLATE not in text
    assert scene.committed_offsets(scene.names.matches) == [1]


def test_fault_5_only_a_null_value_withdraws(
    scene: WorkerEnvironment, caplog: pytest.LogCaptureFixture
) -> None:
    """The text `null` is no tombstone: it is rejected, and the alert stays. A real one retracts its hits."""
    scene.create_topics().produce_alert()
    with scene.running_worker():
        scene.produce(scene.names.alerts, b"null", key=b"sis/a1")
        scene.produce(scene.reads, read_json(read_id="r1"))
        scene.wait_processed()
        wait_until(lambda: any("offset 1: rejected: " in line for line in caplog.messages), "it is logged")
        scene.produce_withdrawal()
        scene.wait_hits(2, "the hit is retracted")
        scene.produce(scene.reads, read_json(read_id="r2"))
        scene.wait_processed()
    assert [each[:4] for each in scene.emitted_hits()] == [
        ("r1", 1, "new", None), ("r1", 2, "withdrawn", "alert-withdrawn")
    ]  # fmt: skip


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="reads the open ports from Linux")
def test_fault_12_no_port_is_opened(scene: WorkerEnvironment) -> None:
    """Two workers with the same settings run on one host, and neither opens a port."""
    scene.create_topics()
    with scene.worker_process("first") as first, scene.worker_process("second") as second:
        for process in (first, second):
            process.wait_ready()
            assert listening(process.pid) == []
        assert first.alive
        assert [first.terminate(), second.terminate()] == [0, 0]
    assert listening(os.getpid()) is not None


def listening(pid: int) -> list[str]:
    """Return the addresses at which a process listens, in the kernel's format."""
    sockets = {target for file in Path(f"/proc/{pid}/fd").iterdir() if (target := _target(file))}
    addresses = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTEN_STATE and f"socket:[{fields[9]}]" in sockets:
                addresses.append(fields[1])
    return addresses


def _target(file: Path) -> str:
    try:
        return os.readlink(file)  # noqa: PTH115 - not a path
    except OSError:  # Closed meanwhile.
        return ""
