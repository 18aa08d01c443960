"""The index of patterns: `?` is one character, `*` any number; looked up by anchor, whole batches at once."""

import re

from hypothesis import given
from hypothesis import strategies as st

from streams.alerts.wildcard_index import WildcardIndex
from streams.plates.plate_columns import to_columns

PLATES = st.lists(st.text("AB12", min_size=1, max_size=8), max_size=30)
PATTERN = st.text("AB12?*", min_size=1, max_size=7).filter(lambda text: text.strip("?*"))


@given(PLATES, st.lists(PATTERN, max_size=6))
def test_every_plate_that_fits_is_a_candidate(plates: list[str], patterns: list[str]) -> None:
    index = WildcardIndex()
    for number, pattern in enumerate(patterns):
        index.add(("l", str(number)), pattern)
    pairs = index.find(to_columns(plates))
    for row, plate in enumerate(plates):
        for number, pattern in enumerate(patterns):
            expression = pattern.replace("?", ".").replace("*", ".*")
            if re.fullmatch(expression, plate):
                assert (row, ("l", str(number))) in pairs, (plate, pattern)


def test_a_plate_without_the_anchor_is_no_candidate() -> None:
    index = WildcardIndex()
    index.add(("l", "start"), "AB1*")
    index.add(("l", "end"), "*?1Z")
    index.add(("l", "middle"), "*XY*")
    index.add(("l", "fixed"), "A?2")
    batch = to_columns(["AB199", "BB199", "K91Z", "1Z", "QXYQ", "QXQY", "AC2", "AC22"])
    assert {(row, key[1]) for row, key in index.find(batch)} == {
        (0, "start"),
        (2, "end"),
        (3, "end"),
        (4, "middle"),
        (6, "fixed"),
    }, "the anchor of *?1Z is its last two characters; whether a candidate fits is checked later"


def test_a_removed_pattern_is_not_found() -> None:
    index = WildcardIndex()
    index.add(("l", "a"), "AB1*")
    index.add(("l", "b"), "AB1*")
    index.remove(("l", "a"))
    assert index.find(to_columns(["AB199"])) == {(0, ("l", "b"))}
    index.remove(("l", "b"))
    index.remove(("l", "c"))
    assert len(index) == 0
    assert index.find(to_columns(["AB199"])) == set()
