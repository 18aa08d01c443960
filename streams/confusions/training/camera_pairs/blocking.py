"""Blocking: candidate pairs of reads of two cameras, within time windows and few differing characters."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.confusions.evidence import CHAR_CODES
from streams.plates.normal_form import fold_umlauts, normalise
from streams.plates.packed_keys import ALPHABET
from streams.records.read import Read
from streams.records.times import SECOND_MS, to_ms

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Codes = NDArray[np.uint8]

NO_CHAR: Final = len(ALPHABET)
"""The code of no character."""
_NO_GAP: Final = -1
_MAX_TEXT_LENGTH: Final = 14
_MAX_DIFFERENT: Final = 3
_MAX_DIFFERENT_OUTSIDE_GAP: Final = 2


class TimeWindow(NamedTuple):
    """The minimum and maximum seconds from a read of the first camera to one of the second."""

    min_s: float
    max_s: float


class CandidatePairs(NamedTuple):
    """Pairs of reads (m) that may be of one vehicle."""

    first: Ints
    """The row of the first camera's read."""
    second: Ints
    """The row of the second camera's read."""
    gap: Ints
    """The index of the character that only the longer text has; -1 if they are of one length."""
    window: Ints
    """The index of the time window."""


class CameraTexts(NamedTuple):
    """The reads of one camera in order of time (n)."""

    rows: Ints
    """The index of each read in the order given."""
    times_s: Floats
    """The capture time in seconds since 1970-01-01 UTC."""
    codes: Codes
    """The codes of the text (n × 14), NO_CHAR after its end."""
    lengths: Ints


class AlignedTexts(NamedTuple):
    """The texts of candidate pairs (m × 15 each), NO_CHAR where one has no character."""

    first: Codes
    second: Codes

    def select(self, indexes: Ints) -> "AlignedTexts":
        """Return the texts of some of the pairs."""
        return AlignedTexts(self.first[indexes], self.second[indexes])


def build_camera_texts(reads: Sequence[Read]) -> CameraTexts:
    """Return the texts of the reads of one camera, given in any order."""
    times_s = np.array([to_ms(read.captured_at) / SECOND_MS for read in reads], dtype=np.float64)
    rows = np.argsort(times_s, kind="stable")
    codes = np.full((len(reads), _MAX_TEXT_LENGTH), NO_CHAR, dtype=np.uint8)
    lengths = np.zeros(len(reads), dtype=np.intp)
    for index, row in enumerate(rows.tolist()):
        plate = fold_umlauts(normalise(reads[row].plate))
        codes[index, : len(plate)] = [CHAR_CODES[char] for char in plate]
        lengths[index] = len(plate)
    return CameraTexts(rows, times_s[rows], codes, lengths)


def find_candidate_pairs(
    first: CameraTexts, second: CameraTexts, windows: Sequence[TimeWindow]
) -> CandidatePairs:
    """Return all pairs within a time window that differ by few characters."""
    parts: list[tuple[Ints, Ints, Ints, Ints]] = []
    for window_index, window in enumerate(windows):
        starts = np.searchsorted(first.times_s, second.times_s - window.max_s, "left")
        ends = np.searchsorted(first.times_s, second.times_s - window.min_s, "right")
        for row in range(len(second.rows)):
            start, end = int(starts[row]), int(ends[row])
            if start < end:
                similar, gaps = _find_similar(
                    first, slice(start, end), second.codes[row], int(second.lengths[row])
                )
                parts.append((similar, np.full_like(similar, row), gaps, np.full_like(similar, window_index)))
    if not parts:
        parts = [(np.empty(0, dtype=np.intp),) * 4]
    return CandidatePairs(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _find_similar(first: CameraTexts, rows: slice, text: Codes, length: int) -> tuple[Ints, Ints]:
    """Return those rows of the first camera whose text is similar to another, and the gap of each."""
    codes, lengths = first.codes[rows], first.lengths[rows]
    differing_counts = (codes != text).sum(1)
    same_length = np.flatnonzero((lengths == length) & (differing_counts <= _MAX_DIFFERENT))
    similar = [same_length + rows.start]
    gaps = [np.full(len(same_length), _NO_GAP, dtype=np.intp)]
    for length_difference in (1, -1):
        candidates = np.flatnonzero(lengths == length + length_difference)
        if not len(candidates):
            continue
        repeated = np.broadcast_to(text, (len(candidates), len(text)))
        if length_difference == 1:
            best_gaps, min_different = _best_gaps(codes[candidates], repeated, length + 1)
        else:
            best_gaps, min_different = _best_gaps(repeated, codes[candidates], length)
        is_similar = min_different <= _MAX_DIFFERENT_OUTSIDE_GAP
        similar.append(candidates[is_similar] + rows.start)
        gaps.append(best_gaps[is_similar])
    return np.concatenate(similar), np.concatenate(gaps)


def _best_gaps(longer: Codes, shorter: Codes, length: int) -> tuple[Ints, Ints]:
    """Return, for each pair of texts, the best gap and how many other characters differ with it.

    `length` is that of the longer texts.
    """
    last = length - 1
    before = np.cumsum(longer[:, :last] != shorter[:, :last], axis=1)
    after = np.cumsum((longer[:, 1:length] != shorter[:, :last])[:, ::-1], axis=1)[:, ::-1]
    zero = np.zeros((len(longer), 1), dtype=before.dtype)
    differing_counts = np.hstack([zero, before]) + np.hstack([after, zero])
    best_gaps = differing_counts.argmin(1)
    return best_gaps, differing_counts[np.arange(len(longer)), best_gaps]


def align_candidates(
    candidate_pairs: CandidatePairs, first: CameraTexts, second: CameraTexts
) -> AlignedTexts:
    """Return the texts of candidate pairs, character by character."""
    has_gap = candidate_pairs.gap != _NO_GAP
    is_first_shorter = first.lengths[candidate_pairs.first] < second.lengths[candidate_pairs.second]
    return AlignedTexts(
        _insert_gaps(first.codes[candidate_pairs.first], candidate_pairs.gap, has_gap & is_first_shorter),
        _insert_gaps(second.codes[candidate_pairs.second], candidate_pairs.gap, has_gap & ~is_first_shorter),
    )


def _insert_gaps(codes: Codes, gaps: Ints, has_gap: NDArray[np.bool_]) -> Codes:
    """Return texts with NO_CHAR inserted at the gap of those that have one."""
    count, width = codes.shape
    positions = np.arange(width + 1)[None, :]
    sources = np.where(has_gap[:, None] & (positions > gaps[:, None]), positions - 1, positions)
    padded = np.hstack([codes, np.full((count, 1), NO_CHAR, dtype=np.uint8)])
    with_gaps = np.take_along_axis(padded, sources, axis=1)
    with_gaps[has_gap, gaps[has_gap]] = NO_CHAR
    return with_gaps
