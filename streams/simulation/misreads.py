"""Slips: which texts are read, by the learnt model and the quality of the picture."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.confusions.model import ConfusionModel
from streams.plates.packed_keys import ALPHABET
from streams.simulation.column_types import Floats
from streams.simulation.measured_quality import QualityMeasurements
from streams.simulation.vehicles import Texts

QUALITIES: Final = ("clear", "medium", "poor")
RIGHT, WRONG, GARBLED, EXTRA = range(4)
"""How a character was read: as it is, as another one, as anything in a garbled read, where there is none."""

_GARBLED_LOST, _GARBLED_MISREAD = 0.3, 0.6
"""Of the characters of garbled reads, those lost, and those read as any other. By eye."""
_MAX_ERROR_RATE: Final = 0.98
"""The most that a character is taken to be misread on average, whatever a model of few pairs says."""
_ALPHABET_CODES: Final = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
_CODES: Final = 256


class Misreads(NamedTuple):
    """n texts as read (uint8, n × m each): `true` is the character that was there, 0 for none; `kind` how
    it was read. `wrong` (bool, n): whether the text is another than the plate's."""

    text: Texts
    true: Texts
    kind: Texts
    wrong: NDArray[np.bool_]


class MisreadSampler:
    """Draws the texts that are read of plates."""

    def __init__(self, model: ConfusionModel, measured: QualityMeasurements) -> None:
        qualities = [measured.qualities[name] for name in QUALITIES]
        slips, lost, extra = _error_tables(model)
        self._garbled_rate = np.array([each.garbled for each in qualities])
        self._hazard_factor = np.array([each.times for each in qualities])
        self._gamma_shape = np.array([each.shape for each in qualities])
        # Hazards, -log(1 - chance), by ASCII code; code 0 has none. They can be multiplied at will.
        self._error_hazard = -np.log1p(-slips.sum(axis=1).clip(0, _MAX_ERROR_RATE))
        self._lost_hazard = -np.log1p(-lost.clip(0, _MAX_ERROR_RATE))
        self._extra_hazard = -np.log1p(-extra.sum().clip(0, _MAX_ERROR_RATE))
        self._error_bounds = _cumulative_bounds(slips)
        self._extra_bounds = np.cumsum(extra[_ALPHABET_CODES]) / max(extra.sum(), 1e-300)
        self._confusable_bounds = _cumulative_bounds(slips + slips.T)
        self._edge_factor, self._inside_factor = measured.lost_at_edge, measured.lost_inside

    def sample_confusable(self, rng: np.random.Generator, chars: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """For each character (ASCII) one that it is taken for, or that is taken for it."""
        return _pick(self._confusable_bounds, chars, rng.random(len(chars)))

    def sample(self, rng: np.random.Generator, plates: Texts, quality: NDArray[np.uint8]) -> Misreads:
        """Texts read of plates (n × m) in pictures of some quality (n, places in QUALITIES).

        A text has a character too many only where m leaves room for it.
        """
        inside = plates > 0
        length = inside.sum(axis=1)
        # Some pictures are worse than others of their quality, so slips come together.
        shape = self._gamma_shape[quality]
        worse = rng.gamma(shape)
        times = self._hazard_factor[quality] * worse / shape
        # Characters are lost, or too many, in the worst of them: as the square, which on average is as many.
        missing = times * worse / (shape + 1)
        slip = -np.expm1(-self._error_hazard[plates] * times[:, None])
        lost = -np.expm1(-self._lost_hazard[plates] * missing[:, None])
        at = np.arange(plates.shape[1])
        edge = (at == 0) | (at == length[:, None] - 1)
        lost = lost * np.where(edge, self._edge_factor, self._inside_factor)
        garbled = rng.random(len(plates)) < self._garbled_rate[quality]
        slip[garbled], lost[garbled] = _GARBLED_MISREAD, _GARBLED_LOST
        drawn = rng.random(plates.shape)
        slipped = inside & (drawn < slip)
        keep = inside & ~((drawn >= slip) & (drawn < slip + lost))
        # Something is read, or there is no read.
        keep[~keep.any(axis=1), 0] = True
        text, true = plates.copy(), plates
        own = slipped & ~garbled[:, None]
        text[own] = _pick(self._error_bounds, plates[own], rng.random(int(own.sum())))
        other = slipped & garbled[:, None]
        text[other] = _ALPHABET_CODES[rng.integers(0, len(_ALPHABET_CODES), int(other.sum()))]
        kind = np.where(garbled[:, None], GARBLED, np.where(text != plates, WRONG, RIGHT)).astype(np.uint8)
        columns = _close_up(keep, length, (text, true, kind))
        text, true, kind = self._insert_extra(rng, columns, missing, keep.sum(axis=1))
        return Misreads(text, true, kind, np.any(text != plates, axis=1))

    def _insert_extra(
        self,
        rng: np.random.Generator,
        columns: tuple[Texts, Texts, Texts],
        times: Floats,
        length: NDArray[np.intp],
    ) -> tuple[Texts, Texts, Texts]:
        """The same with a character too many in some, anywhere."""
        chance = -np.expm1(-self._extra_hazard * times * length)
        rows = np.flatnonzero((rng.random(len(length)) < chance) & (length < columns[0].shape[1]))
        place = (rng.random(len(rows)) * (length[rows] + 1)).astype(np.intp)
        at = np.arange(columns[0].shape[1])
        before = np.where(at < place[:, None], at, np.maximum(at - 1, 0))
        chars = _ALPHABET_CODES[
            np.searchsorted(self._extra_bounds, rng.random(len(rows))).clip(0, len(_ALPHABET_CODES) - 1)
        ]
        for column, value in zip(columns, (chars, 0, EXTRA), strict=True):
            moved = np.take_along_axis(column[rows], before, axis=1)
            moved[np.arange(len(rows)), place] = value
            column[rows] = moved
        return columns


def _error_tables(model: ConfusionModel) -> tuple[Floats, Floats, Floats]:
    """P(read as d | c), P(lost | c) and P(d read | a character), by ASCII code (256 × 256, 256, 256)."""
    slips, lost, extra = np.zeros((_CODES, _CODES)), np.zeros(_CODES), np.zeros(_CODES)
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


def _cumulative_bounds(table: Floats) -> Floats:
    """For each character (by ASCII code) its code and the running shares of the 36 others (256 × 36).

    They rise from one row to the next, so that one search in all of them finds the place in a row.
    """
    chosen = table[:, _ALPHABET_CODES]
    # A character that is never read as another is read as any.
    chosen = np.where(chosen.sum(axis=1, keepdims=True) > 0, chosen, 1.0)
    bounds = np.cumsum(chosen, axis=1)
    found: Floats = bounds / bounds[:, -1:] + np.arange(_CODES)[:, None]
    return found


def _pick(bounds: Floats, chars: NDArray[np.uint8], uniform: Floats) -> NDArray[np.uint8]:
    """Another character for each (n), by numbers from 0 to 1 (n)."""
    places = np.searchsorted(bounds.ravel(), chars + uniform, side="right") - chars * np.intp(
        len(_ALPHABET_CODES)
    )
    found: NDArray[np.uint8] = _ALPHABET_CODES[places.clip(0, len(_ALPHABET_CODES) - 1)]
    return found


def _close_up(
    kept: NDArray[np.bool_], length: NDArray[np.intp], columns: tuple[Texts, Texts, Texts]
) -> tuple[Texts, Texts, Texts]:
    """Columns without the characters that are not kept, closed up; they are new arrays."""
    left = kept.sum(axis=1)
    rows = np.flatnonzero(left < length)
    order = np.argsort(~kept[rows], axis=1, kind="stable")
    behind = np.arange(kept.shape[1]) >= left[rows, None]
    text, true, kind = (column.copy() for column in columns)
    for column in (text, true, kind):
        moved = np.take_along_axis(column[rows], order, axis=1)
        moved[behind] = 0
        column[rows] = moved
    return text, true, kind
