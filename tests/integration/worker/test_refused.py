"""Records that Kafka does not take (engine fault 3: a commit that passes over a hit that was dropped)."""

from hashlib import blake2b

from tests.support.worker_scene import LISTED_PLATE, WorkerEnvironment, read_json

LARGE = "XY987ZW"
"""The plate of the alert with many words, whose hit and match are large."""
REASON = "".join(blake2b(bytes([number])).hexdigest() for number in range(7))
"""Words that compression makes no shorter."""


def test_fault_3_a_hit_that_is_refused(scene: WorkerEnvironment) -> None:
    """It is not passed over: the worker ends, and tells the hit when the topic takes it."""
    scene.create_topics(hits={"max.message.bytes": "1200"}).produce_alert()
    scene.produce_alert(LARGE, "a2", reason=REASON)
    worker = scene.make_worker()
    worker.start()
    scene.produce(scene.reads, read_json(read_id="before"))
    scene.wait_processed()
    scene.produce(scene.reads, read_json(LARGE, "large"), read_json(read_id="after"))
    text = worker.wait_failure()
    assert scene.names.hits in text
    assert "MessageSizeTooLarge" in text
    assert "is not committed" in text
    shown = "\n".join([text, *worker.messages])
    assert LARGE not in shown
    assert LISTED_PLATE not in shown
    assert scene.committed_offsets(scene.names.matches) == [1]
    assert "large" not in {each.read_id for each in scene.emitted_hits()}

    scene.alter_topic(scene.names.hits, max_message_bytes="1048588")
    with scene.running_worker():
        scene.wait_processed()
    assert {each.read_id for each in scene.emitted_hits()} == {"before", "large", "after"}
    assert {each.kind for each in scene.emitted_hits()} == {"new"}


def test_fault_3_a_match_that_is_refused(scene: WorkerEnvironment) -> None:
    """The read that it came from is not passed over."""
    scene.create_topics(matches={"max.message.bytes": "1200"}).produce_alert()
    scene.produce_alert(LARGE, "a2", reason=REASON)
    worker = scene.make_worker()
    worker.start()
    scene.produce(scene.reads, read_json(read_id="before"))
    scene.wait_processed()
    scene.produce(scene.reads, read_json(LARGE, "large"))
    text = worker.wait_failure()
    assert scene.names.matches in text
    assert "MessageSizeTooLarge" in text
    assert LARGE not in "\n".join([text, *worker.messages])
    assert scene.committed_offsets(scene.reads) == [1]

    scene.alter_topic(scene.names.matches, max_message_bytes="1048588")
    with scene.running_worker():
        scene.wait_processed()
    assert [each.read_id for each in scene.emitted_hits()] == ["before", "large"]
