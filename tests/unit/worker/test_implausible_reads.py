"""The log lines about reads with implausible times: at once, then at most one a minute."""

from math import inf

from streams.matching.plausible_time import ImplausibleRead
from streams.records.decode import RejectedRecord
from streams.worker.implausible_reads import ImplausibleReads


def of_cameras(*cameras: str) -> list[ImplausibleRead]:
    """A read of each camera."""
    return [ImplausibleRead(camera, RejectedRecord(0, (), b"{}")) for camera in cameras]


def test_a_line_counts_the_reads_of_a_topic_by_camera() -> None:
    reads = ImplausibleReads()
    assert reads.pop_lines(0) == []
    reads.add("reads.FR", of_cameras("c1"))
    reads.add("reads.BE", of_cameras("c2", "c3", "c3"))
    assert reads.pop_lines(0) == [
        "topic reads.FR: 1 read set aside as dead letters (implausible-time), of c1 (1); correct the clocks "
        "of these cameras",
        "topic reads.BE: 3 reads set aside as dead letters (implausible-time), of c3 (2), c2 (1); correct "
        "the clocks of these cameras",
    ]
    assert reads.count == 4


def test_lines_are_a_minute_apart_and_leave_no_read_out() -> None:
    reads = ImplausibleReads()
    reads.add("reads.FR", of_cameras("c1"))
    assert len(reads.pop_lines(100)) == 1
    reads.add("reads.FR", of_cameras("c1"))
    assert reads.pop_lines(159.9) == []
    reads.add("reads.FR", of_cameras("c1"))
    (line,) = reads.pop_lines(160)
    assert "2 reads" in line
    assert reads.pop_lines(1000) == []
    reads.add("reads.FR", of_cameras(*"abcdefg"))
    (line,) = reads.pop_lines(inf)
    assert "7 reads" in line
    assert "e (1) and 2 more cameras;" in line
