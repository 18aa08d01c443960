"""A simulated world in real time: the same records however often one looks, and no vehicle too fast."""

from collections import defaultdict
from itertools import pairwise

import pytest

from streams.network.builtin import builtin_sites
from streams.network.distance import km_between
from streams.records.times import MINUTE_MS, to_ms
from streams.simulation.live import Disturbances, LiveRecord, LiveTraffic
from streams.simulation.rates import Rates
from streams.simulation.scenario import Scenario
from streams.simulation.trips import MAX_KMH
from streams.simulation.world import World

START_MS = 1_780_000_000_000
CALM = Disturbances(resent=0, malformed=0, outage_s=0)


@pytest.fixture(scope="module")
def world() -> World:
    """Ten minutes of traffic, one vehicle in ten listed."""
    rates = Rates(listed=0.1, late=0.0, clock_wrong=0.0)
    return World(Scenario(5, 6_000, 4_000, 1_779_379_200_000, 1 / 6, rates))


def all_records(traffic: LiveTraffic, step_ms: int = 10 * MINUTE_MS) -> list[LiveRecord]:
    found: list[LiveRecord] = []
    now_ms = START_MS
    while not traffic.is_exhausted:
        now_ms += step_ms
        found += traffic.until(now_ms)
    return found


def test_every_read_is_sent_once_and_its_times_are_moved(world: World) -> None:
    records = all_records(LiveTraffic(world, START_MS, disturbances=CALM))
    assert len(records) == len({record.read.read_id for record in records if record.read}) == 6_000
    first, last = START_MS - MINUTE_MS, START_MS + 11 * MINUTE_MS
    assert all(first < to_ms(record.read.captured_at) < last for record in records if record.read)


def test_records_are_the_same_however_often_one_looks(world: World) -> None:
    at_once = all_records(LiveTraffic(world, START_MS))
    bit_by_bit = all_records(LiveTraffic(world, START_MS), step_ms=777)
    assert at_once == bit_by_bit
    assert [record.due_ms for record in at_once] == sorted(record.due_ms for record in at_once)


def test_records_are_resent_malformed_and_held_back(world: World) -> None:
    records = all_records(LiveTraffic(world, START_MS))
    reads = [record.read for record in records if record.read]
    assert len(reads) > len({read.read_id for read in reads}), "some are sent twice"
    assert any(record.read is None for record in records), "some are malformed"
    assert any(read.retransmitted for read in reads), "some are held back while a link is down"


def test_only_cameras_at_the_sites_given_send(world: World) -> None:
    sites = {"lille", "gent"}
    records = all_records(LiveTraffic(world, START_MS, sites, CALM))
    assert {record.camera.site_id for record in records} == sites


def test_no_vehicle_is_faster_than_any_drives(world: World) -> None:
    """The straight line between two sites is never longer than the fastest drive in the time between."""
    sites = builtin_sites("fr-be")
    passages = defaultdict(set)
    for record in all_records(LiveTraffic(world, START_MS, disturbances=CALM)):
        passages[record.truth.vehicle_id].add((to_ms(record.truth.passed_at), record.truth.site_id))
    legs = 0
    for stops in passages.values():
        for (before_ms, start), (after_ms, end) in pairwise(sorted(stops)):
            if start != end:
                legs += 1
                hours = (after_ms - before_ms) / (60 * MINUTE_MS)
                assert km_between(sites[start], sites[end]) <= MAX_KMH * hours
    assert legs > 20
