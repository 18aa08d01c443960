"""What a recogniser makes of a plate when it reads it wrong."""

from random import Random
from typing import Final

from streams.confusions.model import builtin_models
from streams.plates.packed_keys import ALPHABET

SLIPS: Final = {
    slip: count
    for slip, count in builtin_models().general.counts.items()
    if slip[0] in ALPHABET and slip[1] in ALPHABET
}
"""How often a character (the first of the two) was read as another (the second), by the learnt model."""

# Of the reads it was learnt from that were wrong: one character, two, and one lost; rarer kinds left out.
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
