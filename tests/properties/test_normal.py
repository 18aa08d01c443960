"""A batch of plates as columns agrees with the normal form of each single plate."""

from hypothesis import example, given
from hypothesis import strategies as st

from streams.plates.normal_form import MAX_LENGTH, SEPARATORS, PlateError, fold_umlauts, has_umlaut, normalise
from streams.plates.packed_keys import ALPHABET, pack, unpack
from streams.plates.plate_columns import to_columns

# Characters that look like letters, become letters by `upper`, end lines, or combine to an umlaut.
_STRANGE = "ßıſKﬁéÑΑА\n\r\0?*\u0308\u0301\u00adẞ₁²"
texts = st.lists(
    st.one_of(
        st.text(max_size=20),
        st.text(ALPHABET + ALPHABET.lower() + "ÄÖÜäöü" + SEPARATORS, max_size=20),
        st.text("AaOoUu0Z" + "ÄöÜ" + SEPARATORS[:4] + _STRANGE, max_size=15),
    ),
    max_size=8,
)
forms = st.text(ALPHABET, min_size=1, max_size=MAX_LENGTH)


def form_or_rule(text: str) -> tuple[str | None, str]:
    """Return the normal form, or None and the rule that the text breaks."""
    try:
        return normalise(text), ""
    except PlateError as error:
        return None, str(error)


@given(texts)
@example(["AB\n12", "AB", "\n"])
@example(["", "a\u0308B 12", "ÄB12"])
def test_columns_agree_with_the_normal_form_on_any_text(plates: list[str]) -> None:
    batch = to_columns(plates)
    keys, matrix = batch.keys().tolist(), batch.matrix()
    assert len(keys) == len(plates)
    for row, plate in enumerate(plates):
        form, rule = form_or_rule(plate)
        assert batch.faults.get(row, "") == rule
        assert batch.umlauts.get(row) == (form if form and has_umlaut(form) else None)
        assert keys[row] == (pack(fold_umlauts(form)) if form else 0)
        codes = [ALPHABET.index(char) + 1 for char in fold_umlauts(form or "")]
        assert matrix[row].tolist() == codes + [0] * (MAX_LENGTH - len(codes))


@given(texts)
def test_the_key_of_a_plate_does_not_depend_on_its_batch(plates: list[str]) -> None:
    assert to_columns(plates).keys().tolist() == [to_columns([plate]).keys().tolist()[0] for plate in plates]


@given(texts)
def test_normalising_is_idempotent_and_ignores_separators(plates: list[str]) -> None:
    for plate in plates:
        form, _ = form_or_rule(plate)
        if form is not None:
            assert normalise(form) == form
            assert normalise(f" {plate}-") == form
            assert 1 <= len(form) <= MAX_LENGTH


@given(forms)
def test_unpacking_a_key_returns_its_plate(plate: str) -> None:
    key = pack(plate)
    assert unpack(key) == plate
    assert 0 < key < 2**63
    assert to_columns([plate]).keys().tolist() == [key]


@given(st.lists(forms, min_size=2, max_size=6))
def test_keys_sort_like_texts(plates: list[str]) -> None:
    assert sorted(plates, key=pack) == sorted(plates)
