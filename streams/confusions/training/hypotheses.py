"""Hypotheses: the plates of a country that a read may come from, for training."""

from itertools import islice, product
from typing import Final

from streams.confusions.evidence import CHAR_CODES, Evidence
from streams.confusions.features import FrequencyTable
from streams.plates.fleets import Fleets, PlateBlock
from streams.plates.packed_keys import ALPHABET

_MAX_COMBINATIONS: Final = 256
_MAX_TEXTS: Final = 5
_MIN_NAMED_LOG_SHARE: Final = -4.0
"""Characters named with at least this log probability are combined."""
_MIN_LOG_FREQUENCY: Final = 1.5
"""Character errors with at least this log relative frequency are tried where the character read is not
allowed."""


def plate_hypotheses(
    evidence: Evidence, country: str, fleets: Fleets, frequencies: FrequencyTable
) -> dict[str, float]:
    """Return the plates that a read may come from, each with the density of vehicles that have it.

    They are the plate as read; all plates that differ by one character, replaced, added or missing; those
    that differ by several characters that the recogniser named or the formats exclude; and the texts that it
    named, themselves and with one character different. Plates that the country does not issue are left out.
    """
    plates = set(_one_edit_plates(evidence.plate, country, fleets))
    for block in fleets.blocks(country, len(evidence.codes)):
        plates.update(_combined_plates(evidence, block, frequencies))
    for text in islice(evidence.texts, _MAX_TEXTS):
        plates.add(text)
        plates.update(_one_edit_plates(text, country, fleets))
    densities = {plate: fleets.density(plate, country) for plate in plates}
    return {plate: density for plate, density in densities.items() if density}


def _one_edit_plates(text: str, country: str, fleets: Fleets) -> set[str]:
    """Return a text and all plates that differ from it by one character, replaced, added or missing."""
    plates = {text, *(text[:position] + text[position + 1 :] for position in range(len(text)))} - {""}
    for block in fleets.blocks(country, len(text)):
        excluded = [position for position, char in enumerate(text) if char not in block.allowed[position]]
        if len(excluded) <= 1:
            for position in excluded or range(len(text)):
                plates.update(
                    text[:position] + char + text[position + 1 :] for char in block.allowed[position]
                )
    for block in fleets.blocks(country, len(text) + 1):
        for gap in block.indel_positions(text):
            plates.update(text[:gap] + char + text[gap:] for char in block.allowed[gap])
    return plates


def _combined_plates(evidence: Evidence, block: PlateBlock, frequencies: FrequencyTable) -> list[str]:
    """Return the plates of a form with other characters where they were named or the one read is excluded."""
    choices: list[list[str]] = []
    for position, (code, allowed) in enumerate(zip(evidence.codes, block.allowed, strict=True)):
        read = ALPHABET[code]
        as_read = [read] if read in allowed else []
        others = [
            ALPHABET[true]
            for true, log_share in evidence.log_alternatives[position].items()
            if log_share >= _MIN_NAMED_LOG_SHARE and true != code and ALPHABET[true] in allowed
        ]
        if not as_read:
            others += [
                true
                for true in allowed
                if frequencies[CHAR_CODES[true]][code] > _MIN_LOG_FREQUENCY and true not in others
            ]
        if not as_read and not others:
            return []
        choices.append(as_read + others)
    return ["".join(chars) for chars in islice(product(*choices), _MAX_COMBINATIONS)]
