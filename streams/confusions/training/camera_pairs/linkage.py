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
    NONE,
    Candidates,
    Floats,
    Ints,
    Side,
    candidates,
    side_by_side,
    side_of,
)
from streams.confusions.training.train import LearnError
from streams.records.read import Read

MOST_CHANCE: Final = 0.02
"""Of the matches of unlike texts so many may be of different vehicles."""
BURST_S: Final = 10.0
"""Reads of one camera within so many seconds are of one passage, if they are near."""
_SHIFTS: Final = (-4, -2, 2, 4)
"""Windows beside the travel-time window, in widths of it."""
_PRIOR: Final = 1.0
_TURNS: Final = 8


class Road(NamedTuple):
    """The reads of two cameras on one road, in any order, and the least and the most seconds from the first
    to the second."""

    first: Sequence[Read]
    second: Sequence[Read]
    least_s: float
    most_s: float


class Meetings(NamedTuple):
    """Reads of the first and the second camera (rows of theirs) that are taken to be of one vehicle.

    `unlike` of them differ, of which `by_chance` are expected to be of different vehicles; `association`
    (37 × 37): how often a character at the first was another at the second, the last for none; `turns` until
    the matches no longer changed.
    """

    pairs: list[tuple[int, int]]
    unlike: int
    by_chance: float
    association: Floats
    turns: int


def once(reads: Sequence[Read], burst_s: float = BURST_S) -> list[Read]:
    """The reads of one camera in order of time, of each passage the first.

    Of several reads the one that agrees best would be matched, and misreads would seem rarer than they are.
    """
    side = side_of(reads)
    found = candidates(side, side, [(1e-3, burst_s)])
    later = set(side.rows[found.second].tolist())
    return [reads[row] for row in side.rows.tolist() if row not in later]


def meetings(road: Road, most_chance: float = MOST_CHANCE) -> Meetings:
    """The reads of a road that are of one vehicle, one to one.

    Starts with how many characters differ and goes on with the association learnt from its own matches until
    they are the same again. Of the matches of unlike texts the least likely are dropped until no more than
    `most_chance` are expected to be of different vehicles.

    Raises LearnError for reads of so short a time that nothing lies in the windows beside.
    """
    first, second = side_of(road.first), side_of(road.second)
    width = road.most_s - road.least_s
    windows = [(road.least_s, road.most_s)] + [
        (road.least_s + shift * width, road.most_s + shift * width) for shift in _SHIFTS
    ]
    found = candidates(first, second, windows)
    scale = _scale(first, second, windows)
    association = _unlearnt()
    pairs: Ints = np.empty(0, dtype=np.intp)
    unlike, by_chance, turns = 0, 0.0, 0
    for _ in range(_TURNS):
        turns += 1
        before = pairs
        scores = _scores(found, first, second, association)
        taken = _one_to_one(found, scores)
        pairs, unlike, by_chance = _likely(found, scores, taken, first, second, scale, most_chance)
        association = _associated(found, pairs, first, second)
        if np.array_equal(before, pairs):
            break
    rows = zip(
        first.rows[found.first[pairs]].tolist(), second.rows[found.second[pairs]].tolist(), strict=True
    )
    return Meetings(list(rows), unlike, by_chance, association, turns)


def _scale(first: Side, second: Side, windows: list[tuple[float, float]]) -> Floats:
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
        raise LearnError(
            "the reads cover too short a time to say how many matches come about by chance; with a window of "
            f"{most - least:,.0f} s give those of {4 * (most - least):,.0f} s or more"
        )
    used = max(int((counts[1:] > 0).sum()), 1)
    return np.where(counts > 0, counts[0] / np.maximum(counts, 1) / used, 0.0)


def _unlearnt() -> Floats:
    """An association of characters of which nothing is known: all slips are equally seldom."""
    table = np.full((NONE + 1, NONE + 1), 0.1)
    np.fill_diagonal(table, 300.0)
    table[NONE, NONE] = 0
    return table


def _scores(found: Candidates, first: Side, second: Side, association: Floats) -> Floats:
    """For each candidate log(P(both texts | one vehicle) / P(both texts | two vehicles)), of characters taken
    to be independent."""
    table = association + _PRIOR / NONE
    rows = table / table.sum(1, keepdims=True)
    marginal = table.sum(0) / table.sum()
    weights = np.log(rows / marginal)
    # A character that one camera did not read is no more or less likely to be read in another vehicle.
    weights[NONE, :] = np.log(table[NONE, :NONE].sum() / table.sum())
    weights[:, NONE] = np.log(table[:NONE, NONE].sum() / table.sum())
    weights[NONE, NONE] = 0
    one, other = side_by_side(found, first, second)
    return np.asarray(weights[one, other].sum(1), dtype=np.float64)


def _one_to_one(found: Candidates, scores: Floats) -> Ints:
    """Of the candidates of each window the best, no read in two of them; by falling score."""
    taken: set[tuple[int, int, int]] = set()
    kept = []
    order = np.argsort(-scores, kind="stable")
    columns = zip(
        order.tolist(), found.first[order].tolist(), found.second[order].tolist(),
        found.window[order].tolist(), strict=True,
    )  # fmt: skip
    for place, one, other, window in columns:
        ends = ((window, 0, one), (window, 1, other))
        if taken.isdisjoint(ends):
            taken.update(ends)
            kept.append(place)
    return np.array(kept, dtype=np.intp)


def _likely(
    found: Candidates,
    scores: Floats,
    taken: Ints,
    first: Side,
    second: Side,
    scale: Floats,
    most_chance: float,
) -> tuple[Ints, int, float]:
    """The matches of the travel-time window that chance hardly brings about; how many of them are of unlike
    texts, and how many of those are expected to be of different vehicles."""
    one, other = side_by_side(found, first, second)
    unlike = (one[taken] != other[taken]).any(1)
    here = found.window[taken] == 0
    ours = taken[here & unlike]
    chance = taken[~here & unlike]
    # Both by falling score: to each of ours, what chance brings with at least its score.
    weights = np.concatenate([[0.0], np.cumsum(scale[found.window[chance]])])
    expected = weights[np.searchsorted(-scores[chance], -scores[ours], "right")]
    within = np.flatnonzero(expected <= most_chance * np.arange(1, len(ours) + 1))
    count = int(within[-1]) + 1 if len(within) else 0
    pairs = np.sort(np.concatenate([taken[here & ~unlike], ours[:count]]))
    return pairs, count, float(expected[count - 1]) if count else 0.0


def _associated(found: Candidates, pairs: Ints, first: Side, second: Side) -> Floats:
    part = Candidates(*(column[pairs] for column in found))
    one, other = side_by_side(part, first, second)
    table = np.zeros((NONE + 1, NONE + 1))
    np.add.at(table, (one.ravel(), other.ravel()), 1)
    table[NONE, NONE] = 0
    return table
