"""The features of a possible true plate: the terms that a confusion model weights.

Each term is a number for one pair of evidence and true plate, 0 for the plate as read. Their weighted sum is
the logarithm of P(evidence | this plate) / P(evidence | the plate as read).
"""

from collections.abc import Sequence
from math import log
from typing import Final, NamedTuple

from streams.confusions.alignment import find_gap
from streams.confusions.evidence import CHAR_CODES, Evidence

TERMS: Final = (
    "named",  # differing characters that the recogniser named for their position
    "named_share",  # the sum over those of log(probability / that of the character read)
    "named_error",  # the sum over those of the log relative frequency of their character error
    "unnamed",  # the same three for differing characters that were not named
    "unnamed_share",
    "unnamed_error",
    "extra",  # characters read where there is none
    "extra_share",
    "lost_edge",  # characters not read, first or last of the plate
    "lost_inside",
    "text",  # the recogniser named the whole plate, of another length
    "text_share",
)
_MAX_UNNAMED: Final = 3
FrequencyTable = list[list[float]]
"""`[true][read]`, by code: the logarithm of the relative frequency of this character error, where 0 is the
average."""
_TERM_INDEX: Final = {name: index for index, name in enumerate(TERMS)}


class Misread(NamedTuple):
    """A position at which a read and a true plate differ."""

    position: int
    """In the true plate, from 0; for an extra character, the position that it precedes."""
    read: str
    """The character read, empty for none."""
    true: str
    """The true character, empty for none."""
    named: bool = False
    """True if the recogniser named the true character for that position."""
    read_position: int | None = None
    """In the read, from 0; None for a character that was not read."""


class Alignment(NamedTuple):
    """A read aligned with a plate that it may come from: the terms, in the order of TERMS, and misreads."""

    terms: list[float]
    misreads: list[Misread]


def align(evidence: Evidence, plate: str, frequencies: FrequencyTable) -> Alignment | None:
    """Return a read aligned with a plate (folded normal form); None if they are too far apart."""
    count, length = len(evidence.codes), len(plate)
    if length == count:
        return _align_positions(evidence, plate, range(count), range(count), frequencies)
    alignment = _align_with_gap(evidence, plate, frequencies) if abs(length - count) == 1 else None
    share = evidence.texts.get(plate)
    if share and evidence.own_share:
        # The recogniser's own probability of the whole plate is better than one combined from its parts.
        terms = [0.0] * len(TERMS)
        terms[_TERM_INDEX["text"]] = 1
        terms[_TERM_INDEX["text_share"]] = log(share / evidence.own_share)
        return Alignment(terms, alignment.misreads if alignment else [])
    return alignment


def _align_with_gap(evidence: Evidence, plate: str, frequencies: FrequencyTable) -> Alignment | None:
    """Return a read aligned with a plate that has one character more or one less."""
    gap = find_gap(evidence.plate, plate)
    if gap is None:
        return None
    shorter = range(min(len(evidence.plate), len(plate)))
    longer = [position + (position >= gap) for position in shorter]
    is_lost = len(plate) > len(evidence.plate)
    read_positions, true_positions = (shorter, longer) if is_lost else (longer, shorter)
    alignment = _align_positions(evidence, plate, read_positions, true_positions, frequencies)
    if alignment is None:
        return None
    terms, misreads = alignment
    if is_lost:
        terms[_TERM_INDEX["lost_edge" if gap in (0, len(plate) - 1) else "lost_inside"]] = 1
        misreads.insert(0, Misread(gap, "", plate[gap]))
    else:
        terms[_TERM_INDEX["extra"]] = 1
        terms[_TERM_INDEX["extra_share"]] = evidence.log_absent[gap] - evidence.log_confidences[gap]
        misreads.insert(0, Misread(gap, evidence.plate[gap], "", read_position=gap))
    return alignment


def _align_positions(
    evidence: Evidence,
    plate: str,
    read_positions: Sequence[int],
    true_positions: Sequence[int],
    frequencies: FrequencyTable,
) -> Alignment | None:
    """Return the alignment of positions with each other; None if too many characters differ."""
    terms = [0.0] * len(TERMS)
    misreads: list[Misread] = []
    unnamed_count = 0
    for at_read, at_true in zip(read_positions, true_positions, strict=True):
        true, read = CHAR_CODES[plate[at_true]], evidence.codes[at_read]
        if true == read:
            continue
        log_share = evidence.log_alternatives[at_read].get(true)
        is_named = log_share is not None
        if log_share is None:
            unnamed_count += 1
            if unnamed_count > _MAX_UNNAMED:
                return None
            log_share = evidence.log_unnamed[at_read]
        first = _TERM_INDEX["named" if is_named else "unnamed"]
        terms[first] += 1
        terms[first + 1] += log_share - evidence.log_confidences[at_read]
        terms[first + 2] += frequencies[true][read]
        misreads.append(Misread(at_true, evidence.plate[at_read], plate[at_true], is_named, at_read))
    return Alignment(terms, misreads)
