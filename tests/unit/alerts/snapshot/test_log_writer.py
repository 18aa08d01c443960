"""Lists from a compacted topic: the last entry of each alert counts, whatever came before it."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from streams.alerts import Index, LogSnapshotWriter, Snapshot, SnapshotSource, SnapshotWriter
from streams.plates.plate_columns import to_columns
from streams.records.alert import Alert, Withdrawal
from streams.records.times import to_ms
from tests.support.builders import a_withdrawal, after_noon, an_alert

OLD = an_alert("AB-123-CD", version=1)
NEW = an_alert("EF-456-GH", version=2)
OTHER = an_alert("1-ABC-123", "BE", alert_id="a2")
KEY = ("sis", "a1")


def found(index: Index, *plates: str) -> list[tuple[int, str]]:
    """The candidates of plates, as (place, alert id)."""
    return [(candidate.row, candidate.alert.alert_id) for candidate in index.find(to_columns(plates))]


def written(path: Path, entries: Sequence[Alert | Withdrawal], at_once: int = 100) -> Snapshot:
    """A snapshot of entries in the order of a log, taken so many at a time."""
    with LogSnapshotWriter(path) as writer:
        for start in range(0, len(entries), at_once):
            assert writer.add_entries(entries[start : start + at_once]) == {}
        return Snapshot(writer.finish())


def test_a_lower_version_that_comes_later_counts() -> None:
    index = Index()
    assert index.apply_value(NEW) is None
    assert index.apply_value(OLD) is None
    assert index.get(KEY) == OLD
    assert found(index, "AB123CD", "EF456GH") == [(0, "a1")]


def test_an_end_counts_from_its_time_on() -> None:
    index = Index()
    index.apply_value(OLD)
    index.apply_tombstone(KEY, to_ms(after_noon(0)))
    assert index.is_effective(OLD, after_noon(-0.001))
    assert not index.is_effective(OLD, after_noon(0))
    assert index.valid_until_ms(OLD) == to_ms(after_noon(0))


def test_an_end_before_the_alert_begins_ends_it_all_the_same() -> None:
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
        "in files a withdrawal is of what began before it"
    )


def test_what_is_listed_again_is_in_force_again() -> None:
    index = Index()
    index.apply_value(OLD)
    index.apply_tombstone(KEY, to_ms(after_noon(0)))
    index.apply_value(OLD)
    assert index.is_effective(OLD, after_noon(1))
    index.withdraw(a_withdrawal("a1", after_noon(0)))
    index.apply_value(OLD)
    assert index.is_effective(OLD, after_noon(1))


def test_a_plate_that_is_none_leaves_what_was_in_force() -> None:
    index = Index()
    index.apply_value(OLD)
    fault = index.apply_value(an_alert("А-123-В", version=2))
    assert fault is not None
    assert "Cyrillic" in fault.rule
    assert index.get(KEY) == OLD
    index.apply_tombstone(KEY, to_ms(after_noon(0)))
    assert index.apply_value(an_alert("А-123-В", version=2)) is not None
    assert not index.is_effective(OLD, after_noon(0)), "neither does it list again what has ended"


def test_patterns_are_replaced_too(tmp_path: Path) -> None:
    pattern = an_alert("EF-4*", version=3)
    for index in (Index(), Index(written(tmp_path / "s", [pattern]))):
        index.apply_value(pattern)
        assert found(index, "EF456GH") == [(0, "a1")]
        index.apply_value(OLD)
        assert found(index, "EF456GH", "AB123CD") == [(1, "a1")]


@pytest.mark.parametrize("at_once", [1, 2, 100])
def test_a_snapshot_has_the_last_entry_of_each_alert(tmp_path: Path, at_once: int) -> None:
    end = a_withdrawal("a1", after_noon(0))
    for name, log, counts in (
        ("lower", [NEW, OTHER, OLD], OLD),
        ("same", [OLD, OTHER, OLD], OLD),
        ("again", [NEW, end, OTHER, OLD], OLD),
        ("only ended", [end, OTHER], None),
        ("pattern", [an_alert("AB*", version=9), OTHER, NEW], NEW),
    ):
        snapshot = written(tmp_path / name, log, at_once)
        index = Index(snapshot)
        assert index.get(KEY) == counts, name
        assert index.get(("sis", "a2")) == OTHER
        assert len(snapshot) == (1 if counts is None else 2)
        listed = [] if counts is None else [(0 if counts is OLD else 1, "a1")]
        assert found(index, "AB123CD", "EF456GH") == listed, name
        if counts is None:
            assert index.withdrawn_at_ms(OLD) == to_ms(after_noon(0)), (
                "an old match learns that its alert has ended"
            )
        else:
            assert index.is_effective(counts, after_noon(1)), name


@pytest.mark.parametrize("at_once", [1, 100])
def test_what_has_ended_is_kept_for_late_reads_until_its_end_is_old(tmp_path: Path, at_once: int) -> None:
    log = [OLD, OTHER, NEW, a_withdrawal("a1", after_noon(0)), a_withdrawal("a1", after_noon(2))]
    index = Index(written(tmp_path / "s", log, at_once))
    assert found(index, "EF456GH") == [(0, "a1")]
    assert index.is_effective(NEW, after_noon(1))
    assert not index.is_effective(NEW, after_noon(2))
    with LogSnapshotWriter(tmp_path / "later", ended_since_ms=to_ms(after_noon(3))) as writer:
        writer.copy_from(Snapshot(tmp_path / "s"))
        writer.finish()
    index = Index(Snapshot(tmp_path / "later"))
    assert found(index, "AB123CD", "EF456GH", "1ABC123") == [(2, "a2")]
    assert index.withdrawn_at_ms(NEW) is None


def test_a_snapshot_grows_out_of_another(tmp_path: Path) -> None:
    third = an_alert("LÖ-B 12", "DE", alert_id="a3")
    base = written(
        tmp_path / "base", [OLD, OTHER, an_alert("XX*", alert_id="a4"), a_withdrawal("a5", after_noon(-9))]
    )
    with LogSnapshotWriter(tmp_path / "next", ended_since_ms=to_ms(after_noon(-3600))) as writer:
        writer.copy_from(base)
        writer.add_entries([NEW, a_withdrawal("a2", after_noon(0)), third])
        writer.finish()
    index = Index(Snapshot(tmp_path / "next"))
    assert {each.alert_id for each in index.alerts()} == {"a1", "a2", "a3", "a4"}
    assert [key for _, key in found(index, "AB123CD", "EF456GH", "1ABC123", "LOEB12", "XX1")] == [
        "a1",
        "a2",
        "a3",
        "a4",
    ]
    assert index.withdrawn_at_ms(OTHER) == to_ms(after_noon(0))
    assert index.withdrawn_at_ms(an_alert("A-1", alert_id="a5")) == to_ms(after_noon(-9))
    assert 0.1 < Snapshot(tmp_path / "next").unused_share() < 0.3, "one of five bodies does not count"

    with LogSnapshotWriter(tmp_path / "later", ended_since_ms=to_ms(after_noon(-5))) as writer:
        writer.copy_from(Snapshot(tmp_path / "next"))
        writer.finish()
    ends = Snapshot(tmp_path / "later").withdrawals()
    assert ends == [a_withdrawal("a2", after_noon(0))], "an end that the topic has forgotten is forgotten"


def test_a_snapshot_from_files_is_no_beginning(tmp_path: Path) -> None:
    with SnapshotWriter(tmp_path / "files") as files:
        files.add([OLD])
        base = Snapshot(files.finish())
    assert base.source() is None
    with (
        LogSnapshotWriter(tmp_path / "s") as writer,
        pytest.raises(ValueError, match="not made from a topic"),
    ):
        writer.copy_from(base)


def test_a_plate_that_is_none_is_left_out_and_what_came_before_stays(tmp_path: Path) -> None:
    with LogSnapshotWriter(tmp_path / "s") as writer:
        faults = writer.add_entries(
            [OLD, a_withdrawal("a9", after_noon(0)), an_alert("А-123-В", version=2), OTHER]
        )
        writer.finish()
    assert list(faults) == [2]
    assert "Cyrillic" in str(faults[2])
    assert Index(Snapshot(tmp_path / "s")).get(KEY) == OLD


def test_where_it_is_from_is_kept_however_many_partitions(tmp_path: Path) -> None:
    source = SnapshotSource(
        "cluster", "anpr.alerts", None, {number: 10**10 + number for number in range(1000)}, 5
    )
    with LogSnapshotWriter(tmp_path / "s") as writer:
        writer.add_entries([OLD])
        writer.finish(source)
    assert Snapshot(tmp_path / "s").source() == source
