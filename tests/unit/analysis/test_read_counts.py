"""The number of reads in the time and area of an operation."""

from typing import Any

from streams.analysis.read_counts import ReadCounts
from streams.network.config import CameraConfig, Places
from streams.records.read import Position
from tests.support.builders import NOON, a_read, after_noon
from tests.support.operations import AREA, SITES, an_operation

PLACES = Places(
    {"c1": CameraConfig(site="rekkem"), "c2": CameraConfig(site="jabbeke"), "c3": CameraConfig()}, SITES
)


def counted(*reads: dict[str, Any], **fields: Any) -> int:
    """Return how many reads count for an operation, which is at rekkem by default."""
    counts = ReadCounts("joint", an_operation(**fields), PLACES)
    counts.add_reads(a_read("AB123CD", **read) for read in reads)
    return counts.count


def test_a_read_counts_within_the_time_of_the_operation() -> None:
    assert counted({"captured_at": after_noon(-0.001)}) == 0
    assert counted({"captured_at": NOON}) == 1
    assert counted({"captured_at": after_noon(7199.999)}) == 1
    assert counted({"captured_at": after_noon(7200)}) == 0


def test_a_read_counts_within_the_area_of_the_operation() -> None:
    assert counted({"camera_id": "c2"}) == 0
    assert counted({"camera_id": "unknown"}) == 0
    assert counted({"camera_id": "c3"}, sites=[], area=AREA) == 0
    for lat, count in ((50.7, 1), (50.9, 0)):
        mobile = {"camera_id": "c3", "position": Position(lat=lat, lon=3.2)}
        assert counted(mobile, sites=[], area=AREA) == count


def test_a_retransmitted_read_counts_once_and_each_camera_has_its_own_read_ids() -> None:
    places = Places({"c1": CameraConfig(site="rekkem"), "c2": CameraConfig(site="rekkem")}, SITES)
    counts = ReadCounts("joint", an_operation(), places)
    for camera_id in ("c1", "c1", "c2"):
        counts.add_reads([a_read("AB123CD", camera_id=camera_id, read_id="r1")])
    assert counts.count == 2
