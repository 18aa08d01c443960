"""What sets a possible true plate apart from the read: the terms that a model weighs.

Each term is a number for one pair of evidence and true plate, 0 for the plate as read. Their weighted sum is
the logarithm of P(evidence | this plate) / P(evidence | the plate as read).
"""

from math import log
from typing import Final, NamedTuple

from streams.confusions.evidence import CODE, Evidence

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
_MOST_UNNAMED: Final = 3
_MOST_BESIDE: Final = 2
_PLACE: Final = {name: place for place, name in enumerate(TERMS)}


class Slip(NamedTuple):
    """One place where a read and a true plate differ.

    `place`: in the true plate, from 0 (for a character too many, the place it stands before); `read`, `true`:
    the characters, empty for none; `named`: whether the recogniser named the true one for that place;
    `at`: the place in the read, from 0, None for a character that was not read.
    """

    place: int
    read: str
    true: str
    named: bool = False
    at: int | None = None


class Aligned(NamedTuple):
    """How a read may have come of a true plate: its terms, as in TERMS, and where the two differ."""

    terms: list[float]
    slips: list[Slip]


def aligned(evidence: Evidence, plate: str, slips: list[list[float]]) -> Aligned | None:
    """How the read may have come of a plate (folded normal form); None if they are too far apart.

    `slips[true][read]`, by codes, is the logarithm of how much commoner than the average a slip is.
    """
    terms = [0.0] * len(TERMS)
    found: list[Slip] = []
    count, length = len(evidence.codes), len(plate)
    if plate == evidence.plate:
        return Aligned(terms, found)
    if length == count:
        if not _beside(evidence, plate, range(count), range(count), slips, terms, found):
            return None
        return Aligned(terms, found)
    share = evidence.texts.get(plate)
    if share and evidence.own:
        terms[_PLACE["text"]] = 1
        terms[_PLACE["text_share"]] = log(share / evidence.own)
    if abs(length - count) != 1:
        return Aligned(terms, found) if share and evidence.own else None
    gap = _gap(evidence.plate, plate)
    if gap is None:
        return Aligned(terms, found) if share and evidence.own else None
    longer = max(length, count)
    kept = [place for place in range(longer) if place != gap]
    if length > count:
        found.append(Slip(gap, "", plate[gap]))
        read_places, true_places = list(range(count)), kept
    else:
        found.append(Slip(gap, evidence.plate[gap], "", at=gap))
        read_places, true_places = kept, list(range(length))
    beside = [0.0] * len(TERMS)
    if not _beside(evidence, plate, read_places, true_places, slips, beside, found):
        return Aligned(terms, found[:1]) if share and evidence.own else None
    if share and evidence.own:
        return Aligned(terms, found)
    if length > count:
        beside[_PLACE["lost_edge" if gap in (0, length - 1) else "lost_inside"]] = 1
    else:
        beside[_PLACE["extra"]] = 1
        beside[_PLACE["extra_share"]] = evidence.none[gap] - evidence.sure[gap]
    return Aligned(beside, found)


def _beside(
    evidence: Evidence,
    plate: str,
    read_places: list[int] | range,
    true_places: list[int] | range,
    slips: list[list[float]],
    terms: list[float],
    found: list[Slip],
) -> bool:
    """Adds the terms of characters read for others; False if they are too many to be one plate."""
    unnamed = 0
    for at_read, at_true in zip(read_places, true_places, strict=True):
        true, read = CODE[plate[at_true]], evidence.codes[at_read]
        if true == read:
            continue
        share = evidence.others[at_read].get(true)
        if share is None:
            unnamed += 1
            if unnamed > _MOST_UNNAMED:
                return False
        first = _PLACE["unnamed" if share is None else "named"]
        terms[first] += 1
        terms[first + 1] += (evidence.rest[at_read] if share is None else share) - evidence.sure[at_read]
        terms[first + 2] += slips[true][read]
        found.append(Slip(at_true, evidence.plate[at_read], plate[at_true], share is not None, at_read))
    return True


def _gap(read: str, plate: str) -> int | None:
    """The place in the longer text of the character that the shorter one lacks, with which the rest agrees
    best; None if more than two other characters would differ."""
    longer, shorter = (read, plate) if len(read) > len(plate) else (plate, read)
    best, least = None, _MOST_BESIDE + 1
    for gap in range(len(longer)):
        rest = longer[:gap] + longer[gap + 1 :]
        unlike = sum(one != other for one, other in zip(rest, shorter, strict=True))
        if unlike < least:
            best, least = gap, unlike
    return best
