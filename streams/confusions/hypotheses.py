"""Hypotheses: the plates of a country that a read may have come of, for learning how to weigh them."""

from itertools import islice, product
from typing import Final

import numpy as np

from streams.confusions.evidence import CODE, Evidence
from streams.plates.fleets import Fleets, Mask, Room
from streams.plates.keys import ALPHABET

_MOST_AT_ONCE: Final = 256
_NAMED: Final = -4.0
"""Characters named with at least exp of this are tried together."""
_COMMON: Final = 1.5
"""Slips commoner than the average by exp of this are tried for characters that cannot stand."""


def hypotheses(
    evidence: Evidence, country: str, fleets: Fleets, slips: list[list[float]]
) -> dict[str, float]:
    """The plates that a read may have come of, each with the chance that there is such a vehicle.

    The plate as read; all that differ in one character, or have one more or less; those that differ in
    several that the recogniser named or the formats shut out; and the texts that it named, themselves and one
    character beside. Plates that the country does not issue are left out.
    """
    found = set(_beside(evidence.plate, country, fleets))
    for room in fleets.rooms(country, len(evidence.codes)):
        found.update(_together(evidence, room, slips))
    for text in islice(evidence.texts, 5):
        found.add(text)
        found.update(_beside(text, country, fleets))
    densities = {plate: fleets.density(plate, country) for plate in found}
    return {plate: chance for plate, chance in densities.items() if chance}


def _beside(text: str, country: str, fleets: Fleets) -> set[str]:
    """All plates that differ from a text in one character, or have one more or less, and the text."""
    codes = [CODE[char] for char in text]
    found = {text, *(text[:place] + text[place + 1 :] for place in range(len(text)))} - {""}
    for room in fleets.rooms(country, len(text)):
        wrong = [place for place, code in enumerate(codes) if not room.allowed[place, code]]
        if len(wrong) <= 1:
            for place in wrong or range(len(text)):
                for code in np.flatnonzero(room.allowed[place]).tolist():
                    found.add(text[:place] + ALPHABET[code] + text[place + 1 :])
    for room in fleets.rooms(country, len(text) + 1):
        before = _agreeing(room.allowed, codes)
        behind = _agreeing(room.allowed[::-1], codes[::-1])
        for gap in range(len(text) + 1):
            if gap <= before and len(text) - gap <= behind:
                for code in np.flatnonzero(room.allowed[gap]).tolist():
                    found.add(text[:gap] + ALPHABET[code] + text[gap:])
    return found


def _agreeing(allowed: Mask, codes: list[int]) -> int:
    """How many characters from the first on can stand at their place."""
    for place, code in enumerate(codes):
        if not allowed[place, code]:
            return place
    return len(codes)


def _together(evidence: Evidence, room: Room, slips: list[list[float]]) -> list[str]:
    """The plates of a form that differ at several places, in what was named or must have been misread."""
    choices: list[list[str]] = []
    for place, (code, allowed) in enumerate(zip(evidence.codes, room.places, strict=True)):
        read = ALPHABET[code]
        here = [read] if read in allowed else []
        named = [
            ALPHABET[true]
            for true, share in evidence.others[place].items()
            if share >= _NAMED and true != code and ALPHABET[true] in allowed
        ]
        if not here:
            named += [true for true in allowed if slips[CODE[true]][code] > _COMMON and true not in named]
        if not here and not named:
            return []
        choices.append(here + named)
    return ["".join(chars) for chars in islice(product(*choices), _MOST_AT_ONCE)]
