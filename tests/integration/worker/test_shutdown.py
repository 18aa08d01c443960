"""A worker that is told to end: in order, in time, and with nothing done twice by the next one."""

import os
import signal
import threading
from collections import Counter
from time import monotonic

import orjson

from tests.support.processes import Process
from tests.support.running_worker import until
from tests.support.worker_scene import Scene, read_json


def ended(process: Process, number: signal.Signals) -> tuple[int | None, float]:
    """Sends a signal and waits; the exit code and the seconds it took."""
    began = monotonic()
    os.kill(process.pid, number)
    until(lambda: not process.alive, "the worker ends")
    return process.exit_code, monotonic() - began


def test_told_to_end_under_load(wide: Scene) -> None:
    """SIGTERM, then Ctrl-C to the next: each ends what it has in work, and nothing is done twice."""
    wide.make().alert()
    with wide.gateway() as sent:
        for name, number in (("first", signal.SIGTERM), ("second", signal.SIGINT)):
            with wide.process(name) as process:
                process.wait_ready()
                hits = sum(wide.ends(wide.names.hits))
                until(lambda: sum(wide.ends(wide.names.hits)) > hits + 300, "it is at work")  # noqa: B023
                code, took = ended(process, number)
                assert code == 0, process.said()
                assert took < 20
                assert process.said().splitlines()[-1] == "ended"
    wide.flush()
    with wide.running():
        wide.wait_done()
    matches = [orjson.loads(each.value() or b"") for each in wide.whole(wide.names.matches)]
    assert Counter(each["read"]["read_id"] for each in matches) == Counter(sent)
    assert Counter((each.read_id, each.kind) for each in wide.hits()) == Counter((r, "new") for r in sent)


def test_told_to_end_before_it_is_ready(scene: Scene) -> None:
    """While it still tries to reach Kafka."""
    nowhere = Scene("127.0.0.1:1", "nowhere", scene.folder)
    for number in (signal.SIGTERM, signal.SIGINT):
        with nowhere.process(number.name) as process:
            until(lambda: "cannot be reached yet" in process.said(), "it tries")
            code, took = ended(process, number)
            assert code == 0
            assert took < 20
            assert process.said().splitlines()[-1] == "told to end before it was ready"


def test_ended_at_any_moment_of_its_start(scene: Scene) -> None:
    """Nothing of it stays, wherever it was: a thread that did would keep the process and its partitions."""
    scene.make().alert()
    before = set(threading.enumerate())
    worker = scene.worker()
    began = monotonic()
    worker.start()
    whole = monotonic() - began
    worker.end()
    for part in range(8):
        worker = scene.worker()
        worker.start_and_cancel(whole * part / 8)
    until(lambda: not [each for each in set(threading.enumerate()) - before if not each.daemon], "all ended")
    scene.put(scene.reads, read_json())
    with scene.running():
        scene.wait_done()
    assert len(scene.hits()) == 1
