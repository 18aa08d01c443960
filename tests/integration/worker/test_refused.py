"""Records that Kafka does not take (engine fault 3: a commit that passes over a hit that was dropped)."""

from hashlib import blake2b

from tests.support.worker_scene import LISTED, Scene, read_json

LARGE = "XY987ZW"
"""The plate of the alert with many words, whose hit and match are large."""
REASON = "".join(blake2b(bytes([number])).hexdigest() for number in range(7))
"""Words that compression makes no shorter."""


def test_fault_3_a_hit_that_is_refused(scene: Scene) -> None:
    """It is not passed over: the worker ends, and tells the hit when the topic takes it."""
    scene.make(hits={"max.message.bytes": "1200"}).alert()
    scene.alert(LARGE, "a2", reason=REASON)
    worker = scene.worker()
    worker.start()
    scene.put(scene.reads, read_json(read_id="before"))
    scene.wait_done()
    scene.put(scene.reads, read_json(LARGE, "large"), read_json(read_id="after"))
    text = worker.trouble()
    assert scene.names.hits in text
    assert "MessageSizeTooLarge" in text
    assert "is not committed" in text
    shown = "\n".join([text, *worker.said])
    assert LARGE not in shown
    assert LISTED not in shown
    assert scene.committed(scene.names.matches) == [1]
    assert "large" not in {each.read_id for each in scene.hits()}

    scene.change(scene.names.hits, max_message_bytes="1048588")
    with scene.running():
        scene.wait_done()
    assert {each.read_id for each in scene.hits()} == {"before", "large", "after"}
    assert {each.kind for each in scene.hits()} == {"new"}


def test_fault_3_a_match_that_is_refused(scene: Scene) -> None:
    """The read that it came from is not passed over."""
    scene.make(matches={"max.message.bytes": "1200"}).alert()
    scene.alert(LARGE, "a2", reason=REASON)
    worker = scene.worker()
    worker.start()
    scene.put(scene.reads, read_json(read_id="before"))
    scene.wait_done()
    scene.put(scene.reads, read_json(LARGE, "large"))
    text = worker.trouble()
    assert scene.names.matches in text
    assert "MessageSizeTooLarge" in text
    assert LARGE not in "\n".join([text, *worker.said])
    assert scene.committed(scene.reads) == [1]

    scene.change(scene.names.matches, max_message_bytes="1048588")
    with scene.running():
        scene.wait_done()
    assert [each.read_id for each in scene.hits()] == ["before", "large"]
