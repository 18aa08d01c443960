"""What differs by one character, said in the plainest way: every pair of texts, character by character."""

from collections.abc import Iterable, Sequence

from streams.plates.confusables import Classes
from streams.plates.normal_form import PlateError, normal, spellings
from streams.plates.packed_keys import unpack


def kin(text: str, classes: Classes) -> str:
    """A text with each character as the first of its class."""
    return "".join(classes.of(char)[0] for char in text)


def differ_by_one(one: str, other: str) -> bool:
    """Whether two texts differ by one character that is another, one more or one less."""
    if len(one) == len(other):
        return sum(a != b for a, b in zip(one, other, strict=True)) == 1
    shorter, longer = sorted((one, other), key=len)
    return any(longer[:place] + longer[place + 1 :] == shorter for place in range(len(longer)))


def near_pairs(plates: Sequence[str], keys: Iterable[int], classes: Classes) -> list[tuple[int, int]]:
    """The pairs (row, unmapped key) that `Index.near` gives for plates as read and these listed keys."""
    listed = {key: kin(unpack(key), classes) for key in keys}
    found = []
    for row, plate in enumerate(plates):
        try:
            ways = {kin(way, classes) for way in spellings(normal(plate))}
        except PlateError:
            continue
        found += [
            (row, key)
            for key, text in listed.items()
            if text not in ways and any(differ_by_one(way, text) for way in ways)
        ]
    return sorted(found)
