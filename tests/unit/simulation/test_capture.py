"""Captures: reads that are missed, late or have a wrong time."""

from typing import Any, Final

import numpy as np

from streams.records.times import HOUR_MS
from streams.simulation.capture import OUTAGE_MS, Captures, sample_captures, sample_clock_offsets
from streams.simulation.rates import Rates
from streams.simulation.roads import build_cameras, builtin_roads
from streams.simulation.trips import Passages

ROADS: Final = builtin_roads()
CAMERAS: Final = build_cameras(ROADS)
HOURS: Final = 24.0
CLEAN: Final = Rates(missed=0, late=0, clock_wrong=0)


def sample_passages(count: int = 20_000) -> Passages:
    rng = np.random.default_rng(1)
    number = np.arange(count)
    return Passages(
        number,
        number,
        rng.integers(0, len(ROADS.sites), count),
        rng.integers(0, 2, count).astype(np.uint8),
        rng.integers(0, int(HOURS * HOUR_MS), count),
        np.full(count, 100.0),
    )


def capture(**rates: Any) -> Captures:
    all_rates = CLEAN._replace(**rates)
    offsets = sample_clock_offsets(np.random.default_rng(2), len(CAMERAS), all_rates)
    return sample_captures(np.random.default_rng(3), sample_passages(), ROADS, offsets, all_rates, HOURS)


def test_cameras_are_those_of_the_site_and_carriageway() -> None:
    passed, found = sample_passages(), capture()
    for passage, camera in zip(found.passage.tolist(), found.camera.tolist(), strict=True):
        site, way = ROADS.sites[passed.site[passage]], "ns"[passed.carriageway[passage]]
        assert CAMERAS[camera].site_id == site.id
        assert CAMERAS[camera].camera_id in {f"{site.id}-{way}{number}" for number in (1, 2)}


def test_two_cameras_read_a_passage_shortly_after_each_other() -> None:
    passed, found = sample_passages(), capture()
    each = np.array([site.cameras for site in ROADS.sites])[passed.site]
    np.testing.assert_array_equal(np.bincount(found.passage), each)
    second = np.flatnonzero(np.diff(found.passage) == 0)
    apart = found.passed_ms[second + 1] - found.passed_ms[second]
    assert len(second) > 1000 and apart.min() >= 100 and apart.max() < 1000


def test_the_share_of_missed_passages_is_the_rate() -> None:
    whole = len(capture().passed_ms)
    assert len(capture(missed=1).passed_ms) == 0
    assert abs(len(capture(missed=0.1).passed_ms) / whole - 0.9) < 0.01


def test_without_outages_reads_arrive_soon() -> None:
    found = capture()
    assert not found.late.any()
    delay = found.arrived_ms - found.passed_ms
    assert delay.min() >= 80 and delay.max() < 600


def test_late_reads_arrive_in_order_after_the_outage() -> None:
    found = capture(late=0.1)
    assert abs(found.late.mean() - 0.1) < 0.02
    down = {
        (camera, slot)
        for camera, slot in zip(
            found.camera[found.late].tolist(),
            (found.passed_ms[found.late] // OUTAGE_MS).tolist(),
            strict=True,
        )
    }
    for camera, at, arrived, late in zip(
        found.camera.tolist(),
        found.passed_ms.tolist(),
        found.arrived_ms.tolist(),
        found.late.tolist(),
        strict=True,
    ):
        # Exactly the reads that a camera makes while its link is down are late.
        assert ((camera, at // OUTAGE_MS) in down) == late
        if late:
            assert arrived // OUTAGE_MS > at // OUTAGE_MS
            assert (camera, arrived // OUTAGE_MS) not in down
    for camera in range(0, len(CAMERAS), 7):
        rows = np.flatnonzero(found.late & (found.camera == camera))
        rows = rows[np.argsort(found.passed_ms[rows], kind="stable")]
        apart = np.diff(found.arrived_ms[rows])
        # Delivery delays of up to 600 ms can swap reads that are closer than that.
        assert (apart[np.diff(found.passed_ms[rows]) > 600] >= 0).all()


def test_the_share_of_wrong_clocks_is_the_rate() -> None:
    found = capture()
    assert np.abs(found.captured_ms - found.passed_ms).max() < 1000
    ahead = sample_clock_offsets(
        np.random.default_rng(5), 10_000, CLEAN._replace(clock_wrong=0.2, clock_error_s=120)
    )
    wrong = np.abs(ahead) > 5000
    assert abs(wrong.mean() - 0.2) < 0.015
    assert np.abs(ahead).max() <= 120_000
    assert 0.4 < (ahead[wrong] > 0).mean() < 0.6


def test_a_wrong_clock_changes_only_the_captured_time() -> None:
    right, wrong = capture(), capture(clock_wrong=0.5)
    np.testing.assert_array_equal(right.passed_ms, wrong.passed_ms)
    np.testing.assert_array_equal(right.arrived_ms, wrong.arrived_ms)
    for camera in range(len(CAMERAS)):
        assert len(np.unique((wrong.captured_ms - wrong.passed_ms)[wrong.camera == camera])) == 1
