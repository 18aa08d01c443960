"""Alert lists of a compacted topic: every way to read the topic gives the same alerts."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from streams.alerts import Index, LogSnapshotWriter, Snapshot
from streams.plates.plate_columns import to_columns
from streams.records.alert import Alert, alert_key
from streams.records.times import to_ms
from tests.properties.test_index import MOMENTS, Change, histories


def follow(index: Index, changes: list[Change]) -> Index:
    """Return the index after the changes were applied one by one."""
    for change in changes:
        if isinstance(change, Alert):
            assert index.apply_value(change) is None
        else:
            index.apply_tombstone(alert_key(change), to_ms(change.withdrawn_at))
    return index


def answers(index: Index, changes: list[Change], plates: list[str]) -> object:
    """Return when the candidates of plates are effective, and when each alert was withdrawn."""
    effective = [
        (
            candidate.row,
            repr(candidate.alert),
            [index.is_effective(candidate.alert, moment) for moment in MOMENTS],
        )
        for candidate in index.find(to_columns(plates))
    ]
    ends = [
        (alert_key(change), index.withdrawn_at_ms(change)) for change in changes if isinstance(change, Alert)
    ]
    return sorted(effective), ends


@given(histories(), st.integers(1, 4))
def test_all_ways_to_read_a_topic_agree(
    history: tuple[list[Change], list[Change], list[str]], batch_size: int
) -> None:
    first, second, plates = history
    changes = first + second
    expected = answers(follow(Index(), changes), changes, plates)

    def write(path: Path, entries: list[Change], base: Snapshot | None = None) -> Snapshot:
        with LogSnapshotWriter(path) as writer:
            if base is not None:
                writer.copy_from(base)
            for start in range(0, len(entries), batch_size):
                assert writer.add_entries(entries[start : start + batch_size]) == {}
            return Snapshot(writer.finish())

    with TemporaryDirectory() as folder:
        full = write(Path(folder) / "full", changes)
        base = write(Path(folder) / "base", first)
        updated = write(Path(folder) / "updated", second, base)
        assert answers(Index(full), changes, plates) == expected, "from the start"
        assert answers(follow(Index(base), second), changes, plates) == expected, "snapshot, then followed"
        assert answers(Index(updated), changes, plates) == expected, "snapshot updated to a new one"
        assert len(updated) == len(full)
