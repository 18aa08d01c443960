"""Texts of two cameras that are near each other, within windows of time."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.confusions.evidence import CHAR_CODES
from streams.plates.normal_form import fold_umlauts, normalise
from streams.plates.packed_keys import ALPHABET
from streams.records.read import Read
from streams.records.times import to_ms

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Codes = NDArray[np.uint8]

NO_CHAR: Final = len(ALPHABET)
"""The code of no character."""
_MAX_TEXT_LENGTH: Final = 14
_MAX_DIFFERENT: Final = 3
_MAX_DIFFERENT_BESIDE_GAP: Final = 2


class CandidatePairs(NamedTuple):
    """Possible matches: rows of both cameras, the place of the character that one has and the other not (-1
    for none), and the window, 0 for that of the travel time."""

    first: Ints
    second: Ints
    gap: Ints
    window: Ints


class CameraTexts(NamedTuple):
    """The reads of one camera by time: rows as given, times in seconds, codes (n × 14, NONE behind the end)
    and lengths."""

    rows: Ints
    times: Floats
    codes: Codes
    lengths: Ints


def build_camera_texts(reads: Sequence[Read]) -> CameraTexts:
    times = np.array([to_ms(read.captured_at) / 1000 for read in reads], dtype=np.float64)
    rows = np.argsort(times, kind="stable")
    codes = np.full((len(reads), _MAX_TEXT_LENGTH), NO_CHAR, dtype=np.uint8)
    lengths = np.zeros(len(reads), dtype=np.intp)
    for place, row in enumerate(rows.tolist()):
        plate = fold_umlauts(normalise(reads[row].plate))
        codes[place, : len(plate)] = [CHAR_CODES[char] for char in plate]
        lengths[place] = len(plate)
    return CameraTexts(rows, times[rows], codes, lengths)


def find_candidate_pairs(
    first: CameraTexts, second: CameraTexts, windows: list[tuple[float, float]]
) -> CandidatePairs:
    """All pairs within a window that differ in few characters."""
    parts: list[tuple[Ints, Ints, Ints, Ints]] = []
    for window, (least, most) in enumerate(windows):
        starts = np.searchsorted(first.times, second.times - most, "left")
        ends = np.searchsorted(first.times, second.times - least, "right")
        for row in range(len(second.rows)):
            start, end = int(starts[row]), int(ends[row])
            if start < end:
                here, gaps = _find_similar(first, start, end, second.codes[row], int(second.lengths[row]))
                parts.append((here, np.full_like(here, row), gaps, np.full_like(here, window)))
    if not parts:
        parts = [(np.empty(0, dtype=np.intp),) * 4]
    return CandidatePairs(*(np.concatenate([part[at] for part in parts]) for at in range(4)))


def _find_similar(first: CameraTexts, start: int, end: int, text: Codes, length: int) -> tuple[Ints, Ints]:
    """Of reads of the first camera those near a text, and the gap of each."""
    codes, lengths = first.codes[start:end], first.lengths[start:end]
    same = codes != text
    beside = np.flatnonzero((lengths == length) & (same.sum(1) <= _MAX_DIFFERENT))
    found, gaps = [beside + start], [np.full(len(beside), -1, dtype=np.intp)]
    for step in (1, -1):
        # The first's text is longer by one, then shorter by one.
        rows = np.flatnonzero(lengths == length + step)
        if not len(rows):
            continue
        longer = codes[rows] if step == 1 else np.broadcast_to(text, (len(rows), len(text)))
        shorter = np.broadcast_to(text, (len(rows), len(text))) if step == 1 else codes[rows]
        size = length + (step == 1)
        before = np.cumsum(longer[:, : size - 1] != shorter[:, : size - 1], axis=1)
        behind = np.cumsum((longer[:, 1:size] != shorter[:, : size - 1])[:, ::-1], axis=1)[:, ::-1]
        none = np.zeros((len(rows), 1), dtype=before.dtype)
        unlike = np.hstack([none, before]) + np.hstack([behind, none])
        best = unlike.argmin(1)
        near = unlike[np.arange(len(rows)), best] <= _MAX_DIFFERENT_BESIDE_GAP
        found.append(rows[near] + start)
        gaps.append(best[near])
    return np.concatenate(found), np.concatenate(gaps)


def align_texts(
    candidate_pairs: CandidatePairs, first: CameraTexts, second: CameraTexts
) -> tuple[Codes, Codes]:
    """The texts of candidates (m × 15) with NONE where one has no character."""
    one, other = first.codes[candidate_pairs.first], second.codes[candidate_pairs.second]
    lacks = first.lengths[candidate_pairs.first] < second.lengths[candidate_pairs.second]
    gap = candidate_pairs.gap >= 0
    return _insert_gaps(one, candidate_pairs.gap, gap & lacks), _insert_gaps(
        other, candidate_pairs.gap, gap & ~lacks
    )


def _insert_gaps(codes: Codes, gaps: Ints, has_gap: NDArray[np.bool_]) -> Codes:
    """Texts with a NONE put in at a gap, where there is one."""
    count, width = codes.shape
    places = np.arange(width + 1)[None, :]
    from_ = np.where(has_gap[:, None] & (places > gaps[:, None]), places - 1, places)
    wider = np.hstack([codes, np.full((count, 1), NO_CHAR, dtype=np.uint8)])
    opened = np.take_along_axis(wider, from_, axis=1)
    opened[has_gap, gaps[has_gap]] = NO_CHAR
    return opened
