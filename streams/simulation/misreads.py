"""Slips: which texts are read, by the learnt model and the quality of the picture."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.confusions.model import Model
from streams.plates.packed_keys import ALPHABET
from streams.simulation.column_types import Floats
from streams.simulation.measured_quality import Measured
from streams.simulation.vehicles import Texts

QUALITIES: Final = ("clear", "medium", "poor")
RIGHT, WRONG, GARBLED, EXTRA = range(4)
"""How a character was read: as it is, as another one, as anything in a garbled read, where there is none."""

_GARBLED_LOST, _GARBLED_SLIP = 0.3, 0.6
"""Of the characters of garbled reads, those lost, and those read as any other. By eye."""
_MOST: Final = 0.98
"""The most that a character is taken to be misread on average, whatever a model of few pairs says."""
_ASCII: Final = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
_SIZE: Final = 256


class Slipped(NamedTuple):
    """n texts as read (uint8, n × m each): `true` is the character that was there, 0 for none; `kind` how
    it was read. `wrong` (bool, n): whether the text is another than the plate's."""

    text: Texts
    true: Texts
    kind: Texts
    wrong: NDArray[np.bool_]


class Slips:
    """Draws the texts that are read of plates."""

    def __init__(self, model: Model, measured: Measured) -> None:
        qualities = [measured.qualities[name] for name in QUALITIES]
        slips, lost, extra = _tables(model)
        self._garbled = np.array([each.garbled for each in qualities])
        self._times = np.array([each.times for each in qualities])
        self._shape = np.array([each.shape for each in qualities])
        # Hazards, -log(1 - chance), by ASCII code; code 0 has none. They can be multiplied at will.
        self._slip = -np.log1p(-slips.sum(axis=1).clip(0, _MOST))
        self._lost = -np.log1p(-lost.clip(0, _MOST))
        self._extra = -np.log1p(-extra.sum().clip(0, _MOST))
        self._bounds = _bounds(slips)
        self._extra_bounds = np.cumsum(extra[_ASCII]) / max(extra.sum(), 1e-300)
        self._alike = _bounds(slips + slips.T)
        self._edge, self._inside = measured.lost_at_edge, measured.lost_inside

    def alike(self, rng: np.random.Generator, chars: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """For each character (ASCII) one that it is taken for, or that is taken for it."""
        return _picked(self._alike, chars, rng.random(len(chars)))

    def draw(self, rng: np.random.Generator, plates: Texts, quality: NDArray[np.uint8]) -> Slipped:
        """Texts read of plates (n × m) in pictures of some quality (n, places in QUALITIES).

        A text has a character too many only where m leaves room for it.
        """
        inside = plates > 0
        length = inside.sum(axis=1)
        # Some pictures are worse than others of their quality, so slips come together.
        shape = self._shape[quality]
        worse = rng.gamma(shape)
        times = self._times[quality] * worse / shape
        # Characters are lost, or too many, in the worst of them: as the square, which on average is as many.
        missing = times * worse / (shape + 1)
        slip = -np.expm1(-self._slip[plates] * times[:, None])
        lost = -np.expm1(-self._lost[plates] * missing[:, None])
        at = np.arange(plates.shape[1])
        edge = (at == 0) | (at == length[:, None] - 1)
        lost = lost * np.where(edge, self._edge, self._inside)
        garbled = rng.random(len(plates)) < self._garbled[quality]
        slip[garbled], lost[garbled] = _GARBLED_SLIP, _GARBLED_LOST
        drawn = rng.random(plates.shape)
        slipped = inside & (drawn < slip)
        keep = inside & ~((drawn >= slip) & (drawn < slip + lost))
        # Something is read, or there is no read.
        keep[~keep.any(axis=1), 0] = True
        text, true = plates.copy(), plates
        own = slipped & ~garbled[:, None]
        text[own] = _picked(self._bounds, plates[own], rng.random(int(own.sum())))
        other = slipped & garbled[:, None]
        text[other] = _ASCII[rng.integers(0, len(_ASCII), int(other.sum()))]
        kind = np.where(garbled[:, None], GARBLED, np.where(text != plates, WRONG, RIGHT)).astype(np.uint8)
        columns = _closed(keep, length, (text, true, kind))
        text, true, kind = self._with_extra(rng, columns, missing, keep.sum(axis=1))
        return Slipped(text, true, kind, np.any(text != plates, axis=1))

    def _with_extra(
        self,
        rng: np.random.Generator,
        columns: tuple[Texts, Texts, Texts],
        times: Floats,
        length: NDArray[np.intp],
    ) -> tuple[Texts, Texts, Texts]:
        """The same with a character too many in some, anywhere."""
        chance = -np.expm1(-self._extra * times * length)
        rows = np.flatnonzero((rng.random(len(length)) < chance) & (length < columns[0].shape[1]))
        place = (rng.random(len(rows)) * (length[rows] + 1)).astype(np.intp)
        at = np.arange(columns[0].shape[1])
        before = np.where(at < place[:, None], at, np.maximum(at - 1, 0))
        chars = _ASCII[np.searchsorted(self._extra_bounds, rng.random(len(rows))).clip(0, len(_ASCII) - 1)]
        for column, value in zip(columns, (chars, 0, EXTRA), strict=True):
            moved = np.take_along_axis(column[rows], before, axis=1)
            moved[np.arange(len(rows)), place] = value
            column[rows] = moved
        return columns


def _tables(model: Model) -> tuple[Floats, Floats, Floats]:
    """P(read as d | c), P(lost | c) and P(d read | a character), by ASCII code (256 × 256, 256, 256)."""
    slips, lost, extra = np.zeros((_SIZE, _SIZE)), np.zeros(_SIZE), np.zeros(_SIZE)
    total = max(sum(model.seen.values()), 1)
    for slip, count in model.counts.items():
        one, other = slip[0], slip[1]
        if one == "+":
            extra[ord(other)] = count / total
        elif other == "-":
            lost[ord(one)] = count / max(model.seen.get(one, 0), count)
        else:
            slips[ord(one), ord(other)] = count / max(model.seen.get(one, 0), count)
    return slips, lost, extra


def _bounds(table: Floats) -> Floats:
    """For each character (by ASCII code) its code and the running shares of the 36 others (256 × 36).

    They rise from one row to the next, so that one search in all of them finds the place in a row.
    """
    chosen = table[:, _ASCII]
    # A character that is never read as another is read as any.
    chosen = np.where(chosen.sum(axis=1, keepdims=True) > 0, chosen, 1.0)
    bounds = np.cumsum(chosen, axis=1)
    found: Floats = bounds / bounds[:, -1:] + np.arange(_SIZE)[:, None]
    return found


def _picked(bounds: Floats, chars: NDArray[np.uint8], drawn: Floats) -> NDArray[np.uint8]:
    """Another character for each (n), by numbers from 0 to 1 (n)."""
    places = np.searchsorted(bounds.ravel(), chars + drawn, side="right") - chars * np.intp(len(_ASCII))
    found: NDArray[np.uint8] = _ASCII[places.clip(0, len(_ASCII) - 1)]
    return found


def _closed(
    keep: NDArray[np.bool_], length: NDArray[np.intp], columns: tuple[Texts, Texts, Texts]
) -> tuple[Texts, Texts, Texts]:
    """Columns without the characters that are not kept, closed up; they are new arrays."""
    left = keep.sum(axis=1)
    rows = np.flatnonzero(left < length)
    order = np.argsort(~keep[rows], axis=1, kind="stable")
    behind = np.arange(keep.shape[1]) >= left[rows, None]
    text, true, kind = (column.copy() for column in columns)
    for column in (text, true, kind):
        moved = np.take_along_axis(column[rows], order, axis=1)
        moved[behind] = 0
        column[rows] = moved
    return text, true, kind
