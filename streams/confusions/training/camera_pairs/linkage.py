"""Linkage of reads by two cameras on one road: which of them are of one vehicle.

After Oliveira-Neto, Han and Jeong, "Online license plate matching procedures using license-plate recognition
machines and new weighted edit distance", Transportation Research C 21 (2012) 306-320: reads that the second
camera captured within the road's travel-time window after the first are compared by an edit distance whose
weights come from the association P(character at the second | character at the first), which is estimated
iteratively from the matches themselves. How many matches are of different vehicles is estimated from windows
before and after the travel-time window, in which no vehicle can have been read by both cameras.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from streams.confusions.training.camera_pairs.blocking import (
    NO_CHAR,
    AlignedTexts,
    CameraTexts,
    CandidatePairs,
    Floats,
    Ints,
    TimeWindow,
    align_candidates,
    build_camera_texts,
    find_candidate_pairs,
)
from streams.confusions.training.train import TrainingError
from streams.records.read import Read

MAX_CHANCE_SHARE: Final = 0.02
"""Maximum expected share of different vehicles among the matches of differing texts."""
PASSAGE_GAP_S: Final = 10.0
"""Similar reads of one camera within this many seconds are of one passage."""
_MIN_PASSAGE_GAP_S: Final = 1e-3
_WINDOW_SHIFTS: Final = (-4, -2, 2, 4)
"""Positions of the comparison windows relative to the travel-time window, in widths of it."""
_PRIOR_WEIGHT: Final = 1.0
_MAX_ITERATIONS: Final = 8


class CameraPair(NamedTuple):
    """The reads of two cameras on one road, in any order, and the seconds from the first to the second."""

    first: Sequence[Read]
    second: Sequence[Read]
    min_travel_s: float
    max_travel_s: float


class LinkedReads(NamedTuple):
    """Reads of the first and the second camera that are taken to be of one vehicle."""

    pairs: list[tuple[int, int]]
    """The indexes of the two reads."""
    different: int
    """The number of pairs whose texts differ."""
    expected_false: float
    """How many of those are expected to be of different vehicles."""
    association: Floats
    """`[first, second]` (37 × 37): how often a character at the first camera was another at the second; the
    last is no character."""
    iterations: int
    """The iterations until the matches no longer changed."""


class _LikelyMatches(NamedTuple):
    """Indexes of candidate pairs that are unlikely to match by chance; the counts are as in LinkedReads."""

    indexes: Ints
    different: int
    expected_false: float


def first_of_passages(reads: Sequence[Read], gap_s: float = PASSAGE_GAP_S) -> list[Read]:
    """Return the first read of each passage of one camera, in order of time.

    With all reads, the one that agrees best would be matched, and misreads would seem rarer than they are.
    """
    texts = build_camera_texts(reads)
    candidate_pairs = find_candidate_pairs(texts, texts, [TimeWindow(_MIN_PASSAGE_GAP_S, gap_s)])
    later_rows = set(texts.rows[candidate_pairs.second].tolist())
    return [reads[row] for row in texts.rows.tolist() if row not in later_rows]


def link_reads(cameras: CameraPair, max_chance_share: float = MAX_CHANCE_SHARE) -> LinkedReads:
    """Return the reads of a road that are of one vehicle, one to one.

    The first iteration counts differing characters; the following ones use the association estimated from the
    previous matches, until these no longer change. The least likely matches of differing texts are dropped
    until no more than a share of `max_chance_share` is expected to be of different vehicles.

    Raises TrainingError for reads of so short a time that nothing lies in the comparison windows.
    """
    first, second = build_camera_texts(cameras.first), build_camera_texts(cameras.second)
    windows = _build_windows(cameras)
    candidate_pairs = find_candidate_pairs(first, second, windows)
    texts = align_candidates(candidate_pairs, first, second)
    window_weights = _window_weights(first, second, windows)
    association = _initial_association()
    likely = _LikelyMatches(np.empty(0, dtype=np.intp), 0, 0.0)
    iterations = 0
    for _ in range(_MAX_ITERATIONS):
        iterations += 1
        previous = likely.indexes
        scores = _score_pairs(texts, association)
        matches = _match_one_to_one(candidate_pairs, scores)
        likely = _select_likely(
            candidate_pairs.window, texts, scores, matches, window_weights, max_chance_share
        )
        association = _count_association(texts.select(likely.indexes))
        if np.array_equal(previous, likely.indexes):
            break
    first_rows = first.rows[candidate_pairs.first[likely.indexes]].tolist()
    second_rows = second.rows[candidate_pairs.second[likely.indexes]].tolist()
    pairs = list(zip(first_rows, second_rows, strict=True))
    return LinkedReads(pairs, likely.different, likely.expected_false, association, iterations)


def _build_windows(cameras: CameraPair) -> list[TimeWindow]:
    """Return the travel-time window, then the comparison windows before and after it."""
    width = cameras.max_travel_s - cameras.min_travel_s
    return [
        TimeWindow(cameras.min_travel_s + shift * width, cameras.max_travel_s + shift * width)
        for shift in (0, *_WINDOW_SHIFTS)
    ]


def _window_weights(first: CameraTexts, second: CameraTexts, windows: Sequence[TimeWindow]) -> Floats:
    """Return by window the ratio of its pairs to those of the travel-time window, over the number of windows.

    The weighted sum over the comparison windows is what chance brings to the travel-time window. Raises
    TrainingError.
    """
    counts = np.array(
        [
            np.searchsorted(first.times_s, second.times_s - window.min_s, "right").sum()
            - np.searchsorted(first.times_s, second.times_s - window.max_s, "left").sum()
            for window in windows
        ],
        dtype=np.float64,
    )
    if counts[0] and not counts[1:].any():
        width_s = windows[0].max_s - windows[0].min_s
        raise TrainingError(
            "the reads cover too short a time to estimate how many matches are by chance; with a travel-time "
            f"window of {width_s:,.0f} s give reads of {4 * width_s:,.0f} s or more"
        )
    used_count = max(int((counts[1:] > 0).sum()), 1)
    return np.where(counts > 0, counts[0] / np.maximum(counts, 1) / used_count, 0.0)


def _initial_association() -> Floats:
    """Return an association in which all character errors are equally rare."""
    association = np.full((NO_CHAR + 1, NO_CHAR + 1), 0.1)
    np.fill_diagonal(association, 300.0)
    association[NO_CHAR, NO_CHAR] = 0
    return association


def _score_pairs(texts: AlignedTexts, association: Floats) -> Floats:
    """Return for each candidate log(P(both texts | one vehicle) / P(both texts | two vehicles)).

    Characters are taken to be independent.
    """
    table = association + _PRIOR_WEIGHT / NO_CHAR
    rows = table / table.sum(1, keepdims=True)
    marginal = table.sum(0) / table.sum()
    weights = np.log(rows / marginal)
    # A character that one camera did not read is no more or less likely to be read on another vehicle.
    weights[NO_CHAR, :] = np.log(table[NO_CHAR, :NO_CHAR].sum() / table.sum())
    weights[:, NO_CHAR] = np.log(table[:NO_CHAR, NO_CHAR].sum() / table.sum())
    weights[NO_CHAR, NO_CHAR] = 0
    return np.asarray(weights[texts.first, texts.second].sum(1), dtype=np.float64)


def _match_one_to_one(candidate_pairs: CandidatePairs, scores: Floats) -> Ints:
    """Return the best candidates of each window, no read in two of them, by falling score."""
    used_reads: set[tuple[int, int, int]] = set()
    matches = []
    order = np.argsort(-scores, kind="stable")
    columns = zip(
        order.tolist(), candidate_pairs.first[order].tolist(), candidate_pairs.second[order].tolist(),
        candidate_pairs.window[order].tolist(), strict=True,
    )  # fmt: skip
    for index, first, second, window in columns:
        reads = ((window, 0, first), (window, 1, second))
        if used_reads.isdisjoint(reads):
            used_reads.update(reads)
            matches.append(index)
    return np.array(matches, dtype=np.intp)


def _select_likely(
    windows: Ints,
    texts: AlignedTexts,
    scores: Floats,
    matches: Ints,
    window_weights: Floats,
    max_chance_share: float,
) -> _LikelyMatches:
    """Return the matches of the travel-time window that are unlikely to be by chance.

    `windows` (m) is the window of each candidate pair.
    """
    matched_texts = texts.select(matches)
    is_different = (matched_texts.first != matched_texts.second).any(1)
    in_travel_time = windows[matches] == 0
    different = matches[in_travel_time & is_different]
    by_chance = matches[~in_travel_time & is_different]
    # Both are by falling score: for each match, what chance brings with at least its score.
    cumulated = np.concatenate([[0.0], np.cumsum(window_weights[windows[by_chance]])])
    expected = cumulated[np.searchsorted(-scores[by_chance], -scores[different], "right")]
    allowed = np.flatnonzero(expected <= max_chance_share * np.arange(1, len(different) + 1))
    count = int(allowed[-1]) + 1 if len(allowed) else 0
    indexes = np.sort(np.concatenate([matches[in_travel_time & ~is_different], different[:count]]))
    return _LikelyMatches(indexes, count, float(expected[count - 1]) if count else 0.0)


def _count_association(texts: AlignedTexts) -> Floats:
    association = np.zeros((NO_CHAR + 1, NO_CHAR + 1))
    np.add.at(association, (texts.first.ravel(), texts.second.ravel()), 1)
    association[NO_CHAR, NO_CHAR] = 0
    return association
