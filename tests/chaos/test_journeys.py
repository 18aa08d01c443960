"""Journeys through workers that are killed: they are whole, and handovers stand as if nobody had ended."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from confluent_kafka import Producer

from streams.records.encode import encode
from streams.records.read import Read
from streams.records.times import to_ms, truncate_to_ms
from tests.chaos.check import EmittedHit, read_hits, revision_differences
from tests.chaos.environment import ChaosEnvironment
from tests.chaos.roads import RoadTraffic, active_handovers, complete_journeys, count_late
from tests.support.cases.compare import active_hits
from tests.support.cases.loading import Case, Row
from tests.support.cases.runner import ReplayRunner
from tests.support.processes import ProcessSupervisor
from tests.support.waiting import HANG_LIMIT_S, wait_until

pytestmark = pytest.mark.chaos
KILLS = 4


def test_vehicles_drive_on(ground: ChaosEnvironment) -> None:
    """Two workers are killed in turn while vehicles are on their way; one has a name, the other has none.

    At the end stands what a replay of the same reads in the order of their times says, and that is what the
    vehicles did.
    """
    now = truncate_to_ms(datetime.now(UTC))
    roads = RoadTraffic(now, ground.seed)
    sent = roads.reads_to_send()
    ground.settings = roads.settings()
    ground.put_alerts(vehicle.alert for vehicle in roads.vehicles)
    due = _replay(ground, roads, sent, now)
    _check_driven(roads, due)
    assert count_late(sent) > len(sent) / 20

    workers = [ground.start_supervised(1), ground.start_supervised(2, is_member=True)]
    ends = [len(sent) * part // (2 * KILLS) for part in range(2 * KILLS + 1)]
    parts = [sent[begin:end] for begin, end in pairwise(ends)]
    for kill in range(KILLS):
        for worker in workers:
            _wait_ready(worker)
        before = sum(ground.stage.end_offsets(ground.topics.hits))
        _send(ground, parts[2 * kill])
        if kill >= KILLS // 2:
            # At first as soon as there are reads, then when some of their hits are emitted.
            _wait_emitted(ground, before)
        workers[kill % 2].current.kill()
        _send(ground, parts[2 * kill + 1])
        for topic in (ground.topics.reads, ground.topics.matches):
            ground.stage.wait_committed(ground.name, topic, HANG_LIMIT_S)

    def stands() -> dict[str, Row]:
        ground.hits = read_hits(ground.stage, ground.topics.hits)
        return active_hits(_by_revision(ground.hits))

    try:
        wait_until(lambda: stands() == due, "what a replay says stands")
    except TimeoutError:
        assert stands() == due
    assert _revision_faults(ground.hits) == []
    assert [worker.exits for worker in workers] == [[-9] * (KILLS // 2)] * 2


def _replay(
    ground: ChaosEnvironment, roads: RoadTraffic, sent: Sequence[Read], now: datetime
) -> dict[str, Row]:
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
    return active_hits(result.hits)


def _check_driven(roads: RoadTraffic, due: dict[str, Row]) -> None:
    """Fails if what stands is not what the vehicles did, or not all that is to be shown is among it."""
    assert complete_journeys(due.values()) == {
        each.alert.alert_id: roads.passed_sites(each) for each in roads.vehicles
    }
    borders = {each.alert.alert_id: roads.crossed_borders(each) for each in roads.vehicles}
    crossed = active_handovers(due.values(), "crossed")
    assert crossed.keys() == {alert for alert, passed in borders.items() if passed}
    copied = {each.alert.alert_id for each in roads.vehicles if each.is_cloned}
    for alert, crossings in crossed.items():
        if alert in copied:
            # Which of two vehicles with one plate came back and which passed by, nobody knows.
            (one,) = crossings
            assert one[:2] in {border[:2] for border in borders[alert]}
        else:
            assert crossings == borders[alert][:1]
    assert {border.to for here in crossed.values() for border in here} == {"BE", "FR"}
    assert active_handovers(due.values(), "heading")
    assert any(hit.get("doubts") for hit in due.values())


def _send(ground: ChaosEnvironment, reads: Sequence[Read]) -> None:
    """Puts reads on their topic, and waits until the broker has them."""
    producer = Producer({"bootstrap.servers": ground.stage.servers, "acks": "all", "log_level": 0})
    for read in reads:
        producer.produce(ground.topics.reads, encode(read), read.camera_id.encode())
    assert producer.flush(60) == 0


def _wait_ready(worker: ProcessSupervisor) -> None:
    """Waits until a worker that may have been killed is there again."""
    wait_until(lambda: worker.current.alive, "a worker is started again")
    worker.current.wait_ready()


def _wait_emitted(ground: ChaosEnvironment, before: int) -> None:
    """Waits until more hits are emitted than there were."""
    hits = ground.topics.hits
    wait_until(lambda: sum(ground.stage.end_offsets(hits)) > before, "a hit is emitted")


def _by_revision(hits: Iterable[EmittedHit]) -> list[Row]:
    """The hits with the latest revision of each last."""
    return sorted((each.hit for each in hits), key=lambda hit: int(hit["revision"]))


def _revision_faults(hits: Iterable[EmittedHit]) -> list[str]:
    """What is wrong with the course of revisions: each comes after the one before, again only as it was."""
    first: dict[tuple[str, int], EmittedHit] = {}
    newest: dict[str, int] = {}
    faults = []
    for each in hits:
        hit_id, revision = each.hit["hit_id"], each.hit["revision"]
        if (hit_id, revision) not in first and revision != newest.get(hit_id, 0) + 1:
            faults.append(f"hit {hit_id}: revision {revision} comes after {newest.get(hit_id)}")
        newest[hit_id] = max(revision, newest.get(hit_id, 0))
        faults += revision_differences(first.setdefault((hit_id, revision), each), each)
    return faults
