"""A worker that is told to end: in order, in time, and with nothing done twice by the next one."""

import os
import signal
import threading
from collections import Counter
from time import monotonic

import orjson

from tests.support.processes import Process
from tests.support.running_worker import wait_until
from tests.support.worker_scene import WorkerEnvironment, read_json


def exit_code_after(process: Process, number: signal.Signals) -> int | None:
    """Send a signal and return the exit code."""
    os.kill(process.pid, number)
    wait_until(lambda: not process.alive, "the worker ends")
    return process.exit_code


def test_told_to_end_under_load(wide: WorkerEnvironment) -> None:
    """SIGTERM, then Ctrl-C to the next: each ends what it has in work, and nothing is done twice."""
    wide.create_topics().produce_alert()
    with wide.continuous_reads() as sent:
        for name, number in (("first", signal.SIGTERM), ("second", signal.SIGINT)):
            with wide.worker_process(name) as process:
                process.wait_ready()
                hits = sum(wide.end_offsets(wide.names.hits))
                wait_until(lambda: sum(wide.end_offsets(wide.names.hits)) > hits + 300, "it is at work")  # noqa: B023
                code = exit_code_after(process, number)
                assert code == 0, process.output()
                assert process.output().splitlines()[-1] == "ended"
    wide.flush()
    with wide.running_worker():
        wide.wait_processed()
    matches = [orjson.loads(each.value() or b"") for each in wide.read_topic(wide.names.matches)]
    assert Counter(each["read"]["read_id"] for each in matches) == Counter(sent)
    assert Counter((each.read_id, each.kind) for each in wide.emitted_hits()) == Counter(
        (r, "new") for r in sent
    )


def test_told_to_end_before_it_is_ready(scene: WorkerEnvironment) -> None:
    """While it still tries to reach Kafka."""
    nowhere = WorkerEnvironment("127.0.0.1:1", "nowhere", scene.folder)
    for number in (signal.SIGTERM, signal.SIGINT):
        with nowhere.worker_process(number.name) as process:
            wait_until(lambda: "cannot be reached yet" in process.output(), "it tries")
            code = exit_code_after(process, number)
            assert code == 0
            assert process.output().splitlines()[-1] == "ended on request before it was ready"


def test_ended_at_any_moment_of_its_start(scene: WorkerEnvironment) -> None:
    """Nothing of it stays, wherever it was: a thread that did would keep the process and its partitions."""
    scene.create_topics().produce_alert()
    before = set(threading.enumerate())
    worker = scene.make_worker()
    began = monotonic()
    worker.start()
    whole = monotonic() - began
    worker.stop()
    for part in range(8):
        worker = scene.make_worker()
        worker.start_and_cancel(whole * part / 8)
    wait_until(
        lambda: not [each for each in set(threading.enumerate()) - before if not each.daemon], "all ended"
    )
    scene.produce(scene.reads, read_json())
    with scene.running_worker():
        scene.wait_processed()
    assert len(scene.emitted_hits()) == 1
