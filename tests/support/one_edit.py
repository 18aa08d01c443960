"""Plates that differ by one character, found by comparing every pair of texts: an oracle for the index."""

from collections.abc import Iterable, Sequence

from streams.plates.confusables import ConfusableClasses
from streams.plates.normal_form import PlateError, normalise, packable_spellings
from streams.plates.packed_keys import unpack


def canonical_text(text: str, classes: ConfusableClasses) -> str:
    """A text with each character replaced by the first of its class."""
    return "".join(classes.class_for(char)[0] for char in text)


def differ_by_one_edit(first: str, second: str) -> bool:
    """True if two texts differ by one character that is replaced, added or missing."""
    if len(first) == len(second):
        return sum(char != other for char, other in zip(first, second, strict=True)) == 1
    shorter, longer = sorted((first, second), key=len)
    return any(longer[:position] + longer[position + 1 :] == shorter for position in range(len(longer)))


def one_edit_pairs(
    plates: Sequence[str], keys: Iterable[int], classes: ConfusableClasses
) -> list[tuple[int, int]]:
    """The pairs (row, unmapped key) that `Index.find_one_edit` must return for plates and listed keys."""
    listed = {key: canonical_text(unpack(key), classes) for key in keys}
    pairs = []
    for row, plate in enumerate(plates):
        try:
            spellings = {canonical_text(text, classes) for text in packable_spellings(normalise(plate))}
        except PlateError:
            continue
        pairs += [
            (row, key)
            for key, text in listed.items()
            if text not in spellings and any(differ_by_one_edit(spelling, text) for spelling in spellings)
        ]
    return sorted(pairs)
