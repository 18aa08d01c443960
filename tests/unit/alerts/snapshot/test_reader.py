"""Snapshot files: complete or absent, and refused with a clear message if they cannot be used."""

from pathlib import Path

import msgspec
import pytest

from streams.alerts import Index, Snapshot, SnapshotError, SnapshotWriter
from streams.alerts.snapshot.format import (
    FORMAT_VERSION,
    HEADER_BYTES,
    MAGIC,
    pack_header,
    unpack_header,
)
from streams.plates.confusables import build_classes
from streams.records.alert import Alert
from tests.support.builders import a_withdrawal, after_noon, an_alert
from tests.support.candidates import find_candidates
from tests.support.examples import sampled

ALERTS = [
    an_alert("AB-123-CD", "FR", alert_id="a1"),
    an_alert("1-ABC-123", "BE", alert_id="a2"),
    an_alert("LÖ-B 12", "DE", alert_id="a3"),
    an_alert("AB-1??-*", "FR", alert_id="a4"),
    an_alert("AB-123-CD", "IT", alert_id="a5", list_id="interpol"),
]


def write_snapshot(path: Path, alerts: list[Alert] = ALERTS) -> Path:
    """Write a snapshot of alerts; return its path."""
    with SnapshotWriter(path) as writer:
        assert writer.add(alerts) == {}
        return writer.finish()


def test_a_snapshot_finds_the_alerts_written_to_it(tmp_path: Path) -> None:
    index = Index(Snapshot(write_snapshot(tmp_path / "s")))
    assert find_candidates(index, "AB123CD", "1A8CI23", "LOEB12", "LOB12", "LÖB 12") == [
        (0, "a5"),
        (0, "a1"),
        (0, "a4"),
        (1, "a2"),
        (2, "a3"),
        (3, "a3"),
        (4, "a3"),
    ]
    assert find_candidates(index, "AB123CE", "1-ABC-124", "LUB12", "ZZ999ZZ") == [(0, "a4")]


def test_an_alert_is_read_as_it_was_written(tmp_path: Path) -> None:
    snapshot = Snapshot(write_snapshot(tmp_path / "s"))
    assert sorted(snapshot.alerts(), key=lambda alert: alert.alert_id) == ALERTS
    assert snapshot.get(("interpol", "a5")) == ALERTS[4]
    assert snapshot.get(("interpol", "a1")) is None
    assert len(snapshot) == 5


def test_the_highest_version_is_kept_in_any_order(tmp_path: Path) -> None:
    old = an_alert("AB-123-CD", version=1)
    new = an_alert("EF-456-GH", version=2)
    for name, order in (("a", [old, new]), ("b", [new, old]), ("c", [new, old, new])):
        index = Index(Snapshot(write_snapshot(tmp_path / name, order)))
        assert find_candidates(index, "AB123CD", "EF456GH") == [(1, "a1")]
        assert index.get(("sis", "a1")) == new


def test_an_alert_with_an_invalid_plate_is_left_out_and_reported(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path / "s") as writer:
        faults = writer.add(
            [an_alert("AB-123-CD"), an_alert("ΑΒΓ", alert_id="a2"), an_alert("***", alert_id="a3")]
        )
        writer.finish()
    assert sorted(faults) == [1, 2]
    assert "Greek" in str(faults[1])
    assert "ΑΒΓ" not in str(faults[1])
    assert len(Snapshot(tmp_path / "s")) == 1


def test_a_snapshot_may_be_empty(tmp_path: Path) -> None:
    index = Index(Snapshot(write_snapshot(tmp_path / "s", [])))
    assert find_candidates(index, "AB123CD") == []
    assert list(index.alerts()) == []


def test_withdrawals_are_kept(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path / "s") as writer:
        writer.add(ALERTS)
        writer.add_withdrawals([a_withdrawal("a1", after_noon(0))])
        writer.finish()
    index = Index(Snapshot(tmp_path / "s"))
    assert index.is_effective(ALERTS[0], after_noon(-1))
    assert not index.is_effective(ALERTS[0], after_noon(0))


def test_without_finish_the_old_file_stays_and_no_other_is_left(tmp_path: Path) -> None:
    path = write_snapshot(tmp_path / "s", ALERTS[:1])
    before = path.read_bytes()
    with pytest.raises(RuntimeError, match="interrupted"), SnapshotWriter(path) as writer:
        writer.add(ALERTS)
        raise RuntimeError("interrupted")
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_stale_file_is_removed_and_a_file_being_written_is_not(tmp_path: Path) -> None:
    path = tmp_path / "s"
    (tmp_path / "s.left.tmp").write_bytes(b"x" * 100)
    (tmp_path / "other.left.tmp").write_bytes(b"x")
    with SnapshotWriter(path) as first, SnapshotWriter(path) as second:
        assert len(list(tmp_path.glob("s.*.tmp"))) == 2
        first.add(ALERTS[:1])
        second.add(ALERTS)
        first.finish()
        second.finish()
    assert {file.name for file in tmp_path.iterdir()} == {"s", "other.left.tmp"}
    assert len(Snapshot(path)) == len(ALERTS)


def test_a_file_can_be_replaced_while_it_is_open(tmp_path: Path) -> None:
    path = write_snapshot(tmp_path / "s", ALERTS[:1])
    old = Index(Snapshot(path))
    write_snapshot(path, ALERTS[1:2])
    assert find_candidates(old, "AB123CD", "1ABC123") == [(0, "a1")]
    assert find_candidates(Index(Snapshot(path)), "AB123CD", "1ABC123") == [(1, "a2")]


@pytest.mark.parametrize("length", [0, 7, 100, HEADER_BYTES - 1, HEADER_BYTES, -1])
def test_a_truncated_file_is_refused(tmp_path: Path, length: int) -> None:
    path = write_snapshot(tmp_path / "s")
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(SnapshotError, match=r"s: .*build it again"):
        Snapshot(path)


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_bytes(b"PK\x03\x04" + bytes(10_000))
    with pytest.raises(SnapshotError, match="not a snapshot of alert lists"):
        Snapshot(path)


@pytest.mark.parametrize("step", [-1, 1])
def test_a_file_of_another_version_is_refused(tmp_path: Path, step: int) -> None:
    path = write_snapshot(tmp_path / "s")
    data = path.read_bytes()
    header = unpack_header(data[:HEADER_BYTES], "s")
    other = msgspec.structs.replace(header, format_version=FORMAT_VERSION + step)
    path.write_bytes(pack_header(other) + data[HEADER_BYTES:])
    with pytest.raises(
        SnapshotError,
        match=f"of format {FORMAT_VERSION + step}, but this version reads format {FORMAT_VERSION};",
    ):
        Snapshot(path)


def test_a_file_made_with_other_confusable_classes_is_refused(tmp_path: Path) -> None:
    path = write_snapshot(tmp_path / "s")
    with pytest.raises(SnapshotError, match="other confusable classes"):
        Snapshot(path, build_classes(("0O", "1I")))


def test_every_damaged_byte_is_detected(tmp_path: Path) -> None:
    """The file is refused when it is opened, or when the alert that the byte belongs to is read."""
    path = write_snapshot(tmp_path / "s")
    whole = path.read_bytes()
    for offset in sampled(sorted(set(range(len(whole))) - _padding(whole))):
        path.write_bytes(whole[:offset] + bytes([whole[offset] ^ 0x10]) + whole[offset + 1 :])
        with pytest.raises(SnapshotError):
            list(Snapshot(path).alerts())


def _padding(whole: bytes) -> set[int]:
    """The offsets of unused bytes: after the header and between sections."""
    header = unpack_header(whole[:HEADER_BYTES], "s")
    length = len(MAGIC) + 12 + int.from_bytes(whole[8:12], "little")
    used = set(range(length))
    for section in header.sections.values():
        used |= set(range(section.offset, section.offset + section.length))
    first = min(section.offset for section in header.sections.values())
    bodies = whole[HEADER_BYTES:first].rstrip(b"\0")
    used |= set(range(HEADER_BYTES, HEADER_BYTES + len(bodies)))
    return set(range(len(whole))) - used
