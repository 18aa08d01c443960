"""Reads of two cameras on one road, brought together: which are of one vehicle.

After Oliveira-Neto, Han and Jeong, "Online license plate matching procedures using license-plate recognition
machines and new weighted edit distance", Transportation Research C 21 (2012) 306-320: reads that the second
camera took within the road's travel-time window after the first are compared by an edit distance whose
weights come of the association P(character at the second | character at the first), which is learnt from the
matches themselves, in turns. How many matches are of different vehicles is taken from windows beside the
travel-time window, where no vehicle can have been read by both.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from streams.confusions.training.camera_pairs.blocking import (
    NO_CHAR,
    CameraTexts,
    CandidatePairs,
    Floats,
    Ints,
    align_texts,
    build_camera_texts,
    find_candidate_pairs,
)
from streams.confusions.training.train import TrainingError
from streams.records.read import Read

MAX_CHANCE_SHARE: Final = 0.02
"""Of the matches of unlike texts so many may be of different vehicles."""
PASSAGE_GAP_S: Final = 10.0
"""Reads of one camera within so many seconds are of one passage, if they are near."""
_WINDOW_SHIFTS: Final = (-4, -2, 2, 4)
"""Windows beside the travel-time window, in widths of it."""
_PRIOR_WEIGHT: Final = 1.0
_MAX_ITERATIONS: Final = 8


class CameraPair(NamedTuple):
    """The reads of two cameras on one road, in any order, and the least and the most seconds from the first
    to the second."""

    first: Sequence[Read]
    second: Sequence[Read]
    min_travel_s: float
    max_travel_s: float


class LinkedReads(NamedTuple):
    """Reads of the first and the second camera (rows of theirs) that are taken to be of one vehicle.

    `unlike` of them differ, of which `by_chance` are expected to be of different vehicles; `association`
    (37 × 37): how often a character at the first was another at the second, the last for none; `turns` until
    the matches no longer changed.
    """

    pairs: list[tuple[int, int]]
    different: int
    expected_false: float
    association: Floats
    iterations: int


def first_of_passages(reads: Sequence[Read], gap_s: float = PASSAGE_GAP_S) -> list[Read]:
    """The reads of one camera in order of time, of each passage the first.

    Of several reads the one that agrees best would be matched, and misreads would seem rarer than they are.
    """
    side = build_camera_texts(reads)
    found = find_candidate_pairs(side, side, [(1e-3, gap_s)])
    later = set(side.rows[found.second].tolist())
    return [reads[row] for row in side.rows.tolist() if row not in later]


def link_reads(cameras: CameraPair, max_chance_share: float = MAX_CHANCE_SHARE) -> LinkedReads:
    """The reads of a road that are of one vehicle, one to one.

    Starts with how many characters differ and goes on with the association learnt from its own matches until
    they are the same again. Of the matches of unlike texts the least likely are dropped until no more than
    `most_chance` are expected to be of different vehicles.

    Raises LearnError for reads of so short a time that nothing lies in the windows beside.
    """
    first, second = build_camera_texts(cameras.first), build_camera_texts(cameras.second)
    width = cameras.max_travel_s - cameras.min_travel_s
    windows = [(cameras.min_travel_s, cameras.max_travel_s)] + [
        (cameras.min_travel_s + shift * width, cameras.max_travel_s + shift * width)
        for shift in _WINDOW_SHIFTS
    ]
    found = find_candidate_pairs(first, second, windows)
    scale = _window_weights(first, second, windows)
    association = _initial_association()
    pairs: Ints = np.empty(0, dtype=np.intp)
    unlike, by_chance, turns = 0, 0.0, 0
    for _ in range(_MAX_ITERATIONS):
        turns += 1
        before = pairs
        scores = _score_pairs(found, first, second, association)
        taken = _match_one_to_one(found, scores)
        pairs, unlike, by_chance = _select_likely(
            found, scores, taken, first, second, scale, max_chance_share
        )
        association = _count_association(found, pairs, first, second)
        if np.array_equal(before, pairs):
            break
    rows = zip(
        first.rows[found.first[pairs]].tolist(), second.rows[found.second[pairs]].tolist(), strict=True
    )
    return LinkedReads(list(rows), unlike, by_chance, association, turns)


def _window_weights(first: CameraTexts, second: CameraTexts, windows: list[tuple[float, float]]) -> Floats:
    """For each window how many pairs the travel-time window has for one of it, over the number of windows.

    The sum over all windows but the first is what chance brings to the first. Raises LearnError.
    """
    counts = np.array(
        [
            np.searchsorted(first.times, second.times - least, "right").sum()
            - np.searchsorted(first.times, second.times - most, "left").sum()
            for least, most in windows
        ],
        dtype=np.float64,
    )
    if counts[0] and not counts[1:].any():
        least, most = windows[0]
        raise TrainingError(
            "the reads cover too short a time to say how many matches come about by chance; with a window of "
            f"{most - least:,.0f} s give those of {4 * (most - least):,.0f} s or more"
        )
    used = max(int((counts[1:] > 0).sum()), 1)
    return np.where(counts > 0, counts[0] / np.maximum(counts, 1) / used, 0.0)


def _initial_association() -> Floats:
    """An association of characters of which nothing is known: all slips are equally seldom."""
    table = np.full((NO_CHAR + 1, NO_CHAR + 1), 0.1)
    np.fill_diagonal(table, 300.0)
    table[NO_CHAR, NO_CHAR] = 0
    return table


def _score_pairs(
    candidate_pairs: CandidatePairs, first: CameraTexts, second: CameraTexts, association: Floats
) -> Floats:
    """For each candidate log(P(both texts | one vehicle) / P(both texts | two vehicles)), of characters taken
    to be independent."""
    table = association + _PRIOR_WEIGHT / NO_CHAR
    rows = table / table.sum(1, keepdims=True)
    marginal = table.sum(0) / table.sum()
    weights = np.log(rows / marginal)
    # A character that one camera did not read is no more or less likely to be read in another vehicle.
    weights[NO_CHAR, :] = np.log(table[NO_CHAR, :NO_CHAR].sum() / table.sum())
    weights[:, NO_CHAR] = np.log(table[:NO_CHAR, NO_CHAR].sum() / table.sum())
    weights[NO_CHAR, NO_CHAR] = 0
    one, other = align_texts(candidate_pairs, first, second)
    return np.asarray(weights[one, other].sum(1), dtype=np.float64)


def _match_one_to_one(candidate_pairs: CandidatePairs, scores: Floats) -> Ints:
    """Of the candidates of each window the best, no read in two of them; by falling score."""
    taken: set[tuple[int, int, int]] = set()
    kept = []
    order = np.argsort(-scores, kind="stable")
    columns = zip(
        order.tolist(), candidate_pairs.first[order].tolist(), candidate_pairs.second[order].tolist(),
        candidate_pairs.window[order].tolist(), strict=True,
    )  # fmt: skip
    for place, one, other, window in columns:
        ends = ((window, 0, one), (window, 1, other))
        if taken.isdisjoint(ends):
            taken.update(ends)
            kept.append(place)
    return np.array(kept, dtype=np.intp)


def _select_likely(
    candidate_pairs: CandidatePairs,
    scores: Floats,
    matches: Ints,
    first: CameraTexts,
    second: CameraTexts,
    window_weights: Floats,
    max_chance_share: float,
) -> tuple[Ints, int, float]:
    """The matches of the travel-time window that chance hardly brings about; how many of them are of unlike
    texts, and how many of those are expected to be of different vehicles."""
    one, other = align_texts(candidate_pairs, first, second)
    unlike = (one[matches] != other[matches]).any(1)
    here = candidate_pairs.window[matches] == 0
    ours = matches[here & unlike]
    chance = matches[~here & unlike]
    # Both by falling score: to each of ours, what chance brings with at least its score.
    weights = np.concatenate([[0.0], np.cumsum(window_weights[candidate_pairs.window[chance]])])
    expected = weights[np.searchsorted(-scores[chance], -scores[ours], "right")]
    within = np.flatnonzero(expected <= max_chance_share * np.arange(1, len(ours) + 1))
    count = int(within[-1]) + 1 if len(within) else 0
    pairs = np.sort(np.concatenate([matches[here & ~unlike], ours[:count]]))
    return pairs, count, float(expected[count - 1]) if count else 0.0


def _count_association(
    candidate_pairs: CandidatePairs, pairs: Ints, first: CameraTexts, second: CameraTexts
) -> Floats:
    part = CandidatePairs(*(column[pairs] for column in candidate_pairs))
    one, other = align_texts(part, first, second)
    table = np.zeros((NO_CHAR + 1, NO_CHAR + 1))
    np.add.at(table, (one.ravel(), other.ravel()), 1)
    table[NO_CHAR, NO_CHAR] = 0
    return table
