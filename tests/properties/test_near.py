"""Near plates: however the lists came about, the pairs are those that a look at every pair gives."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from streams.alerts import Index, LogWriter, Snapshot
from streams.alerts.alert_keys import packed
from streams.plates.confusables import CLASSES
from streams.plates.packed_keys import columns, unpack
from streams.records.alert import Alert, AlertKey, Withdrawal, key_of
from streams.records.times import to_ms
from tests.properties.test_index import News
from tests.support.builders import alert, at, withdrawal
from tests.support.one_edit import kin, near_pairs

_CHARS = "0OAB8Ä"
_TEXTS = st.text(_CHARS, min_size=1, max_size=12)
_LISTS = ("near", "also", "far")
_ASKING = ("near", "also")
_LATE = to_ms(at(1))


@st.composite
def edited(draw: st.DrawFn, text: str) -> str:
    """A text with up to two characters other, more or less."""
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(st.sampled_from(["", *_CHARS])) + text[place + draw(st.integers(0, 1)) :]
    return text[:12] or "A"


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[list[News]], list[str]]:
    """What two generations of a snapshot take, what comes afterwards, and plates to ask for."""
    kinds = draw(st.lists(_TEXTS, min_size=1, max_size=3))
    plates = st.sampled_from(kinds).flatmap(edited)
    listed = st.builds(
        lambda plate, name, list_id: alert(plate, alert_id=name, list_id=list_id),
        st.one_of(plates, plates, plates.map(lambda plate: plate[:10] + "A*")),
        st.sampled_from("abc"),
        st.sampled_from(_LISTS),
    )
    ended = st.builds(
        lambda name, list_id: withdrawal(name, at(0), list_id),
        st.sampled_from("abc"),
        st.sampled_from(_LISTS),
    )
    news = st.lists(st.one_of(listed, listed, listed, ended), max_size=6)
    parts = [draw(news) for _ in range(3)]
    return parts, draw(st.lists(plates | st.sampled_from(["", "Ж"]), min_size=1, max_size=6))


def after(state: dict[AlertKey, Alert], news: list[News]) -> dict[AlertKey, Alert]:
    """What a snapshot that forgets what has ended holds, after it took some news."""
    state = dict(state)
    for entry in news:
        if isinstance(entry, Withdrawal):
            state.pop(key_of(entry), None)
        else:
            state[key_of(entry)] = entry
    return state


def keys_of(alerts: list[Alert]) -> set[int]:
    """The keys of the lists that ask."""
    return {key for each in alerts if each.list_id in _ASKING for key in packed(each.plate)}


@given(histories())
def test_the_pairs_are_those_of_a_look_at_every_pair(history: tuple[list[list[News]], list[str]]) -> None:
    (first, second, last), asked = history
    with TemporaryDirectory() as name:
        base = None
        state: dict[AlertKey, Alert] = {}
        for generation, news in enumerate((first, second)):
            state = after(state, news)
            with LogWriter(Path(name) / str(generation), ends_since=_LATE) as writer:
                if base is not None:
                    writer.begin_with(base)
                writer.take(news)
                base = Snapshot(writer.finish())
        assert base is not None

        kept = set(base.plates(_ASKING).tolist())
        assert kept >= keys_of([*state.values()]), "no plate is lost"
        same = {kin(text, CLASSES) for each in state.values() for text in _texts(packed(each.plate))}
        assert all(kin(text, CLASSES) in same for text in _texts(kept)), "none is kept for ever"

        index = Index(base, near=_ASKING)
        for entry in last:
            if isinstance(entry, Withdrawal):
                index.end(key_of(entry), to_ms(entry.withdrawn_at))
            else:
                index.relist(entry)
                state[key_of(entry)] = entry

    batch = columns(asked)
    rows, keys = index.near(batch)
    pairs = list(zip(rows.tolist(), keys.tolist(), strict=True))
    assert pairs == sorted(set(pairs)), "in order, each once"
    counting = near_pairs(asked, keys_of([*state.values()]), CLASSES)
    assert set(counting) <= set(pairs) <= set(near_pairs(asked, kept | keys_of(_listed(last)), CLASSES))

    found = index.resolve(rows, keys)
    holds = [(each, packed(each.plate)) for each in state.values()]
    expected = {(row, key_of(each)): each for row, key in pairs for each, plates in holds if key in plates}
    assert [(each.row, key_of(each.alert)) for each in found] == sorted(expected)
    assert all(each.alert == expected[each.row, key_of(each.alert)] for each in found)
    assert len(Index(base).near(batch)[0]) == 0


def _listed(news: list[News]) -> list[Alert]:
    return [entry for entry in news if isinstance(entry, Alert)]


def _texts(keys: set[int]) -> list[str]:
    return [unpack(key) for key in keys]
