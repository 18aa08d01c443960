"""A gateway that sends only poison: the worker stops rather than drain the topic."""

from tests.support.waiting import wait_until
from tests.support.worker_scene import WorkerEnvironment, read_json


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
