"""A slow alert delays the hits of no other: long work is done in slices, with the watchdog on."""

from typing import Final

import pytest
from confluent_kafka import Message

from streams.records.encode import encode
from streams.records.times import from_ms, to_rfc3339
from streams.records.verdict import Verdict
from tests.support.waiting import wait_until
from tests.support.worker_scene import EmittedHit, WorkerEnvironment, now_ms, read_json

OTHER_PLATE: Final = "XY987ZZ"
STALLED_AFTER_S: Final = 10
"""Far less than the work takes that would hold the event loop if it were not done in slices."""


def plate_of(number: int) -> str:
    """Return a plate that fits the pattern ABC*."""
    return f"ABC{number:05d}"


def list_pattern_and_other(scene: WorkerEnvironment) -> None:
    """List the pattern and the other vehicle."""
    scene.create_topics().produce_alert("ABC*", "pattern", match={"mode": "pattern"})
    scene.produce_alert(OTHER_PLATE, "other")


def produce_pattern_reads(scene: WorkerEnvironment, count: int) -> None:
    """Send a read of each of many vehicles that fit the pattern."""
    for number in range(count):
        scene.produce_async(scene.reads, read_json(plate_of(number), f"p{number}"))
    scene.flush()


def first_offset(records: list[Message], read_id: str) -> int:
    """Return the offset of the first hit of a read."""
    needle = b'"read_id":"%s"' % read_id.encode()
    return next(offset for offset, record in enumerate(records) if needle in (record.value() or b""))


def hits_of(scene: WorkerEnvironment, prefix: str) -> list[EmittedHit]:
    """Return the hits of reads whose id begins with a prefix."""
    return [hit for hit in scene.emitted_hits() if hit.read_id.startswith(prefix)]


def test_a_vehicle_parked_before_a_camera_holds_up_no_other(scene: WorkerEnvironment) -> None:
    """8,000 reads of one passage wait, among them reads of another vehicle."""
    scene.create_topics().produce_alert()
    scene.produce_alert(OTHER_PLATE, "other")
    scene.passage_gap_s = 5
    begin_ms = now_ms() - 10_000_000
    for number in range(8_000):
        at_ms = begin_ms + 1_000 * number
        scene.produce_async(scene.reads, read_json(read_id=f"s{number}", at_ms=at_ms, camera_id="c1"))
        if number % 100 == 0:
            scene.produce_async(scene.reads, read_json(OTHER_PLATE, f"o{number}", at_ms))
    scene.flush()
    with scene.worker_process(stalled_after_s=STALLED_AFTER_S) as worker:
        scene.wait_hits(1 + 80 + 1, "the stay is over, and each read of the other is a hit")
        assert worker.alive
    assert len(hits_of(scene, "o")) == 80
    new, *_, last = hits_of(scene, "s")
    assert (new.read_id, new.kind, new.hit.get("passage")) == ("s0", "new", None)
    assert (last.read_id, last.kind, last.hit["passage"]["since"]) == (
        "s0",
        "amended",
        new.hit["read"]["captured_at"],
    )
    assert last.hit["passage"]["until"] == to_rfc3339(from_ms(begin_ms + 1_000 * 7_999))


def test_a_change_of_a_pattern_with_many_hits_is_made_in_slices(scene: WorkerEnvironment) -> None:
    """The hit of another vehicle comes before the last of the hits that the change retracts."""
    count = 6_000
    list_pattern_and_other(scene)
    produce_pattern_reads(scene, count)
    with scene.worker_process(stalled_after_s=STALLED_AFTER_S) as worker:
        scene.wait_hits(count, "all vehicles that fit are hits")
        scene.produce_alert("ACD*", "pattern", version=2, match={"mode": "pattern"})
        scene.produce(scene.reads, read_json(OTHER_PLATE, "other"))
        scene.wait_hits(2 * count + 1, "all hits are retracted, and there is one more")
        assert worker.alive
    records = scene.read_topic(scene.names.hits)
    assert first_offset(records, "other") < len(records) - 1
    withdrawn = [hit for hit in scene.emitted_hits() if hit.kind == "withdrawn"]
    assert {(hit.reason, hit.revision) for hit in withdrawn} == {("alert-replaced", 2)}
    assert len(withdrawn) == count


def test_verdicts_on_the_hits_of_a_pattern_hold_up_no_other(scene: WorkerEnvironment) -> None:
    """5,000 acknowledgements on a pattern, and reads of another vehicle meanwhile: nothing is missing."""
    count = 5_000
    list_pattern_and_other(scene)
    produce_pattern_reads(scene, count)
    with scene.worker_process(stalled_after_s=STALLED_AFTER_S) as worker:
        hits = scene.wait_hits(count, "all vehicles that fit are hits")
        for number, hit in enumerate(hits):
            verdict = Verdict(hit.hit_id, "be-west", "acknowledged", from_ms(now_ms()))
            scene.produce_async(scene.names.verdicts, encode(verdict), key=hit.hit_id.encode())
            if number % 50 == 0:
                scene.produce_async(scene.reads, read_json(OTHER_PLATE, f"o{number}"))
        scene.flush()
        scene.wait_hits(2 * count + count // 50, "all verdicts and reads are handled")
        assert worker.alive
    assert len(hits_of(scene, "o")) == count // 50
    assert sum(hit.kind == "amended" for hit in hits_of(scene, "p")) == count


@pytest.mark.parametrize("stop", ["SIGTERM", "SIGKILL"])
def test_work_cut_off_is_done_by_the_next_worker(scene: WorkerEnvironment, stop: str) -> None:
    """What is left of a change is done by the next worker, once."""
    count = 3_000
    scene.create_topics().produce_alert("ABC*", "pattern", match={"mode": "pattern"})
    produce_pattern_reads(scene, count)
    with scene.worker_process("first") as worker:
        scene.wait_hits(count, "all vehicles that fit are hits")
        scene.produce_alert("ACD*", "pattern", version=2, match={"mode": "pattern"})
        scene.wait_hits(count + 1, "the change takes effect")
        if stop == "SIGKILL":
            worker.kill()
        else:
            worker.terminate()
    with scene.worker_process("second"):
        wait_until(
            lambda: len({hit.hit_id for hit in scene.emitted_hits() if hit.kind == "withdrawn"}) == count,
            "all hits are retracted",
        )
