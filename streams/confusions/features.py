"""What sets a possible true plate apart from the read: the terms that a model weighs.

Each term is a number for one pair of evidence and true plate, 0 for the plate as read. Their weighted sum is
the logarithm of P(evidence | this plate) / P(evidence | the plate as read).
"""

from collections.abc import Sequence
from math import log
from typing import Final, NamedTuple

from streams.confusions.alignment import find_gap
from streams.confusions.evidence import CHAR_CODES, Evidence

TERMS: Final = (
    "named",  # characters that differ and were named by the recogniser for their place
    "named_share",  # the sum of log(its probability / that of the character read) over those
    "named_slip",  # the sum over those of how much commoner than the average their slip is, as a logarithm
    "unnamed",  # the same three for characters that were not named
    "unnamed_share",
    "unnamed_slip",
    "extra",  # characters read where there is none
    "extra_share",
    "lost_edge",  # characters not read, first or last of the plate
    "lost_inside",
    "text",  # the recogniser named the whole plate, of another length
    "text_share",
)
_MAX_UNNAMED: Final = 3
FrequencyTable = list[list[float]]
"""`[true][read]`, by code: the logarithm of how much commoner than the average slip it is that this character
is read for that one."""
_TERM_INDEX: Final = {name: place for place, name in enumerate(TERMS)}


class Misread(NamedTuple):
    """One place where a read and a true plate differ.

    `place`: in the true plate, from 0 (for a character too many, the place it stands before); `read`, `true`:
    the characters, empty for none; `named`: whether the recogniser named the true one for that place;
    `at`: the place in the read, from 0, None for a character that was not read.
    """

    position: int
    read: str
    true: str
    named: bool = False
    read_position: int | None = None


class Alignment(NamedTuple):
    """How a read may have come of a true plate: its terms, as in TERMS, and where the two differ."""

    terms: list[float]
    misreads: list[Misread]


def align(evidence: Evidence, plate: str, frequencies: FrequencyTable) -> Alignment | None:
    """How the read may have come of a plate (folded normal form); None if they are too far apart."""
    count, length = len(evidence.codes), len(plate)
    if length == count:
        return _align_positions(evidence, plate, range(count), range(count), frequencies)
    found = _align_with_gap(evidence, plate, frequencies) if abs(length - count) == 1 else None
    share = evidence.texts.get(plate)
    if share and evidence.own_share:
        # What the recogniser says of the whole plate is better than what may be put together of its parts.
        terms = [0.0] * len(TERMS)
        terms[_TERM_INDEX["text"]] = 1
        terms[_TERM_INDEX["text_share"]] = log(share / evidence.own_share)
        return Alignment(terms, found.misreads if found else [])
    return found


def _align_with_gap(evidence: Evidence, plate: str, frequencies: FrequencyTable) -> Alignment | None:
    """How the read may have come of a plate that has one character more or one less."""
    gap = find_gap(evidence.plate, plate)
    if gap is None:
        return None
    shorter = range(min(len(evidence.plate), len(plate)))
    longer = [place + (place >= gap) for place in shorter]
    lost = len(plate) > len(evidence.plate)
    found = _align_positions(
        evidence, plate, shorter if lost else longer, longer if lost else shorter, frequencies
    )
    if found is None:
        return None
    if lost:
        found.terms[_TERM_INDEX["lost_edge" if gap in (0, len(plate) - 1) else "lost_inside"]] = 1
        found.misreads.insert(0, Misread(gap, "", plate[gap]))
    else:
        found.terms[_TERM_INDEX["extra"]] = 1
        found.terms[_TERM_INDEX["extra_share"]] = evidence.log_absent[gap] - evidence.log_confidences[gap]
        found.misreads.insert(0, Misread(gap, evidence.plate[gap], "", read_position=gap))
    return found


def _align_positions(
    evidence: Evidence,
    plate: str,
    read_positions: Sequence[int],
    true_positions: Sequence[int],
    frequencies: FrequencyTable,
) -> Alignment | None:
    """The terms of characters read for others, place by place; None if they are too many to be one plate."""
    found = Alignment([0.0] * len(TERMS), [])
    unnamed = 0
    for at_read, at_true in zip(read_positions, true_positions, strict=True):
        true, read = CHAR_CODES[plate[at_true]], evidence.codes[at_read]
        if true == read:
            continue
        share = evidence.log_alternatives[at_read].get(true)
        if share is None:
            unnamed += 1
            if unnamed > _MAX_UNNAMED:
                return None
        first = _TERM_INDEX["unnamed" if share is None else "named"]
        found.terms[first] += 1
        found.terms[first + 1] += (
            evidence.log_unnamed[at_read] if share is None else share
        ) - evidence.log_confidences[at_read]
        found.terms[first + 2] += frequencies[true][read]
        slip = Misread(at_true, evidence.plate[at_read], plate[at_true], share is not None, at_read)
        found.misreads.append(slip)
    return found
