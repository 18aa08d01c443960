"""A worker takes over from one that has stopped: it emits what is missing and repeats nothing."""

from streams.records.times import HOUR_MS, from_ms, to_rfc3339
from tests.support.worker_scene import EmittedHit, WorkerEnvironment, now_ms, read_json


def summarise(hits: list[EmittedHit]) -> list[tuple[str, int, str, str | None]]:
    """Return read, revision, kind and reason of each hit."""
    return [each[:4] for each in hits]


def test_a_passage_continues_over_takeovers(scene: WorkerEnvironment) -> None:
    """A better read amends the hit of an earlier worker; a worse one after it emits nothing."""
    scene.create_topics().produce_alert()
    now = now_ms()
    with scene.running_worker(passage_gap_s=60):
        scene.produce(scene.reads, read_json(read_id="fair", at_ms=now, camera_id="c1", confidence=0.6))
        scene.wait_processed()
    with scene.running_worker(passage_gap_s=60):
        scene.produce(
            scene.reads, read_json(read_id="good", at_ms=now + 1000, camera_id="c1", confidence=0.9)
        )
        scene.wait_processed()
    with scene.running_worker(passage_gap_s=60):
        scene.produce(scene.reads, read_json(read_id="bad", at_ms=now + 2000, camera_id="c1", confidence=0.3))
        scene.wait_processed()
    hits = scene.emitted_hits()
    assert summarise(hits) == [("fair", 1, "new", None), ("good", 2, "amended", None)]
    assert len({each.hit_id for each in hits}) == 1


def test_changes_while_no_worker_ran_take_effect(scene: WorkerEnvironment) -> None:
    """A verdict, a withdrawal, new versions and an expiry; an unchanged alert keeps its hit."""
    plates = {
        "judged": "AB123CD",
        "gone": "BC234DE",
        "replaced": "DE345FG",
        "restated": "EF345GH",
        "expired": "FG456HJ",
        "kept": "HJ567KL",
    }
    scene.create_topics()
    now = now_ms()
    for alert_id, plate in plates.items():
        validity = {"valid_until": to_rfc3339(from_ms(now + HOUR_MS // 2))} if alert_id == "expired" else {}
        scene.produce_alert(plate, alert_id, **validity)
    with scene.running_worker():
        scene.produce(scene.reads, *(read_json(plate, name, now) for name, plate in plates.items()))
        scene.wait_processed()
    first = scene.emitted_hits()
    assert sorted(summarise(first)) == sorted((name, 1, "new", None) for name in plates)

    scene.produce_verdict(next(each.hit_id for each in first if each.read_id == "judged"))
    scene.produce_withdrawal("gone")
    scene.produce_alert(plates["replaced"], "replaced", version=2, vehicle={"colour": "red"})
    scene.produce_alert(plates["restated"], "restated", version=2, priority=1)
    with scene.running_worker(clock=lambda _: now_ms() + HOUR_MS):
        scene.wait_hits(12, "the changes take effect")
        # Nothing else is emitted before the hits of these reads.
        scene.produce(
            scene.reads,
            read_json(plates["judged"], "again", now + 1),
            read_json(plates["kept"], "next", now + 1),
        )
        scene.wait_processed()
    second = scene.emitted_hits()[len(first) :]
    assert sorted(summarise(second), key=str) == sorted(
        [
            ("judged", 2, "withdrawn", "rejected"),
            ("gone", 2, "withdrawn", "alert-withdrawn"),
            ("replaced", 2, "withdrawn", "alert-replaced"),
            ("replaced", 1, "new", None),
            ("restated", 2, "amended", None),
            ("expired", 2, "withdrawn", "alert-expired"),
            ("next", 1, "new", None),
        ],
        key=str,
    )

    with scene.running_worker(clock=lambda _: now_ms() + HOUR_MS):
        scene.produce(
            scene.reads,
            read_json(plates["judged"], "and again", now + 2),
            read_json(plates["kept"], "last", now + 2),
        )
        scene.wait_processed()
    assert summarise(scene.emitted_hits()[len(first) + len(second) :]) == [("last", 1, "new", None)]
