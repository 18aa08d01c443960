"""A verdict counts only from a centre that may judge the hit; others are refused, logged and counted."""

from streams.records.times import DAY_MS
from tests.support.waiting import wait_until
from tests.support.worker_scene import WorkerEnvironment, now_ms, read_json


def test_refused_verdicts_change_nothing_and_are_logged(scene: WorkerEnvironment) -> None:
    scene.create_topics().produce_alert()
    scene.produce_alert("BC234DE", "audience", audience=["fr-nord"])
    with scene.worker_process() as worker:
        scene.produce(scene.reads, read_json(), read_json("BC234DE", "r2"))
        first, second = sorted(scene.wait_hits(2, "both reads are hits"), key=lambda hit: hit.read_id)
        scene.produce_verdict(first.hit_id, centre="unknown")
        scene.produce_verdict(second.hit_id)
        scene.produce_verdict(first.hit_id, at_ms=now_ms() - 30 * DAY_MS)
        scene.produce_verdict(first.hit_id, at_ms=now_ms() + DAY_MS)
        scene.produce_verdict(first.hit_id, "confirmed")
        hits = scene.wait_hits(3, "the verdict that counts is shown")
        refused = [line for line in worker.output().splitlines() if " refused (" in line]
        wait_until(lambda: worker.output().count(" refused (") >= 4, "the others are logged")
    assert [(hit.read_id, hit.kind) for hit in hits] == [("r1", "new"), ("r2", "new"), ("r1", "amended")]
    for rule in ("unknown-centre", "not-notified", "before-its-hit", "in-the-future"):
        assert f"refused (verdict.{rule})" in worker.output(), refused


def test_a_verdict_is_remembered_as_long_with_a_restart_as_without(scene: WorkerEnvironment) -> None:
    """A pair that was rejected stays rejected for the next worker."""
    scene.create_topics().produce_alert()
    with scene.running_worker():
        scene.produce(scene.reads, read_json())
        (hit,) = scene.wait_hits(1, "the read is a hit")
        scene.produce_verdict(hit.hit_id)
        scene.wait_hits(2, "it is retracted")
    with scene.running_worker():
        scene.produce(scene.reads, read_json(read_id="again"))
        scene.wait_processed()
    assert [(hit.read_id, hit.kind) for hit in scene.emitted_hits()] == [("r1", "new"), ("r1", "withdrawn")]
