"""The alert index: it gives the same answers however its alerts got into it."""

from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from streams.alerts import Index, Snapshot, SnapshotWriter
from streams.plates.plate_columns import to_columns
from streams.records.alert import Alert, Withdrawal, alert_key
from tests.properties.worlds import MINUTES, START, alerts, known_plates, misread, withdrawals

Change = Alert | Withdrawal
MOMENTS = [START + timedelta(seconds=10 * tens) for tens in range(-30, 6 * MINUTES + 31, 5)]


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Change], list[Change], list[str]]:
    """Draw changes in a base snapshot, changes after it, and plates to look up."""
    known = draw(known_plates())
    changes = st.one_of(alerts(known), alerts(known), withdrawals())
    plates = [plate for _, plate in known]
    plates += [draw(misread(draw(st.sampled_from(plates)))) for _ in range(4)]
    return draw(st.lists(changes, max_size=6)), draw(st.lists(changes, max_size=6)), plates


def write_snapshot(changes: list[Change], path: Path) -> Path:
    """Write a snapshot of alerts and withdrawals."""
    with SnapshotWriter(path) as writer:
        writer.add([change for change in changes if isinstance(change, Alert)])
        writer.add_withdrawals(change for change in changes if isinstance(change, Withdrawal))
        return writer.finish()


def with_changes(index: Index, changes: list[Change]) -> Index:
    """Return the index after it was given changes."""
    for change in changes:
        if isinstance(change, Alert):
            assert index.put(change) is None
        else:
            index.withdraw(change)
    return index


def answers(index: Index, plates: list[str]) -> object:
    """Return the candidates of plates, and when each alert is effective."""
    candidates = index.find(to_columns(plates))
    pairs = {(candidate.row, alert_key(candidate.alert)) for candidate in candidates}
    assert len(candidates) == len(pairs), "each pair is found once"
    rows = [candidate.row for candidate in candidates]
    assert rows == sorted(rows)
    by_key = {alert_key(alert): alert for alert in index.alerts()}
    assert all(index.get(key) == alert for key, alert in by_key.items())
    effective = {
        key: (index.valid_until_ms(alert), [index.is_effective(alert, moment) for moment in MOMENTS])
        for key, alert in by_key.items()
    }
    return candidates, by_key, effective


@given(histories(), st.randoms(use_true_random=False))
def test_an_index_with_a_base_and_changes_answers_like_a_new_one(
    history: tuple[list[Change], list[Change], list[str]], random: Random
) -> None:
    before, after, plates = history
    changes = [*before, *after]
    random.shuffle(changes)
    with TemporaryDirectory() as name:
        folder = Path(name)
        grown = with_changes(Index(Snapshot(write_snapshot(before, folder / "before"))), after)
        expected = answers(grown, plates)
        ended = [change for change in changes if isinstance(change, Withdrawal)]
        new_indexes = {
            "from a snapshot": Index(Snapshot(write_snapshot(changes, folder / "all"))),
            "added one by one": with_changes(Index(), changes),
            "from the final state": with_changes(Index(), [*grown.alerts(), *ended]),
        }
        for origin, index in new_indexes.items():
            assert answers(index, plates) == expected, origin


@given(histories())
def test_a_reopened_snapshot_gives_the_same_answers(
    history: tuple[list[Change], list[Change], list[str]],
) -> None:
    before, after, plates = history
    with TemporaryDirectory() as name:
        path = write_snapshot([*before, *after], Path(name) / "lists")
        first = Snapshot(path)
        expected = answers(Index(first), plates)
        first.close()
        assert answers(Index(Snapshot(path)), plates) == expected
