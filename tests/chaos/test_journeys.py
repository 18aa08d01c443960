"""Journeys through workers that are killed: they are whole, and handovers stand as if nobody had ended."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from confluent_kafka import Producer

from streams.records.encode import encode
from streams.records.read import Read
from streams.records.times import to_ms, whole_ms
from tests.chaos.check import Told, differing, told
from tests.chaos.environment import Ground
from tests.chaos.roads import Roads, handed_over, late, whole
from tests.support.cases.compare import standing
from tests.support.cases.loading import Case, Row
from tests.support.cases.runner import ReplayRunner
from tests.support.processes import Supervisor, wait_until

pytestmark = pytest.mark.faults
KILLS = 4
_WITHIN_S = 120
_RIGHT_WITHIN_S = 30


def test_vehicles_drive_on(ground: Ground) -> None:
    """Two workers are killed in turn while vehicles are on their way; one has a name, the other has none.

    At the end stands what a replay of the same reads in the order of their times says, and that is what the
    vehicles did.
    """
    now = whole_ms(datetime.now(UTC))
    roads = Roads(now, ground.seed)
    sent = roads.sent()
    ground.settings = roads.settings()
    ground.put(vehicle.alert for vehicle in roads.vehicles)
    due = _replayed(ground, roads, sent, now)
    _as_driven(roads, due)
    assert late(sent) > len(sent) / 20

    workers = [ground.supervised(1), ground.supervised(2, member=True)]
    ends = [len(sent) * part // (2 * KILLS) for part in range(2 * KILLS + 1)]
    parts = [sent[begin:end] for begin, end in pairwise(ends)]
    for kill in range(KILLS):
        for worker in workers:
            _wait_ready(worker)
        before = sum(ground.stage.ends(ground.topics.hits))
        _send(ground, parts[2 * kill])
        if kill >= KILLS // 2:
            # At first as soon as there are reads, then when some of their hits are told.
            _wait_told(ground, before)
        workers[kill % 2].now.kill()
        _send(ground, parts[2 * kill + 1])
        for topic in (ground.topics.reads, ground.topics.matches):
            ground.stage.wait_committed(ground.name, topic, _WITHIN_S)

    def stands() -> dict[str, Row]:
        ground.hits = told(ground.stage, ground.topics.hits)
        return standing(_latest(ground.hits))

    try:
        wait_until(lambda: stands() == due, _RIGHT_WITHIN_S, "what a replay says stands")
    except TimeoutError:
        assert stands() == due
    assert _faults(ground.hits) == []
    assert [worker.exits for worker in workers] == [[-9] * (KILLS // 2)] * 2


def _replayed(ground: Ground, roads: Roads, sent: Sequence[Read], now: datetime) -> dict[str, Row]:
    """What stands after a replay of the same reads, in the order of their times."""
    alerts = [*ground.traffic.alerts, *(vehicle.alert for vehicle in roads.vehicles)]
    reads = sorted(sent, key=lambda read: (read.captured_at, read.read_id))
    case = Case(
        ground.name,
        "",
        [encode(read) for read in reads],
        [encode(alert) for alert in alerts],
        [],
        ground.settings,
        to_ms(now),
        [],
        [],
    )
    result = ReplayRunner().run(case)
    assert not result.rejected
    return standing(result.hits)


def _as_driven(roads: Roads, due: dict[str, Row]) -> None:
    """Fails if what stands is not what the vehicles did, or not all that is to be shown is among it."""
    assert whole(due.values()) == {each.alert.alert_id: roads.passed(each) for each in roads.vehicles}
    borders = {each.alert.alert_id: roads.crossed(each) for each in roads.vehicles}
    crossed = handed_over(due.values(), "crossed")
    assert crossed.keys() == {alert for alert, passed in borders.items() if passed}
    copied = {each.alert.alert_id for each in roads.vehicles if each.copied}
    for alert, told_ in crossed.items():
        if alert in copied:
            # Which of two vehicles with one plate came back and which passed by, nobody knows.
            (one,) = told_
            assert one[:2] in {border[:2] for border in borders[alert]}
        else:
            assert told_ == borders[alert][:1]
    assert {border.to for here in crossed.values() for border in here} == {"BE", "FR"}
    assert handed_over(due.values(), "heading")
    assert any(hit.get("doubts") for hit in due.values())


def _send(ground: Ground, reads: Sequence[Read]) -> None:
    """Puts reads on their topic, and waits until the broker has them."""
    producer = Producer({"bootstrap.servers": ground.stage.servers, "acks": "all", "log_level": 0})
    for read in reads:
        producer.produce(ground.topics.reads, encode(read), read.camera_id.encode())
    assert producer.flush(60) == 0


def _wait_ready(worker: Supervisor) -> None:
    """Waits until a worker that may have been killed is there again."""
    wait_until(lambda: worker.now.alive, _WITHIN_S, "a worker is started again")
    worker.now.wait_ready()


def _wait_told(ground: Ground, before: int) -> None:
    """Waits until more hits are told than there were."""
    hits = ground.topics.hits
    wait_until(lambda: sum(ground.stage.ends(hits)) > before, _WITHIN_S, "a hit is told")


def _latest(hits: Iterable[Told]) -> list[Row]:
    """The hits with the latest revision of each last."""
    return sorted((each.hit for each in hits), key=lambda hit: int(hit["revision"]))


def _faults(hits: Iterable[Told]) -> list[str]:
    """What is wrong with the course of revisions: each comes after the one before, again only as it was."""
    first: dict[tuple[str, int], Told] = {}
    newest: dict[str, int] = {}
    faults = []
    for each in hits:
        hit_id, revision = each.hit["hit_id"], each.hit["revision"]
        if (hit_id, revision) not in first and revision != newest.get(hit_id, 0) + 1:
            faults.append(f"hit {hit_id}: revision {revision} comes after {newest.get(hit_id)}")
        newest[hit_id] = max(revision, newest.get(hit_id, 0))
        faults += differing(first.setdefault((hit_id, revision), each), each)
    return faults
