"""Hypotheses: the plates of a country that a read may have come of, for learning how to weigh them."""

from itertools import islice, product
from typing import Final

from streams.confusions.evidence import CHAR_CODES, Evidence
from streams.confusions.features import FrequencyTable
from streams.plates.fleets import Fleets, PlateBlock
from streams.plates.packed_keys import ALPHABET

_MAX_COMBINATIONS: Final = 256
_MIN_NAMED_LOG_SHARE: Final = -4.0
"""Characters named with at least exp of this are tried together."""
_MIN_LOG_FREQUENCY: Final = 1.5
"""Slips commoner than the average by exp of this are tried for characters that cannot stand."""


def plate_hypotheses(
    evidence: Evidence, country: str, fleets: Fleets, frequencies: FrequencyTable
) -> dict[str, float]:
    """The plates that a read may have come of, each with the chance that there is such a vehicle.

    The plate as read; all that differ in one character, or have one more or less; those that differ in
    several that the recogniser named or the formats shut out; and the texts that it named, themselves and one
    character beside. Plates that the country does not issue are left out.
    """
    found = set(_one_edit_plates(evidence.plate, country, fleets))
    for block in fleets.blocks(country, len(evidence.codes)):
        found.update(_combined_plates(evidence, block, frequencies))
    for text in islice(evidence.texts, 5):
        found.add(text)
        found.update(_one_edit_plates(text, country, fleets))
    densities = {plate: fleets.density(plate, country) for plate in found}
    return {plate: chance for plate, chance in densities.items() if chance}


def _one_edit_plates(text: str, country: str, fleets: Fleets) -> set[str]:
    """All plates that differ from a text in one character, or have one more or less, and the text."""
    found = {text, *(text[:place] + text[place + 1 :] for place in range(len(text)))} - {""}
    for block in fleets.blocks(country, len(text)):
        wrong = [place for place, char in enumerate(text) if char not in block.allowed[place]]
        if len(wrong) <= 1:
            for place in wrong or range(len(text)):
                found.update(text[:place] + char + text[place + 1 :] for char in block.allowed[place])
    for block in fleets.blocks(country, len(text) + 1):
        for gap in block.indel_positions(text):
            found.update(text[:gap] + char + text[gap:] for char in block.allowed[gap])
    return found


def _combined_plates(evidence: Evidence, block: PlateBlock, frequencies: FrequencyTable) -> list[str]:
    """The plates of a form that differ at several places, in what was named or must have been misread."""
    choices: list[list[str]] = []
    for place, (code, allowed) in enumerate(zip(evidence.codes, block.allowed, strict=True)):
        read = ALPHABET[code]
        here = [read] if read in allowed else []
        named = [
            ALPHABET[true]
            for true, share in evidence.log_alternatives[place].items()
            if share >= _MIN_NAMED_LOG_SHARE and true != code and ALPHABET[true] in allowed
        ]
        if not here:
            named += [
                true
                for true in allowed
                if frequencies[CHAR_CODES[true]][code] > _MIN_LOG_FREQUENCY and true not in named
            ]
        if not here and not named:
            return []
        choices.append(here + named)
    return ["".join(chars) for chars in islice(product(*choices), _MAX_COMBINATIONS)]
