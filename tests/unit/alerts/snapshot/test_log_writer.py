"""Alert lists from a compacted topic: the last entry of each alert counts, whatever came before it."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from streams.alerts import Index, LogSnapshotWriter, Snapshot, SnapshotSource, SnapshotWriter
from streams.records.alert import Alert, Withdrawal
from streams.records.times import to_ms
from tests.support.builders import a_withdrawal, after_noon, an_alert
from tests.support.candidates import find_candidates

OLD = an_alert("AB-123-CD", version=1)
NEW = an_alert("EF-456-GH", version=2)
OTHER = an_alert("1-ABC-123", "BE", alert_id="a2")
KEY = ("sis", "a1")


def write_snapshot(path: Path, entries: Sequence[Alert | Withdrawal], batch_size: int = 100) -> Snapshot:
    """A snapshot of entries in the order of a log, added in batches."""
    with LogSnapshotWriter(path) as writer:
        for start in range(0, len(entries), batch_size):
            assert writer.add_entries(entries[start : start + batch_size]) == {}
        return Snapshot(writer.finish())


def test_a_lower_version_that_arrives_later_counts() -> None:
    index = Index()
    assert index.apply_value(NEW) is None
    assert index.apply_value(OLD) is None
    assert index.get(KEY) == OLD
    assert find_candidates(index, "AB123CD", "EF456GH") == [(0, "a1")]


def test_a_tombstone_ends_an_alert_from_its_time_on() -> None:
    index = Index()
    index.apply_value(OLD)
    index.apply_tombstone(KEY, to_ms(after_noon(0)))
    assert index.is_effective(OLD, after_noon(-0.001))
    assert not index.is_effective(OLD, after_noon(0))
    assert index.valid_until_ms(OLD) == to_ms(after_noon(0))


def test_a_tombstone_ends_an_alert_that_has_not_begun() -> None:
    tomorrow = an_alert("AB-123-CD", valid_from="2026-05-22T12:00:00Z")
    index = Index()
    index.apply_value(tomorrow)
    assert index.is_effective(tomorrow, after_noon(2 * 86_400))
    index.apply_tombstone(KEY, to_ms(after_noon(0)))
    assert not index.is_effective(tomorrow, after_noon(2 * 86_400))

    from_files = Index()
    from_files.put(tomorrow)
    from_files.withdraw(a_withdrawal("a1", after_noon(0)))
    assert from_files.is_effective(tomorrow, after_noon(2 * 86_400)), (
        "in files a withdrawal ends only what began before it"
    )


def test_an_alert_listed_again_is_effective_again() -> None:
    index = Index()
    index.apply_value(OLD)
    index.apply_tombstone(KEY, to_ms(after_noon(0)))
    index.apply_value(OLD)
    assert index.is_effective(OLD, after_noon(1))
    index.withdraw(a_withdrawal("a1", after_noon(0)))
    index.apply_value(OLD)
    assert index.is_effective(OLD, after_noon(1))


def test_an_alert_with_an_invalid_plate_changes_nothing() -> None:
    index = Index()
    index.apply_value(OLD)
    fault = index.apply_value(an_alert("А-123-В", version=2))
    assert fault is not None
    assert "Cyrillic" in fault.rule
    assert index.get(KEY) == OLD
    index.apply_tombstone(KEY, to_ms(after_noon(0)))
    assert index.apply_value(an_alert("А-123-В", version=2)) is not None
    assert not index.is_effective(OLD, after_noon(0)), "nor does it list an ended alert again"


def test_a_pattern_is_replaced_by_a_plate(tmp_path: Path) -> None:
    pattern = an_alert("EF-4*", version=3)
    for index in (Index(), Index(write_snapshot(tmp_path / "s", [pattern]))):
        index.apply_value(pattern)
        assert find_candidates(index, "EF456GH") == [(0, "a1")]
        index.apply_value(OLD)
        assert find_candidates(index, "EF456GH", "AB123CD") == [(1, "a1")]


@pytest.mark.parametrize("batch_size", [1, 2, 100])
def test_a_snapshot_has_the_last_entry_of_each_alert(tmp_path: Path, batch_size: int) -> None:
    end = a_withdrawal("a1", after_noon(0))
    for name, log, current in (
        ("lower", [NEW, OTHER, OLD], OLD),
        ("same", [OLD, OTHER, OLD], OLD),
        ("again", [NEW, end, OTHER, OLD], OLD),
        ("only ended", [end, OTHER], None),
        ("pattern", [an_alert("AB*", version=9), OTHER, NEW], NEW),
    ):
        snapshot = write_snapshot(tmp_path / name, log, batch_size)
        index = Index(snapshot)
        assert index.get(KEY) == current, name
        assert index.get(("sis", "a2")) == OTHER
        assert len(snapshot) == (1 if current is None else 2)
        listed = [] if current is None else [(0 if current is OLD else 1, "a1")]
        assert find_candidates(index, "AB123CD", "EF456GH") == listed, name
        if current is None:
            assert index.withdrawn_at_ms(OLD) == to_ms(after_noon(0)), (
                "the end of the alert is kept for earlier matches"
            )
        else:
            assert index.is_effective(current, after_noon(1)), name


@pytest.mark.parametrize("batch_size", [1, 100])
def test_an_ended_alert_is_kept_until_its_retention_is_over(tmp_path: Path, batch_size: int) -> None:
    log = [OLD, OTHER, NEW, a_withdrawal("a1", after_noon(0)), a_withdrawal("a1", after_noon(2))]
    index = Index(write_snapshot(tmp_path / "s", log, batch_size))
    assert find_candidates(index, "EF456GH") == [(0, "a1")]
    assert index.is_effective(NEW, after_noon(1))
    assert not index.is_effective(NEW, after_noon(2))
    with LogSnapshotWriter(tmp_path / "later", ended_since_ms=to_ms(after_noon(3))) as writer:
        writer.copy_from(Snapshot(tmp_path / "s"))
        writer.finish()
    index = Index(Snapshot(tmp_path / "later"))
    assert find_candidates(index, "AB123CD", "EF456GH", "1ABC123") == [(2, "a2")]
    assert index.withdrawn_at_ms(NEW) is None


def test_a_snapshot_is_extended_from_another(tmp_path: Path) -> None:
    third = an_alert("LÖ-B 12", "DE", alert_id="a3")
    base = write_snapshot(
        tmp_path / "base", [OLD, OTHER, an_alert("XX*", alert_id="a4"), a_withdrawal("a5", after_noon(-9))]
    )
    with LogSnapshotWriter(tmp_path / "next", ended_since_ms=to_ms(after_noon(-3600))) as writer:
        writer.copy_from(base)
        writer.add_entries([NEW, a_withdrawal("a2", after_noon(0)), third])
        writer.finish()
    index = Index(Snapshot(tmp_path / "next"))
    assert {alert.alert_id for alert in index.alerts()} == {"a1", "a2", "a3", "a4"}
    assert [key for _, key in find_candidates(index, "AB123CD", "EF456GH", "1ABC123", "LOEB12", "XX1")] == [
        "a1",
        "a2",
        "a3",
        "a4",
    ]
    assert index.withdrawn_at_ms(OTHER) == to_ms(after_noon(0))
    assert index.withdrawn_at_ms(an_alert("A-1", alert_id="a5")) == to_ms(after_noon(-9))
    assert 0.1 < Snapshot(tmp_path / "next").unused_share() < 0.3, "one of five bodies is not current"

    with LogSnapshotWriter(tmp_path / "later", ended_since_ms=to_ms(after_noon(-5))) as writer:
        writer.copy_from(Snapshot(tmp_path / "next"))
        writer.finish()
    withdrawals = Snapshot(tmp_path / "later").withdrawals()
    assert withdrawals == [a_withdrawal("a2", after_noon(0))], "the older withdrawal has expired"


def test_a_snapshot_from_files_cannot_be_extended(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path / "files") as files:
        files.add([OLD])
        base = Snapshot(files.finish())
    assert base.source() is None
    with (
        LogSnapshotWriter(tmp_path / "s") as writer,
        pytest.raises(ValueError, match="not made from a topic"),
    ):
        writer.copy_from(base)


def test_an_alert_with_an_invalid_plate_is_left_out_and_the_earlier_one_stays(tmp_path: Path) -> None:
    with LogSnapshotWriter(tmp_path / "s") as writer:
        faults = writer.add_entries(
            [OLD, a_withdrawal("a9", after_noon(0)), an_alert("А-123-В", version=2), OTHER]
        )
        writer.finish()
    assert list(faults) == [2]
    assert "Cyrillic" in str(faults[2])
    assert Index(Snapshot(tmp_path / "s")).get(KEY) == OLD


def test_the_source_is_kept_for_any_number_of_partitions(tmp_path: Path) -> None:
    source = SnapshotSource(
        "cluster", "anpr.alerts", None, {number: 10**10 + number for number in range(1000)}, 5
    )
    with LogSnapshotWriter(tmp_path / "s") as writer:
        writer.add_entries([OLD])
        writer.finish(source)
    assert Snapshot(tmp_path / "s").source() == source
