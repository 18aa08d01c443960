"""The simulated world: reproducible, with valid records and the truth about every read."""

from collections import Counter, defaultdict
from functools import lru_cache
from typing import Any, Final

import msgspec
import numpy as np
import pytest

from streams.confusions.evidence import EVIDENCE_KINDS, build_evidence
from streams.plates.normal_form import normalise
from streams.records.alert import Alert
from streams.records.decode import decode_alerts, decode_reads
from streams.records.read import Read
from streams.records.times import HOUR_MS, to_ms
from streams.settings.load import parse_settings
from streams.simulation.rates import QualityMix, Rates
from streams.simulation.routes import builtin_routes
from streams.simulation.scenario import Scenario
from streams.simulation.truth import TruePassage, Truth
from streams.simulation.world import World

BEGIN: Final = 1_779_321_600_000
READS: Final = 12_000
ALERTS: Final = 300
TRUTHS: Final = msgspec.json.Decoder(Truth)
PASSAGES: Final = msgspec.json.Decoder(TruePassage)


def world(
    seed: int = 7, reads: int = READS, alerts: int = ALERTS, hours: float = 24.0, **rates: Any
) -> World:
    return World(Scenario(seed, reads, alerts, BEGIN, hours, Rates(**rates)))


def made(of: World) -> tuple[list[Read], list[Truth], list[Alert]]:
    """Return all reads, truths and alerts, decoded; none may be rejected."""
    batches = list(of.read_batches())
    decoded = decode_reads(b"".join(batch.reads for batch in batches).splitlines())
    assert not decoded.rejected
    alerts = decode_alerts(b"".join(of.alert_batches()).splitlines())
    taken = [alert for alert in alerts if isinstance(alert, Alert)]
    assert len(taken) == len(alerts) == of.scenario.alerts
    return decoded.reads, TRUTHS.decode_lines(b"".join(batch.truth for batch in batches)), taken


@lru_cache(maxsize=1)
def usual() -> tuple[World, list[Read], list[Truth], list[Alert]]:
    of = world(listed=0.02)
    return of, *made(of)


def share(found: Any) -> float:
    return float(np.mean(list(found)))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not() -> None:
    one, same, other = (world(seed, 6000) for seed in (1, 1, 2))
    assert list(one.read_batches()) == list(same.read_batches()) == list(one.read_batches())
    assert list(one.alert_batches()) == list(same.alert_batches())
    assert list(one.passage_batches()) == list(same.passage_batches())
    assert one.config == same.config
    assert next(other.read_batches()) != next(one.read_batches())
    assert next(other.alert_batches()) != next(one.alert_batches())


def test_the_number_of_reads_is_exact_and_each_has_its_truth() -> None:
    of, reads, truths, _ = usual()
    assert len(reads) == READS
    assert [read.read_id for read in reads] == [truth.read_id for truth in truths]
    assert len({read.read_id for read in reads}) == READS
    sites = {camera.camera_id: camera.site_id for camera in of.cameras}
    assert all(sites[read.camera_id] == truth.site_id for read, truth in zip(reads, truths, strict=True))
    by_vehicle = defaultdict(set)
    for truth in truths:
        by_vehicle[truth.vehicle_id].add((truth.plate, truth.country, truth.alert, truth.vehicle))
    assert all(len(found) == 1 for found in by_vehicle.values())


def test_settings_are_valid_and_have_all_cameras_and_lists() -> None:
    of, reads, _, alerts = usual()
    settings = parse_settings(of.config, "config.toml")
    assert {read.camera_id for read in reads} <= settings.cameras.keys()
    assert {alert.list_id for alert in alerts} <= settings.lists.keys()
    assert settings.sites == {}
    sites = settings.places.sites
    assert all(sites[camera.site or ""].territory for camera in settings.cameras.values())
    assert sum(not camera.towards for camera in settings.cameras.values()) < len(settings.cameras) / 5


def test_reads_are_in_order_of_arrival_with_the_time_of_the_camera_clock() -> None:
    of, reads, truths, _ = usual()
    arrived = of.traffic.captures.arrived_ms
    assert (np.diff(arrived) >= 0).all()
    ahead = {camera.camera_id: int(ms) for camera, ms in zip(of.cameras, of.clock_offsets, strict=True)}
    for read, truth in zip(reads, truths, strict=True):
        assert to_ms(read.captured_at) - to_ms(truth.passed_at) == ahead[read.camera_id]
        assert BEGIN <= to_ms(truth.passed_at) <= BEGIN + 24 * HOUR_MS + 1000
    assert (np.abs(list(ahead.values())) > 5000).any()
    late = [read.retransmitted for read in reads]
    assert late == of.traffic.captures.late.tolist()
    assert 0.005 < share(late) < 0.04


def test_rates_are_those_of_the_scenario() -> None:
    rates = Rates(
        mix=QualityMix(0.5, 0.3, 0.2),
        no_country=0.3,
        wrong_country=0.1,
        no_appearance=0.4,
        wrong_make=0.2,
        wrong_colour=0.3,
    )
    reads, truths, alerts = made(world(**rates._asdict()))
    pairs = list(zip(reads, truths, strict=True))
    mix = Counter(truth.quality for truth in truths)
    for quality, wanted in rates.mix._asdict().items():
        assert abs(mix[quality] / READS - wanted) < 0.015
    with_country = [(read, truth) for read, truth in pairs if read.country]
    assert abs(len(with_country) / READS - 0.7) < 0.015
    assert abs(share(read.country != truth.country for read, truth in with_country) - 0.1) < 0.015
    looked = [(read.vehicle, truth.vehicle) for read, truth in pairs if read.vehicle]
    assert abs(len(looked) / READS - 0.6) < 0.015
    assert abs(share(seen.make != true.make for seen, true in looked) - 0.2) < 0.015
    assert abs(share(seen.colour != true.colour for seen, true in looked) - 0.3) < 0.015
    assert abs(share(seen.type != true.type for seen, true in looked) - rates.wrong_type) < 0.01
    assert abs(share(alert.vehicle is not None for alert in alerts) - rates.appearance_listed) < 0.1
    right = {
        quality: share(read.plate == truth.plate for read, truth in pairs if truth.quality == quality)
        for quality in mix
    }
    assert right["clear"] > 0.98 > right["medium"] > 0.88 > right["poor"] > 0.5


def test_two_cameras_read_one_passage() -> None:
    _, reads, truths, _ = usual()
    passages = defaultdict(list)
    for read, truth in zip(reads, truths, strict=True):
        passages[truth.passage_id].append((read, truth))
    twice = [found for found in passages.values() if len(found) == 2]
    assert 0.2 < len(twice) / len(passages) < 0.7
    for (one, its), (other, of_other) in twice:
        assert one.camera_id != other.camera_id and its.site_id == of_other.site_id
        assert its.vehicle_id == of_other.vehicle_id
        assert abs(to_ms(its.passed_at) - to_ms(of_other.passed_at)) < 1000


def test_alerts_are_valid_and_about_the_vehicles_in_the_truth() -> None:
    _, _, truths, alerts = usual()
    by_key = {f"{alert.list_id}/{alert.alert_id}": alert for alert in alerts}
    assert len(by_key) == ALERTS
    assert set(Counter(alert.list_id for alert in alerts)) == {
        "sis-36", "sis-38", "be-national", "joint-operation",
    }  # fmt: skip
    for alert in alerts:
        assert to_ms(alert.valid_from) <= BEGIN and to_ms(alert.valid_until) > BEGIN + 24 * HOUR_MS
        assert normalise(alert.plate.replace("?", "0"))
        assert ("?" in alert.plate) == (alert.list_id == "joint-operation") or len(alert.plate) < 6
    listed = [truth for truth in truths if truth.alert]
    for truth in listed:
        alert = by_key[truth.alert or ""]
        assert alert.country == truth.country
        assert all(sought in ("?", char) for sought, char in zip(alert.plate, truth.plate, strict=True))
        assert alert.vehicle in (None, truth.vehicle)
    # Other vehicles have no plate of an alert.
    plates = {(alert.plate, alert.country) for alert in alerts}
    assert not any((truth.plate, truth.country) in plates for truth in truths if not truth.alert)


def test_listed_vehicles_have_their_share_and_pass_several_sites() -> None:
    _, _, truths, _ = usual()
    vehicles = {truth.vehicle_id: truth.alert for truth in truths}
    assert 0.01 < share(alert is not None for alert in vehicles.values()) < 0.04
    sites = defaultdict(set)
    for truth in truths:
        sites[truth.vehicle_id].add(truth.site_id)
    listed = [len(found) for vehicle, found in sites.items() if vehicles[vehicle]]
    others = [len(found) for vehicle, found in sites.items() if not vehicles[vehicle]]
    assert np.mean(listed) > max(4, np.mean(others))


@pytest.mark.parametrize("detail", EVIDENCE_KINDS)
def test_reads_have_the_detail_of_the_scenario(detail: Any) -> None:
    of = World(Scenario(3, 500, 0, BEGIN, detail=detail))
    reads, _, _ = made(of)
    kinds = Counter(build_evidence(read).kind for read in reads)
    assert kinds[detail] > (400 if detail == "full" else 499)
    if detail == "full":
        for read in reads:
            size = len(read.plate)
            assert len(read.char_confidences or ()) == len(read.char_alternatives or ()) == size
            # A garbled read may have no candidates.
            assert all(read.candidates[0].plate == read.plate for read in reads if read.candidates)


@pytest.mark.parametrize("hours", [0.1, 5.5, 100])
@pytest.mark.parametrize("reads", [1, 333])
def test_few_reads_and_other_durations(hours: float, reads: int) -> None:
    found, truths, _ = made(world(reads=reads, alerts=5, hours=hours))
    assert len(found) == reads
    assert all(BEGIN <= to_ms(each.passed_at) <= BEGIN + hours * HOUR_MS + 1000 for each in truths)


def test_missing_all_passages_is_an_error() -> None:
    with pytest.raises(ValueError, match="all passages are missed"):
        world(reads=10, missed=1.0)


def test_no_alerts() -> None:
    _, truths, alerts = made(world(reads=200, alerts=0))
    assert not alerts and not any(truth.alert for truth in truths)


def passages(of: World) -> list[TruePassage]:
    return PASSAGES.decode_lines(b"".join(of.passage_batches()))


def test_passages_include_those_that_are_not_read() -> None:
    of = world(missed=0.3)
    _, truths, _ = made(of)
    found = {passage.passage_id: passage for passage in passages(of)}
    read = {truth.passage_id for truth in truths}
    assert read == {passage_id for passage_id, passage in found.items() if passage.read}
    for truth in truths:
        passage = found[truth.passage_id]
        assert (passage.vehicle_id, passage.site_id) == (truth.vehicle_id, truth.site_id)
        assert 0 <= to_ms(truth.passed_at) - to_ms(passage.passed_at) < 1000
    # 0.3 at each camera; if a site has two, both must miss the passage.
    two = {site.id for site in of.roads.sites if site.cameras == 2}
    for twice, share_missed in ((False, 0.3), (True, 0.09)):
        there = [each for each in found.values() if (each.site_id in two) == twice]
        assert abs(share(not each.read for each in there) - share_missed) < 0.02


def test_passages_of_a_trip_follow_the_network() -> None:
    of = world(missed=0.3)
    ways = builtin_routes()
    number = {site.id: place for place, site in enumerate(of.roads.sites)}
    trips = defaultdict(list)
    for passage in passages(of):
        trips[passage.trip_id].append(passage)
    assert len(trips) > 1000
    for found in trips.values():
        assert len({passage.vehicle_id for passage in found}) == 1
        times = [to_ms(passage.passed_at) for passage in found]
        assert times == sorted(times)
        one, last = number[found[0].site_id], number[found[-1].site_id]
        row = ways.sites[one * len(number) + last]
        assert [number[passage.site_id] for passage in found] == row[row >= 0].tolist()


@lru_cache(maxsize=1)
def cloned() -> tuple[World, list[Truth]]:
    of = world(alerts=600, listed=0.2, clones=0.1)
    return of, made(of)[1]


def test_clones_have_their_share_and_another_appearance() -> None:
    _, truths = cloned()
    vehicles = {truth.vehicle_id: truth for truth in truths}
    copies = [truth for truth in vehicles.values() if truth.clone_of]
    assert abs(len(copies) / len(vehicles) - 0.1) < 0.03
    both = [(copy, vehicles[copy.clone_of or ""]) for copy in copies if copy.clone_of in vehicles]
    assert len(both) > 0.8 * len(copies)
    for copy, original in both:
        assert (copy.plate, copy.country) == (original.plate, original.country)
        assert copy.vehicle != original.vehicle
        assert original.clone_of is None and copy.alert is None
    assert any(original.alert for _, original in both)
    plates = Counter((truth.plate, truth.country) for truth in vehicles.values() if not truth.clone_of)
    assert max(plates.values()) == 1
    # By default there are none.
    assert not any(truth.clone_of for truth in usual()[2])


def test_a_clone_is_on_the_road_when_the_original_is() -> None:
    _, truths = cloned()
    seen = defaultdict(list)
    for truth in truths:
        seen[truth.vehicle_id].append(to_ms(truth.passed_at))
    originals = {truth.vehicle_id: truth.clone_of for truth in truths if truth.clone_of}
    apart = [
        min(abs(one - other) for one in seen[copy] for other in seen[original])
        for copy, original in originals.items()
        if original in seen
    ]
    assert share(ms < HOUR_MS for ms in apart) > 0.8
