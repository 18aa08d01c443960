"""Records that Kafka refuses (known fault 3: a commit past a hit that was dropped)."""

from hashlib import blake2b

from tests.support.worker_scene import LISTED_PLATE, WorkerEnvironment, read_json

LARGE = "XY987ZW"
"""The plate of the alert with a long reason, whose match and hit are large."""
REASON = "".join(blake2b(bytes([number])).hexdigest() for number in range(7))
"""A text that compression does not shorten."""


def test_fault_3_a_refused_hit_stops_the_worker(scene: WorkerEnvironment) -> None:
    """It is not skipped: the worker stops, and emits the hit once the topic accepts it."""
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


def test_fault_3_a_refused_match_stops_the_worker(scene: WorkerEnvironment) -> None:
    """The read of the match is not skipped."""
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
