"""A gateway that sends nothing but poison: the worker ends rather than empty the topic."""

from tests.support.running_worker import until
from tests.support.worker_scene import Scene, read_json


def test_a_burst_of_nothing_but_poison(scene: Scene) -> None:
    """It ends by itself each time it is started, with all still there, until a higher share is set."""
    scene.make().alert()
    for number in range(3000):
        scene.put_soon(scene.reads, b"rubbish %d" % number)
    scene.flush()

    with scene.process() as process:
        until(lambda: not process.alive, "the worker ends by itself")
        assert process.exit_code == 1, process.said()
        (told,) = [line for line in process.said().splitlines() if line.startswith("anpr worker: ")]
    again = scene.worker()
    again.start()
    for text in (told, again.trouble()):
        assert scene.reads in text
        assert "3,000 of the latest 3,000 records" in text
        assert "rejected_share = 0.5" in text
        assert "rubbish" not in text
    assert scene.committed(scene.reads) == [0]
    assert scene.ends(scene.names.rejected) == [0]

    with scene.running(rejected_share=1.0):
        scene.put(scene.reads, read_json(read_id="good"))
        scene.wait_done()
    assert [each.read_id for each in scene.hits()] == ["good"]
    assert {each.value() for each in scene.whole(scene.names.rejected)} == {
        b"rubbish %d" % number for number in range(3000)
    }
