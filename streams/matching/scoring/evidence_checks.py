"""Cheap checks of what a read tells besides its plate, without building its evidence."""

from contextlib import suppress

from streams.confusions.evidence import EvidenceKind
from streams.plates.normal_form import PlateError, fold_umlauts, normalise
from streams.records.read import Read


def evidence_kind(read: Read, length: int) -> EvidenceKind | None:
    """Return the kind of a read's evidence; None if its terms and the characters it names do not cover it.

    `length` is that of the plate.
    """
    confidences, texts, alternatives = read.char_confidences, read.candidates, read.char_alternatives
    if confidences is None or len(confidences) != length:
        if texts:
            return None
        return "bare" if read.confidence is None else "plate"
    if texts:
        # A text equal to the plate is known to be a valid plate.
        return "full" if any(text.confidence and text.plate == read.plate for text in texts) else None
    return "full" if alternatives and len(alternatives) == length and any(alternatives) else "characters"


def may_name(read: Read, listed: str) -> bool:
    """True if a read may name a listed plate, or a character in which the two differ, or if it is unclear."""
    plate = fold_umlauts(normalise(read.plate))
    if len(plate) != len(listed):
        return True
    differing = [
        position
        for position, (read_char, listed_char) in enumerate(zip(plate, listed, strict=True))
        if read_char != listed_char
    ]
    alternatives = read.char_alternatives
    if alternatives and len(alternatives) == len(plate):
        for position in differing:
            char = listed[position]
            if any(fold_umlauts(named.char.upper()) == char for named in alternatives[position]):
                return True
    for candidate in read.candidates or ():
        if candidate.confidence and candidate.plate != read.plate:
            with suppress(PlateError):
                text = fold_umlauts(normalise(candidate.plate))
                if len(text) == len(plate) and any(
                    text[position] == listed[position] for position in differing
                ):
                    return True
    return False
