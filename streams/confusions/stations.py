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
from numpy.typing import NDArray

from streams.confusions.evidence import CODE
from streams.plates.keys import ALPHABET
from streams.plates.normal import folded, normal
from streams.records.read import Read
from streams.records.times import to_ms

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Codes = NDArray[np.uint8]

MOST_CHANCE: Final = 0.02
"""Of the matches of unlike texts so many may be of different vehicles."""
BURST_S: Final = 10.0
"""Reads of one camera within so many seconds are of one passage, if they are near."""
_SHIFTS: Final = (-4, -2, 2, 4)
"""Windows beside the travel-time window, in widths of it."""
_MOST_UNLIKE: Final = 3
_MOST_BESIDE_GAP: Final = 2
_NONE: Final = len(ALPHABET)
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


class _Candidates(NamedTuple):
    """Possible matches: rows of both cameras, the place of the character that one has and the other not (-1
    for none), and the window, 0 for that of the travel time."""

    first: Ints
    second: Ints
    gap: Ints
    window: Ints


class _Side(NamedTuple):
    """The reads of one camera by time: rows as given, times in seconds, codes (n × 14, _NONE behind the end)
    and lengths."""

    rows: Ints
    times: Floats
    codes: Codes
    lengths: Ints


def once(reads: Sequence[Read], burst_s: float = BURST_S) -> list[Read]:
    """The reads of one camera in order of time, of each passage the first.

    Of several reads the one that agrees best would be matched, and misreads would seem rarer than they are.
    """
    side = _side(reads)
    found = _candidates(side, side, [(1e-3, burst_s)])
    later = set(side.rows[found.second].tolist())
    return [reads[row] for row in side.rows.tolist() if row not in later]


def meetings(road: Road, most_chance: float = MOST_CHANCE) -> Meetings:
    """The reads of a road that are of one vehicle, one to one.

    Starts with how many characters differ and goes on with the association learnt from its own matches until
    they are the same again. Of the matches of unlike texts the least likely are dropped until no more than
    `most_chance` are expected to be of different vehicles.
    """
    first, second = _side(road.first), _side(road.second)
    width = road.most_s - road.least_s
    windows = [(road.least_s, road.most_s)] + [
        (road.least_s + shift * width, road.most_s + shift * width) for shift in _SHIFTS
    ]
    found = _candidates(first, second, windows)
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


def _side(reads: Sequence[Read]) -> _Side:
    times = np.array([to_ms(read.captured_at) / 1000 for read in reads], dtype=np.float64)
    rows = np.argsort(times, kind="stable")
    codes = np.full((len(reads), 14), _NONE, dtype=np.uint8)
    lengths = np.zeros(len(reads), dtype=np.intp)
    for place, row in enumerate(rows.tolist()):
        plate = folded(normal(reads[row].plate))
        codes[place, : len(plate)] = [CODE[char] for char in plate]
        lengths[place] = len(plate)
    return _Side(rows, times[rows], codes, lengths)


def _candidates(first: _Side, second: _Side, windows: list[tuple[float, float]]) -> _Candidates:
    """All pairs within a window that differ in few characters."""
    parts: list[tuple[Ints, Ints, Ints, Ints]] = []
    for window, (least, most) in enumerate(windows):
        starts = np.searchsorted(first.times, second.times - most, "left")
        ends = np.searchsorted(first.times, second.times - least, "right")
        for row in range(len(second.rows)):
            start, end = int(starts[row]), int(ends[row])
            if start < end:
                here, gaps = _alike(first, start, end, second.codes[row], int(second.lengths[row]))
                parts.append((here, np.full_like(here, row), gaps, np.full_like(here, window)))
    if not parts:
        parts = [(np.empty(0, dtype=np.intp),) * 4]
    return _Candidates(*(np.concatenate([part[at] for part in parts]) for at in range(4)))


def _alike(first: _Side, start: int, end: int, text: Codes, length: int) -> tuple[Ints, Ints]:
    """Of reads of the first camera those near a text, and the gap of each."""
    codes, lengths = first.codes[start:end], first.lengths[start:end]
    same = codes != text
    beside = np.flatnonzero((lengths == length) & (same.sum(1) <= _MOST_UNLIKE))
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
        near = unlike[np.arange(len(rows)), best] <= _MOST_BESIDE_GAP
        found.append(rows[near] + start)
        gaps.append(best[near])
    return np.concatenate(found), np.concatenate(gaps)


def _scale(first: _Side, second: _Side, windows: list[tuple[float, float]]) -> Floats:
    """For each window how many pairs the travel-time window has for one of it, over the number of windows.

    The sum over all windows but the first is what chance brings to the first.
    """
    counts = np.array(
        [
            np.searchsorted(first.times, second.times - least, "right").sum()
            - np.searchsorted(first.times, second.times - most, "left").sum()
            for least, most in windows
        ],
        dtype=np.float64,
    )
    used = max(int((counts[1:] > 0).sum()), 1)
    return np.where(counts > 0, counts[0] / np.maximum(counts, 1) / used, 0.0)


def _unlearnt() -> Floats:
    """An association of characters of which nothing is known: all slips are equally seldom."""
    table = np.full((_NONE + 1, _NONE + 1), 0.1)
    np.fill_diagonal(table, 300.0)
    table[_NONE, _NONE] = 0
    return table


def _scores(found: _Candidates, first: _Side, second: _Side, association: Floats) -> Floats:
    """For each candidate log(P(both texts | one vehicle) / P(both texts | two vehicles)), of characters taken
    to be independent."""
    table = association + _PRIOR / _NONE
    rows = table / table.sum(1, keepdims=True)
    marginal = table.sum(0) / table.sum()
    weights = np.log(rows / marginal)
    # A character that one camera did not read is no more or less likely to be read in another vehicle.
    weights[_NONE, :] = np.log(table[_NONE, :_NONE].sum() / table.sum())
    weights[:, _NONE] = np.log(table[:_NONE, _NONE].sum() / table.sum())
    weights[_NONE, _NONE] = 0
    one, other = _side_by_side(found, first, second)
    return np.asarray(weights[one, other].sum(1), dtype=np.float64)


def _side_by_side(found: _Candidates, first: _Side, second: _Side) -> tuple[Codes, Codes]:
    """The texts of candidates (m × 15) with _NONE where one has no character."""
    one, other = first.codes[found.first], second.codes[found.second]
    lacks = first.lengths[found.first] < second.lengths[found.second]
    gap = found.gap >= 0
    return _opened(one, found.gap, gap & lacks), _opened(other, found.gap, gap & ~lacks)


def _opened(codes: Codes, gaps: Ints, where: NDArray[np.bool_]) -> Codes:
    """Texts with a _NONE put in at a gap, where there is one."""
    count, width = codes.shape
    places = np.arange(width + 1)[None, :]
    from_ = np.where(where[:, None] & (places > gaps[:, None]), places - 1, places)
    wider = np.hstack([codes, np.full((count, 1), _NONE, dtype=np.uint8)])
    opened = np.take_along_axis(wider, from_, axis=1)
    opened[where, gaps[where]] = _NONE
    return opened


def _one_to_one(found: _Candidates, scores: Floats) -> Ints:
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
    found: _Candidates,
    scores: Floats,
    taken: Ints,
    first: _Side,
    second: _Side,
    scale: Floats,
    most_chance: float,
) -> tuple[Ints, int, float]:
    """The matches of the travel-time window that chance hardly brings about; how many of them are of unlike
    texts, and how many of those are expected to be of different vehicles."""
    one, other = _side_by_side(found, first, second)
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


def _associated(found: _Candidates, pairs: Ints, first: _Side, second: _Side) -> Floats:
    part = _Candidates(*(column[pairs] for column in found))
    one, other = _side_by_side(part, first, second)
    table = np.zeros((_NONE + 1, _NONE + 1))
    np.add.at(table, (one.ravel(), other.ravel()), 1)
    table[_NONE, _NONE] = 0
    return table
