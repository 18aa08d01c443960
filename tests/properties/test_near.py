"""Near plates: however the lists came about, the pairs are those that a look at every pair gives."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from streams.alerts import Index, LogSnapshotWriter, Snapshot
from streams.alerts.alert_keys import pack_spellings
from streams.plates.confusables import BUILTIN_CLASSES
from streams.plates.packed_keys import unpack
from streams.plates.plate_columns import to_columns
from streams.records.alert import Alert, AlertKey, Withdrawal, alert_key
from streams.records.times import to_ms
from tests.properties.test_index import News
from tests.support.builders import a_withdrawal, after_noon, an_alert
from tests.support.one_edit import canonical_text, one_edit_pairs

_CHARS = "0OAB8Ä"
_TEXTS = st.text(_CHARS, min_size=1, max_size=12)
_LISTS = ("near", "also", "far")
_ASKING = ("near", "also")
_LATE = to_ms(after_noon(1))


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
        lambda plate, name, list_id: an_alert(plate, alert_id=name, list_id=list_id),
        st.one_of(plates, plates, plates.map(lambda plate: plate[:10] + "A*")),
        st.sampled_from("abc"),
        st.sampled_from(_LISTS),
    )
    ended = st.builds(
        lambda name, list_id: a_withdrawal(name, after_noon(0), list_id),
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
            state.pop(alert_key(entry), None)
        else:
            state[alert_key(entry)] = entry
    return state


def keys_of(alerts: list[Alert]) -> set[int]:
    """The keys of the lists that ask."""
    return {key for each in alerts if each.list_id in _ASKING for key in pack_spellings(each.plate)}


@given(histories())
def test_the_pairs_are_those_of_a_look_at_every_pair(history: tuple[list[list[News]], list[str]]) -> None:
    (first, second, last), asked = history
    with TemporaryDirectory() as name:
        base = None
        state: dict[AlertKey, Alert] = {}
        for generation, news in enumerate((first, second)):
            state = after(state, news)
            with LogSnapshotWriter(Path(name) / str(generation), ended_since_ms=_LATE) as writer:
                if base is not None:
                    writer.copy_from(base)
                writer.add_entries(news)
                base = Snapshot(writer.finish())
        assert base is not None

        kept = set(base.plate_keys(_ASKING).tolist())
        assert kept >= keys_of([*state.values()]), "no plate is lost"
        same = {
            canonical_text(text, BUILTIN_CLASSES)
            for each in state.values()
            for text in _texts(pack_spellings(each.plate))
        }
        assert all(canonical_text(text, BUILTIN_CLASSES) in same for text in _texts(kept)), (
            "none is kept for ever"
        )

        index = Index(base, fuzzy_lists=_ASKING)
        for entry in last:
            if isinstance(entry, Withdrawal):
                index.apply_tombstone(alert_key(entry), to_ms(entry.withdrawn_at))
            else:
                index.apply_value(entry)
                state[alert_key(entry)] = entry

    batch = to_columns(asked)
    rows, keys = index.find_one_edit(batch)
    pairs = list(zip(rows.tolist(), keys.tolist(), strict=True))
    assert pairs == sorted(set(pairs)), "in order, each once"
    counting = one_edit_pairs(asked, keys_of([*state.values()]), BUILTIN_CLASSES)
    assert (
        set(counting)
        <= set(pairs)
        <= set(one_edit_pairs(asked, kept | keys_of(_listed(last)), BUILTIN_CLASSES))
    )

    found = index.resolve(rows, keys)
    holds = [(each, pack_spellings(each.plate)) for each in state.values()]
    expected = {(row, alert_key(each)): each for row, key in pairs for each, plates in holds if key in plates}
    assert [(each.row, alert_key(each.alert)) for each in found] == sorted(expected)
    assert all(each.alert == expected[each.row, alert_key(each.alert)] for each in found)
    assert len(Index(base).find_one_edit(batch)[0]) == 0


def _listed(news: list[News]) -> list[Alert]:
    return [entry for entry in news if isinstance(entry, Alert)]


def _texts(keys: set[int]) -> list[str]:
    return [unpack(key) for key in keys]
