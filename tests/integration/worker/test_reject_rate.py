"""A gateway that sends only poison: the worker stops rather than drain the topic."""

from streams.records.times import DAY_MS
from tests.support.waiting import wait_until
from tests.support.worker_scene import LISTED_PLATE, WorkerEnvironment, now_ms, read_json


def test_a_burst_of_poison_stops_the_worker(scene: WorkerEnvironment) -> None:
    """It stops each time it is started, and the records stay, until a higher share is set."""
    scene.create_topics().produce_alert()
    for number in range(3000):
        scene.produce_async(scene.reads, b"rubbish %d" % number)
    scene.flush()

    with scene.worker_process() as process:
        wait_until(lambda: not process.alive, "the worker stops")
        assert process.exit_code == 1, process.output()
        (failure,) = [line for line in process.output().splitlines() if line.startswith("anpr worker: ")]
    second = scene.make_worker()
    second.start()
    for text in (failure, second.wait_failure()):
        assert scene.reads in text
        assert "3,000 of the latest 3,000 records" in text
        assert "rejected_share = 0.5" in text
        assert "rubbish" not in text
    assert scene.committed_offsets(scene.reads) == [0]
    assert scene.end_offsets(scene.names.rejected) == [0]

    with scene.running_worker(rejected_share=1.0):
        scene.produce(scene.reads, read_json(read_id="good"))
        scene.wait_processed()
    assert [each.read_id for each in scene.emitted_hits()] == ["good"]
    assert {each.value() for each in scene.read_topic(scene.names.rejected)} == {
        b"rubbish %d" % number for number in range(3000)
    }


def test_a_camera_whose_clock_is_wrong_does_not_stop_the_worker(scene: WorkerEnvironment) -> None:
    """Nearly all reads of the topic are its; they are dead letters, and the log names it, not its plates."""
    scene.create_topics().produce_alert()
    wrong = [
        read_json(read_id=f"w{number}", at_ms=now_ms() + DAY_MS, camera_id="c-wrong")
        for number in range(3000)
    ]
    with scene.worker_process() as process:
        for value in wrong:
            scene.produce_async(scene.reads, value)
        scene.flush()
        scene.produce(scene.reads, read_json(read_id="good"))
        scene.wait_processed()
        assert process.alive, process.output()
        process.stop_gracefully()
    assert [each.read_id for each in scene.emitted_hits()] == ["good"]
    assert sorted(bytes(each.value() or b"") for each in scene.read_topic(scene.names.rejected)) == sorted(
        wrong
    )
    lines = [line for line in process.output().splitlines() if "implausible-time" in line]
    assert lines
    assert all(scene.reads in line and "c-wrong" in line for line in lines)
    assert LISTED_PLATE not in process.output()
