"""How many reads there were in an operation's time and place."""

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
    """How many of some reads are of an operation, at rekkem unless its fields say otherwise."""
    count = ReadCounts("joint", an_operation(**fields), PLACES)
    count.add_reads(a_read("AB123CD", **each) for each in reads)
    return count.count


def test_a_read_counts_in_the_operations_time() -> None:
    assert counted({"captured_at": after_noon(-0.001)}) == 0
    assert counted({"captured_at": NOON}) == 1
    assert counted({"captured_at": after_noon(7199.999)}) == 1
    assert counted({"captured_at": after_noon(7200)}) == 0


def test_a_read_counts_at_the_operations_place() -> None:
    assert counted({"camera_id": "c2"}) == 0
    assert counted({"camera_id": "unknown"}) == 0
    assert counted({"camera_id": "c3"}, sites=[], area=AREA) == 0
    for lat, inside in ((50.7, 1), (50.9, 0)):
        mobile = {"camera_id": "c3", "position": Position(lat=lat, lon=3.2)}
        assert counted(mobile, sites=[], area=AREA) == inside


def test_a_read_sent_twice_counts_once_and_cameras_number_their_reads_each_for_itself() -> None:
    both = Places({"c1": CameraConfig(site="rekkem"), "c2": CameraConfig(site="rekkem")}, SITES)
    count = ReadCounts("joint", an_operation(), both)
    for camera in ("c1", "c1", "c2"):
        count.add_reads([a_read("AB123CD", camera_id=camera, read_id="r1")])
    assert count.count == 2
