"""A snapshot file: there whole or not at all, and refused with a clear message when it is not right."""

from pathlib import Path

import msgspec
import pytest

from streams.alerts import Index, Snapshot, SnapshotError, SnapshotWriter
from streams.alerts.snapshot.format import HEADER_BYTES, MAGIC
from streams.plates.confusables import build_classes
from streams.plates.plate_columns import to_columns
from streams.records.alert import Alert
from tests.support.builders import a_withdrawal, after_noon, an_alert

ALERTS = [
    an_alert("AB-123-CD", "FR", alert_id="a1"),
    an_alert("1-ABC-123", "BE", alert_id="a2"),
    an_alert("LÖ-B 12", "DE", alert_id="a3"),
    an_alert("AB-1??-*", "FR", alert_id="a4"),
    an_alert("AB-123-CD", "IT", alert_id="a5", list_id="interpol"),
]


def written(path: Path, alerts: list[Alert] = ALERTS) -> Path:
    """A snapshot of alerts."""
    with SnapshotWriter(path) as writer:
        assert writer.add(alerts) == {}
        return writer.finish()


def found(index: Index, *plates: str) -> list[tuple[int, str]]:
    """The candidates of plates, as (place, alert id)."""
    return [(candidate.row, candidate.alert.alert_id) for candidate in index.find(to_columns(plates))]


def test_it_finds_what_was_written_and_nothing_else(tmp_path: Path) -> None:
    index = Index(Snapshot(written(tmp_path / "s")))
    assert found(index, "AB123CD", "1A8CI23", "LOEB12", "LOB12", "LÖB 12") == [
        (0, "a5"),
        (0, "a1"),
        (0, "a4"),
        (1, "a2"),
        (2, "a3"),
        (3, "a3"),
        (4, "a3"),
    ]
    assert found(index, "AB123CE", "1-ABC-124", "LUB12", "ZZ999ZZ") == [(0, "a4")]


def test_an_alert_comes_back_as_it_went_in(tmp_path: Path) -> None:
    snapshot = Snapshot(written(tmp_path / "s"))
    assert sorted(snapshot.alerts(), key=lambda each: each.alert_id) == ALERTS
    assert snapshot.get(("interpol", "a5")) == ALERTS[4]
    assert snapshot.get(("interpol", "a1")) is None
    assert len(snapshot) == 5


def test_of_several_versions_the_highest_is_kept_whatever_its_place(tmp_path: Path) -> None:
    old = an_alert("AB-123-CD", version=1)
    new = an_alert("EF-456-GH", version=2)
    for name, order in (("a", [old, new]), ("b", [new, old]), ("c", [new, old, new])):
        index = Index(Snapshot(written(tmp_path / name, order)))
        assert found(index, "AB123CD", "EF456GH") == [(1, "a1")]
        assert index.get(("sis", "a1")) == new


def test_a_plate_that_is_none_is_left_out_and_said(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path / "s") as writer:
        faults = writer.add(
            [an_alert("AB-123-CD"), an_alert("ΑΒΓ", alert_id="a2"), an_alert("***", alert_id="a3")]
        )
        writer.finish()
    assert sorted(faults) == [1, 2]
    assert "Greek" in str(faults[1])
    assert "ΑΒΓ" not in str(faults[1])
    assert len(Snapshot(tmp_path / "s")) == 1


def test_an_empty_list_is_a_snapshot_too(tmp_path: Path) -> None:
    index = Index(Snapshot(written(tmp_path / "s", [])))
    assert found(index, "AB123CD") == []
    assert list(index.alerts()) == []


def test_withdrawals_are_kept(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path / "s") as writer:
        writer.add(ALERTS)
        writer.add_withdrawals([a_withdrawal("a1", after_noon(0))])
        writer.finish()
    index = Index(Snapshot(tmp_path / "s"))
    assert index.is_effective(ALERTS[0], after_noon(-1))
    assert not index.is_effective(ALERTS[0], after_noon(0))


def test_without_finish_the_old_file_stays_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = written(tmp_path / "s", ALERTS[:1])
    before = path.read_bytes()
    with pytest.raises(RuntimeError, match="out of luck"), SnapshotWriter(path) as writer:
        writer.add(ALERTS)
        raise RuntimeError("out of luck")
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_left_is_removed_and_what_another_writes_is_not(tmp_path: Path) -> None:
    path = tmp_path / "s"
    (tmp_path / "s.left.tmp").write_bytes(b"x" * 100)
    (tmp_path / "other.left.tmp").write_bytes(b"x")
    with SnapshotWriter(path) as one, SnapshotWriter(path) as other:
        assert len(list(tmp_path.glob("s.*.tmp"))) == 2
        one.add(ALERTS[:1])
        other.add(ALERTS)
        one.finish()
        other.finish()
    assert {each.name for each in tmp_path.iterdir()} == {"s", "other.left.tmp"}
    assert len(Snapshot(path)) == len(ALERTS)


def test_a_file_is_replaced_while_the_old_one_is_open(tmp_path: Path) -> None:
    path = written(tmp_path / "s", ALERTS[:1])
    old = Index(Snapshot(path))
    written(path, ALERTS[1:2])
    assert found(old, "AB123CD", "1ABC123") == [(0, "a1")]
    assert found(Index(Snapshot(path)), "AB123CD", "1ABC123") == [(1, "a2")]


@pytest.mark.parametrize("kept", [0, 7, 100, HEADER_BYTES - 1, HEADER_BYTES, -1])
def test_a_truncated_file_is_refused(tmp_path: Path, kept: int) -> None:
    path = written(tmp_path / "s")
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(SnapshotError, match=r"s: .*build it again"):
        Snapshot(path)


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_bytes(b"PK\x03\x04" + bytes(10_000))
    with pytest.raises(SnapshotError, match="not a snapshot of alert lists"):
        Snapshot(path)


@pytest.mark.parametrize("step", [-1, 1])
def test_a_file_of_another_version_is_refused(tmp_path: Path, step: int) -> None:
    from streams.alerts.snapshot import format as layout

    path = written(tmp_path / "s")
    data = path.read_bytes()
    header = layout.unpack_header(data[:HEADER_BYTES], "s")
    ours = layout.FORMAT_VERSION
    other = msgspec.structs.replace(header, format_version=ours + step)
    path.write_bytes(layout.pack_header(other) + data[HEADER_BYTES:])
    with pytest.raises(
        SnapshotError, match=f"of format {ours + step}, but this version reads format {ours};"
    ):
        Snapshot(path)


def test_a_file_made_with_other_confusable_classes_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "s")
    with pytest.raises(SnapshotError, match="other confusable classes"):
        Snapshot(path, build_classes(("0O", "1I")))


def test_no_damaged_byte_goes_unseen(tmp_path: Path) -> None:
    """Any byte that means something: refused when opened, or when the alert it belongs to is read."""
    path = written(tmp_path / "s")
    whole = path.read_bytes()
    padding = _padding(whole)
    for place in sorted(set(range(len(whole))) - padding):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        with pytest.raises(SnapshotError):
            list(Snapshot(path).alerts())


def _padding(whole: bytes) -> set[int]:
    """The places of bytes that mean nothing: behind the header, and between sections."""
    from streams.alerts.snapshot import format as layout

    header = layout.unpack_header(whole[:HEADER_BYTES], "s")
    length = len(MAGIC) + 12 + int.from_bytes(whole[8:12], "little")
    used = set(range(length))
    for section in header.sections.values():
        used |= set(range(section.offset, section.offset + section.length))
    first = min(section.offset for section in header.sections.values())
    bodies = whole[HEADER_BYTES:first].rstrip(b"\0")
    used |= set(range(HEADER_BYTES, HEADER_BYTES + len(bodies)))
    return set(range(len(whole))) - used
