"""The end of a worker on request: in order, and with nothing left for the next one to repeat."""

import os
import signal
import threading
from collections import Counter
from time import monotonic

import orjson

from tests.support.processes import Process
from tests.support.waiting import wait_until
from tests.support.worker_scene import WorkerEnvironment, read_json


def stop(process: Process, signal_number: signal.Signals) -> int | None:
    """Send a signal and wait for the end; return the exit code."""
    os.kill(process.pid, signal_number)
    wait_until(lambda: not process.alive, "the worker ends")
    return process.exit_code


def test_a_worker_under_load_ends_in_order_on_request(wide: WorkerEnvironment) -> None:
    """SIGTERM to one, Ctrl-C to the next: each finishes its work in progress, and nothing is done twice."""
    wide.create_topics().produce_alert()
    with wide.continuous_reads() as sent:
        for name, signal_number in (("first", signal.SIGTERM), ("second", signal.SIGINT)):
            with wide.worker_process(name) as process:
                process.wait_ready()
                hits = sum(wide.end_offsets(wide.names.hits))
                wait_until(lambda: sum(wide.end_offsets(wide.names.hits)) > hits + 300, "it emits hits")  # noqa: B023
                assert stop(process, signal_number) == 0, process.output()
                assert process.output().splitlines()[-1] == "ended"
    wide.flush()
    with wide.running_worker():
        wide.wait_processed()
    matches = [orjson.loads(each.value() or b"") for each in wide.read_topic(wide.names.matches)]
    assert Counter(each["read"]["read_id"] for each in matches) == Counter(sent)
    assert Counter((each.read_id, each.kind) for each in wide.emitted_hits()) == Counter(
        (r, "new") for r in sent
    )


def test_a_worker_that_waits_for_kafka_ends_on_request(scene: WorkerEnvironment) -> None:
    nowhere = WorkerEnvironment("127.0.0.1:1", "nowhere", scene.folder)
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        with nowhere.worker_process(signal_number.name) as process:
            wait_until(lambda: "cannot be reached yet" in process.output(), "it tries")
            assert stop(process, signal_number) == 0
            assert process.output().splitlines()[-1] == "stopped on request while it was starting"


def test_a_start_that_is_cancelled_at_any_moment_leaves_no_thread(scene: WorkerEnvironment) -> None:
    """A thread that stayed would keep the process alive, and its partitions assigned to it."""
    scene.create_topics().produce_alert()
    before = set(threading.enumerate())
    worker = scene.make_worker()
    began = monotonic()
    worker.start()
    whole_s = monotonic() - began
    worker.stop()
    for part in range(8):
        worker = scene.make_worker()
        worker.start_and_cancel(whole_s * part / 8)
    wait_until(
        lambda: not [each for each in set(threading.enumerate()) - before if not each.daemon],
        "all threads have ended",
    )
    scene.produce(scene.reads, read_json())
    with scene.running_worker():
        scene.wait_processed()
    assert len(scene.emitted_hits()) == 1
