"""What a recogniser makes of a plate when it reads it wrong."""

from random import Random
from typing import Final

# Counts of the commonest slips, the character on the plate first, then the one read: all of at least ten
# among 19,942 reads of drawn plates by one recogniser, those that the shipped example is a sample of.
_COUNTS: Final = (
    "D0 123,Q0 120,G6 94,B8 80,QO 74,1I 64,DO 55,O0 51,J1 50,1T 45,Z2 43,FE 34,WN 29,80 26,1L 22,KX 21,2Z 20,"
    "68 20,MN 20,S5 17,GC 17,VY 16,65 14,HN 13,G0 13,Z7 13,J3 13,46 12,T1 11,JI 11,C0 11,R8 10,G5 10"
)
SLIPS: Final = {slip[:2]: int(slip[2:]) for slip in _COUNTS.split(",")}
"""How often a character (the first of the two) was read as another (the second)."""

# Of those that were read wrong, by the same source: one character, two, and one lost; rarer kinds left out.
_KINDS: Final = ("one", "two", "lost")
_KIND_COUNTS: Final = (805, 216, 178)

_BY_CHAR: Final[dict[str, list[tuple[str, int]]]] = {
    char: [(slip[1], count) for slip, count in SLIPS.items() if slip[0] == char]
    for char in sorted({slip[0] for slip in SLIPS})
}


def misread(plate: str, rng: Random) -> str:
    """A plate in normal form, two characters or longer, as it is read wrong; never as it is.

    One or two characters are read as others, as often as recognisers take the one for the other, or one
    character is lost. A plate that has no character of which a slip is known loses one.
    """
    kind = rng.choices(_KINDS, _KIND_COUNTS)[0]
    text = plate if kind == "lost" else _slipped(plate, rng)
    if kind == "two":
        # The second may find nothing, or undo the first; then there is one.
        again = _slipped(text, rng)
        text = text if again == plate else again
    return _without_one(plate, rng) if text == plate else text


def _slipped(text: str, rng: Random) -> str:
    found = [
        (place, read, count) for place, char in enumerate(text) for read, count in _BY_CHAR.get(char, ())
    ]
    if not found:
        return text
    place, read, _ = rng.choices(found, [count for _, _, count in found])[0]
    return text[:place] + read + text[place + 1 :]


def _without_one(plate: str, rng: Random) -> str:
    # Those at the edges are lost most often.
    place = rng.choice((0, len(plate) - 1, rng.randrange(len(plate))))
    return plate[:place] + plate[place + 1 :]
