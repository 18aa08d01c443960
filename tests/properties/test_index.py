"""The index: however it came about, it answers as one made afresh from what it should hold."""

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

News = Alert | Withdrawal
MOMENTS = [START + timedelta(seconds=10 * tens) for tens in range(-30, 6 * MINUTES + 31, 5)]


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[News], list[News], list[str]]:
    """What a base is made of, what comes afterwards, and plates to ask for."""
    known = draw(known_plates())
    news = st.one_of(alerts(known), alerts(known), withdrawals())
    asked = [plate for _, plate in known]
    asked += [draw(misread(draw(st.sampled_from(asked)))) for _ in range(4)]
    return draw(st.lists(news, max_size=6)), draw(st.lists(news, max_size=6)), asked


def snapshot(news: list[News], path: Path) -> Path:
    """Writes a snapshot of alerts and withdrawals."""
    with SnapshotWriter(path) as writer:
        writer.add([entry for entry in news if isinstance(entry, Alert)])
        writer.add_withdrawals(entry for entry in news if isinstance(entry, Withdrawal))
        return writer.finish()


def told(index: Index, news: list[News]) -> Index:
    """The index after it was told the news."""
    for entry in news:
        if isinstance(entry, Alert):
            assert index.put(entry) is None
        else:
            index.withdraw(entry)
    return index


def answers(index: Index, asked: list[str]) -> object:
    """All that an index says of plates, and when each alert is in force."""
    batch = to_columns(asked)
    found = index.find(batch)
    assert len(found) == len({(each.row, alert_key(each.alert)) for each in found}), "each pair comes once"
    assert [each.row for each in found] == sorted(each.row for each in found)
    by_key = {alert_key(alert): alert for alert in index.alerts()}
    assert all(index.get(key) == alert for key, alert in by_key.items())
    in_force = {
        key: (index.valid_until_ms(alert), [index.is_effective(alert, moment) for moment in MOMENTS])
        for key, alert in by_key.items()
    }
    return found, by_key, in_force


@given(histories(), st.randoms(use_true_random=False))
def test_a_base_and_its_changes_answer_as_an_index_made_afresh(
    history: tuple[list[News], list[News], list[str]], random: Random
) -> None:
    before, after, asked = history
    both = [*before, *after]
    random.shuffle(both)
    with TemporaryDirectory() as name:
        folder = Path(name)
        grown = told(Index(Snapshot(snapshot(before, folder / "before"))), after)
        expected = answers(grown, asked)
        withdrawn = [entry for entry in both if isinstance(entry, Withdrawal)]
        afresh = {
            "from a snapshot": Index(Snapshot(snapshot(both, folder / "both"))),
            "put one by one": told(Index(), both),
            "of the final state": told(Index(), [*grown.alerts(), *withdrawn]),
        }
        for how, index in afresh.items():
            assert answers(index, asked) == expected, how


@given(histories())
def test_a_snapshot_opened_again_answers_the_same(history: tuple[list[News], list[News], list[str]]) -> None:
    before, after, asked = history
    with TemporaryDirectory() as name:
        path = snapshot([*before, *after], Path(name) / "lists")
        first = Snapshot(path)
        expected = answers(Index(first), asked)
        first.close()
        assert answers(Index(Snapshot(path)), asked) == expected
