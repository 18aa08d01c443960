"""What differs by one character, said in the plainest way: every pair of texts, character by character."""

from collections.abc import Iterable, Sequence

from streams.plates.confusables import ConfusableClasses
from streams.plates.normal_form import PlateError, normalise, packable_spellings
from streams.plates.packed_keys import unpack


def canonical_text(text: str, classes: ConfusableClasses) -> str:
    """A text with each character as the first of its class."""
    return "".join(classes.class_for(char)[0] for char in text)


def differ_by_one_edit(first: str, second: str) -> bool:
    """Whether two texts differ by one character that is another, one more or one less."""
    if len(first) == len(second):
        return sum(a != b for a, b in zip(first, second, strict=True)) == 1
    shorter, longer = sorted((first, second), key=len)
    return any(longer[:place] + longer[place + 1 :] == shorter for place in range(len(longer)))


def one_edit_pairs(
    plates: Sequence[str], keys: Iterable[int], classes: ConfusableClasses
) -> list[tuple[int, int]]:
    """The pairs (row, unmapped key) that `Index.near` gives for plates as read and these listed keys."""
    listed = {key: canonical_text(unpack(key), classes) for key in keys}
    found = []
    for row, plate in enumerate(plates):
        try:
            ways = {canonical_text(way, classes) for way in packable_spellings(normalise(plate))}
        except PlateError:
            continue
        found += [
            (row, key)
            for key, text in listed.items()
            if text not in ways and any(differ_by_one_edit(way, text) for way in ways)
        ]
    return sorted(found)
