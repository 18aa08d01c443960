"""The one-edit index: its pairs are those of comparing all plates, however the lists got into it."""

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
from tests.properties.test_index import Change
from tests.support.builders import a_withdrawal, after_noon, an_alert
from tests.support.one_edit import canonical_text, one_edit_pairs

_CHARS = "0OAB8Ä"
_TEXTS = st.text(_CHARS, min_size=1, max_size=12)
_LISTS = ("fuzzy", "also-fuzzy", "exact")
_FUZZY_LISTS = ("fuzzy", "also-fuzzy")
_LATE_MS = to_ms(after_noon(1))


@st.composite
def edited(draw: st.DrawFn, text: str) -> str:
    """Draw a text with up to two characters substituted, inserted or lost."""
    for _ in range(draw(st.integers(0, 2))):
        index = draw(st.integers(0, len(text)))
        text = text[:index] + draw(st.sampled_from(["", *_CHARS])) + text[index + draw(st.integers(0, 1)) :]
    return text[:12] or "A"


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[list[Change]], list[str]]:
    """Draw changes in two generations of a snapshot and after them, and plates to look up."""
    originals = draw(st.lists(_TEXTS, min_size=1, max_size=3))
    plates = st.sampled_from(originals).flatmap(edited)
    listed = st.builds(
        lambda plate, alert_id, list_id: an_alert(plate, alert_id=alert_id, list_id=list_id),
        st.one_of(plates, plates, plates.map(lambda plate: plate[:10] + "A*")),
        st.sampled_from("abc"),
        st.sampled_from(_LISTS),
    )
    ended = st.builds(
        lambda alert_id, list_id: a_withdrawal(alert_id, after_noon(0), list_id),
        st.sampled_from("abc"),
        st.sampled_from(_LISTS),
    )
    changes = st.lists(st.one_of(listed, listed, listed, ended), max_size=6)
    parts = [draw(changes) for _ in range(3)]
    return parts, draw(st.lists(plates | st.sampled_from(["", "Ж"]), min_size=1, max_size=6))


def compacted(state: dict[AlertKey, Alert], changes: list[Change]) -> dict[AlertKey, Alert]:
    """Return the alerts of a snapshot without withdrawn ones, after changes."""
    state = dict(state)
    for change in changes:
        if isinstance(change, Withdrawal):
            state.pop(alert_key(change), None)
        else:
            state[alert_key(change)] = change
    return state


def fuzzy_keys(alerts: list[Alert]) -> set[int]:
    """Return the plate keys of the fuzzy lists."""
    return {key for alert in alerts if alert.list_id in _FUZZY_LISTS for key in pack_spellings(alert.plate)}


@given(histories())
def test_the_pairs_are_those_of_comparing_all_plates(history: tuple[list[list[Change]], list[str]]) -> None:
    (first, second, last), plates = history
    with TemporaryDirectory() as name:
        base = None
        state: dict[AlertKey, Alert] = {}
        for generation, changes in enumerate((first, second)):
            state = compacted(state, changes)
            with LogSnapshotWriter(Path(name) / str(generation), ended_since_ms=_LATE_MS) as writer:
                if base is not None:
                    writer.copy_from(base)
                writer.add_entries(changes)
                base = Snapshot(writer.finish())
        assert base is not None

        stored = set(base.plate_keys(_FUZZY_LISTS).tolist())
        assert stored >= fuzzy_keys([*state.values()]), "every listed plate is stored"
        canonical = {
            canonical_text(text, BUILTIN_CLASSES)
            for alert in state.values()
            for text in _texts(pack_spellings(alert.plate))
        }
        assert all(canonical_text(text, BUILTIN_CLASSES) in canonical for text in _texts(stored)), (
            "no other plate is stored"
        )

        index = Index(base, fuzzy_lists=_FUZZY_LISTS)
        for change in last:
            if isinstance(change, Withdrawal):
                index.apply_tombstone(alert_key(change), to_ms(change.withdrawn_at))
            else:
                index.apply_value(change)
                state[alert_key(change)] = change

    batch = to_columns(plates)
    rows, keys = index.find_one_edit(batch)
    pairs = list(zip(rows.tolist(), keys.tolist(), strict=True))
    assert pairs == sorted(set(pairs)), "in order, without repetition"
    required = one_edit_pairs(plates, fuzzy_keys([*state.values()]), BUILTIN_CLASSES)
    assert (
        set(required)
        <= set(pairs)
        <= set(one_edit_pairs(plates, stored | fuzzy_keys(_listed(last)), BUILTIN_CLASSES))
    )

    candidates = index.resolve(rows, keys)
    spelt = [(alert, pack_spellings(alert.plate)) for alert in state.values()]
    expected = {
        (row, alert_key(alert)): alert for row, key in pairs for alert, spellings in spelt if key in spellings
    }
    found = [(candidate.row, alert_key(candidate.alert)) for candidate in candidates]
    assert found == sorted(expected)
    assert [candidate.alert for candidate in candidates] == [expected[pair] for pair in found]
    assert len(Index(base).find_one_edit(batch)[0]) == 0


def _listed(changes: list[Change]) -> list[Alert]:
    return [change for change in changes if isinstance(change, Alert)]


def _texts(keys: set[int]) -> list[str]:
    return [unpack(key) for key in keys]
