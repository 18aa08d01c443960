"""Lists from a compacted topic: however they were read, all who read the topic hold the same."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from streams.alerts import Index, LogSnapshotWriter, Snapshot
from streams.plates.plate_columns import to_columns
from streams.records.alert import Alert, alert_key
from streams.records.times import to_ms
from tests.properties.test_index import MOMENTS, News, histories


def follow(index: Index, news: list[News]) -> Index:
    """The index after it took entries one by one."""
    for entry in news:
        if isinstance(entry, Alert):
            assert index.apply_value(entry) is None
        else:
            index.apply_tombstone(alert_key(entry), to_ms(entry.withdrawn_at))
    return index


def answers(index: Index, news: list[News], asked: list[str]) -> object:
    """When what is listed in the end is in force, and what has ended when."""
    said = [
        (each.row, repr(each.alert), [index.is_effective(each.alert, moment) for moment in MOMENTS])
        for each in index.find(to_columns(asked))
    ]
    ends = [(alert_key(each), index.withdrawn_at_ms(each)) for each in news if isinstance(each, Alert)]
    return sorted(said), ends


@given(histories(), st.integers(1, 4))
def test_all_ways_of_reading_a_topic_agree(
    case: tuple[list[News], list[News], list[str]], at_once: int
) -> None:
    first, second, asked = case
    news = first + second
    wanted = answers(follow(Index(), news), news, asked)

    def written(path: Path, entries: list[News], base: Snapshot | None = None) -> Snapshot:
        with LogSnapshotWriter(path) as writer:
            if base is not None:
                writer.copy_from(base)
            for start in range(0, len(entries), at_once):
                assert writer.add_entries(entries[start : start + at_once]) == {}
            return Snapshot(writer.finish())

    with TemporaryDirectory() as folder:
        whole = written(Path(folder) / "whole", news)
        begun = written(Path(folder) / "begun", first)
        grown = written(Path(folder) / "grown", second, begun)
        assert answers(Index(whole), news, asked) == wanted, "from the start"
        assert answers(follow(Index(begun), second), news, asked) == wanted, "from a snapshot, then followed"
        assert answers(Index(grown), news, asked) == wanted, "from a snapshot, made into the next"
        assert len(grown) == len(whole)
