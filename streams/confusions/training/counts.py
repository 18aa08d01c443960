"""Tallies: what was read for what, where in the plate, and with which confidence."""

from collections import defaultdict
from collections.abc import Iterable
from math import exp
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.confusions.evidence import CODE, Evidence
from streams.confusions.features import Table
from streams.confusions.model import Band, Model
from streams.confusions.training.pairs import Pair
from streams.plates.confusables import CLASSES
from streams.plates.packed_keys import ALPHABET

_FAR_EDITS: Final = 4
"""Pairs with so many edits or more say nothing of single characters."""
_PRIOR: Final = 30.0
"""So many sightings of a character are taken to have shown average slips, where no model is known before."""
_HELD: Final = 300.0
"""So many sightings of a character are taken to have shown the slips of the model known before."""
_BANDS: Final = (0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 1.0)
_CHARS: Final = len(ALPHABET)


def _admitted() -> NDArray[np.bool_]:
    table = np.zeros((_CHARS, _CHARS), dtype=np.bool_)
    for group in CLASSES.groups:
        codes = [CODE[char] for char in group]
        table[np.ix_(codes, codes)] = True
    return table


_ADMITTED: Final = _admitted()
"""`[true, read]`: the slips with which a read matches an alert in mode `confusable`."""


def edits(read: str, true: str) -> list[tuple[str, str]] | None:
    """The fewest edits between a read and a true plate, as (read, true), characters that agree included.

    None if there are so many that the alignment says nothing.
    """
    rows, columns = len(read) + 1, len(true) + 1
    costs = [[max(i, j) * 1.01 for j in range(columns)] for i in range(rows)]
    for i in range(1, rows):
        for j in range(1, columns):
            costs[i][j] = min(
                costs[i - 1][j - 1] + (read[i - 1] != true[j - 1]),
                costs[i - 1][j] + 1.01,
                costs[i][j - 1] + 1.01,
            )
    if costs[-1][-1] >= _FAR_EDITS:
        return None
    found = []
    i, j = rows - 1, columns - 1
    while i or j:
        if i and j and costs[i][j] == costs[i - 1][j - 1] + (read[i - 1] != true[j - 1]):
            i, j = i - 1, j - 1
            found.append((read[i], true[j]))
        elif i and (not j or costs[i][j] == costs[i - 1][j] + 1.01):
            i -= 1
            found.append((read[i], ""))
        else:
            j -= 1
            found.append(("", true[j]))
    return found[::-1]


class Tally:
    """Counts over pairs, each as often as it counts (`Pair.times`).

    `slips` (36 × 36, `[true, read]`): how often the one was read for the other; `sightings` (36 × 36): how
    often the true character was seen where that slip would have been seen too; `counts` and `seen` as in
    `Model`; `places`, by kind of difference, how often at the start, inside, and at the end.
    """

    def __init__(self, evidences: Iterable[tuple[Pair, Evidence]]) -> None:
        self.pairs = 0.0
        self.slips = np.zeros((_CHARS, _CHARS))
        self.sightings = np.zeros((_CHARS, _CHARS))
        self.counts: dict[str, float] = defaultdict(float)
        self.seen: dict[str, float] = defaultdict(float)
        self.places = {kind: np.zeros(3) for kind in ("seen", "other", "lost", "extra")}
        self._plates = np.zeros((len(_BANDS), 2))
        self._chars = np.zeros((len(_BANDS), 2))
        for pair, evidence in evidences:
            self.pairs += pair.times
            if pair.found == "matched":
                self._add_matched(pair, evidence)
            else:
                self._add(pair, evidence)

    def joined(self, other: "Tally") -> "Tally":
        """The slips and sightings of both."""
        both = Tally(())
        both.slips = self.slips + other.slips
        both.sightings = self.sightings + other.sightings
        return both

    def commonness(self, base: Model | None = None) -> Table:
        """How much commoner than the average slip each is, as a logarithm, held to that of a base model.

        Where a slip could not have been seen it is that of the base; without a base the average, 0.
        """
        before = np.zeros((_CHARS, _CHARS)) if base is None else np.array(base.commonness)
        held = _PRIOR if base is None else _HELD
        usual = np.exp(before)
        np.fill_diagonal(usual, 0)
        # One slip at the least, for characters may only have been lost.
        average = max(self.slips.sum(), 1.0) / max(float((self.sightings * usual).sum()), 1.0)
        found = np.full((_CHARS, _CHARS), 0.0)
        other = ~np.eye(_CHARS, dtype=np.bool_)
        shares = (self.slips + held * average * usual) / (self.sightings + held) / average
        found[other] = np.log(shares[other])
        return [[round(each, 4) for each in row] for row in found.tolist()]

    def bands(self) -> tuple[list[Band], list[Band]]:
        """How often plates, and single characters, were read wrong, by the confidence in them."""
        plates, chars = (
            [
                Band(upto, round(seen), round(wrong))
                for upto, (seen, wrong) in zip(_BANDS, table.tolist(), strict=True)
                if seen
            ]
            for table in (self._plates, self._chars)
        )
        return plates, chars

    def _add(self, pair: Pair, evidence: Evidence) -> None:
        times, true = pair.times, pair.true
        confidence = pair.confidence
        if confidence is None and pair.char_confidences:
            confidence = sum(pair.char_confidences) / len(pair.char_confidences)
        if confidence is not None:
            self._plates[_band(confidence)] += (times, times * (evidence.plate != true))
        sure = evidence.sure if evidence.kind in ("full", "characters") else None
        at = place = 0
        for read, there in edits(evidence.plate, true) or ():
            third = 0 if place == 0 else 2 if place >= len(true) - bool(there) else 1
            if there:
                self.seen[there] += times
                self.sightings[CODE[there]] += times
                self.places["seen"][third] += times
            if read != there:
                self._count(read, there, times)
                self.places["other" if read and there else "lost" if there else "extra"][third] += times
            if read and sure is not None:
                self._chars[_band(exp(sure[at]))] += (times, times * (read != there))
            at += bool(read)
            place += bool(there)

    def _add_matched(self, pair: Pair, evidence: Evidence) -> None:
        """Only what would have matched whichever of the class was read; the rest could not be seen."""
        for read, there in edits(evidence.plate, pair.true) or ():
            if not there:
                continue
            self.seen[there] += pair.times
            row = _ADMITTED[CODE[there]]
            self.sightings[CODE[there], row] += pair.times
            if read and read != there and row[CODE[read]]:
                self._count(read, there, pair.times)

    def _count(self, read: str, there: str, times: float) -> None:
        slip = there + read if there and read else f"{there}-" if there else f"+{read}"
        self.counts[slip] += times
        if read and there:
            self.slips[CODE[there], CODE[read]] += times


def _band(confidence: float) -> int:
    return next(place for place, upto in enumerate(_BANDS) if confidence <= upto)
