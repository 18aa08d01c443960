"""Misreads: the texts read of plates, by the learnt model and the quality of the picture."""

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
"""How a character was read: right, as another, in a garbled read, or where the plate has none."""

_GARBLED_LOST, _GARBLED_MISREAD = 0.3, 0.6
"""Shares of the characters of garbled reads that are lost, and read as any other. Estimated by eye."""
_MAX_ERROR_RATE: Final = 0.98
"""Upper bound of a character's average error rate, in case a model was trained on few pairs."""
_ALPHABET_CODES: Final = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
_CODES: Final = 256


class Misreads(NamedTuple):
    """n texts as read (uint8, n × m each).

    `true` is the plate's character at each position, 0 for none; `kind` is how it was read. `wrong` (bool, n)
    marks the texts that differ from the plate.
    """

    text: Texts
    true: Texts
    kind: Texts
    wrong: NDArray[np.bool_]


class MisreadSampler:
    """Samples the texts that are read of plates."""

    def __init__(self, model: ConfusionModel, measured: QualityMeasurements) -> None:
        qualities = [measured.qualities[name] for name in QUALITIES]
        substituted, lost, extra = _error_tables(model)
        self._garbled_rate = np.array([quality.garbled for quality in qualities])
        self._hazard_factor = np.array([quality.times for quality in qualities])
        self._gamma_shape = np.array([quality.shape for quality in qualities])
        # Hazards, -log(1 - probability), by ASCII code; that of code 0 is 0. Unlike probabilities they can be
        # multiplied by any factor.
        self._error_hazard = -np.log1p(-substituted.sum(axis=1).clip(0, _MAX_ERROR_RATE))
        self._lost_hazard = -np.log1p(-lost.clip(0, _MAX_ERROR_RATE))
        self._extra_hazard = -np.log1p(-extra.sum().clip(0, _MAX_ERROR_RATE))
        self._error_bounds = _cumulative_bounds(substituted)
        self._extra_bounds = np.cumsum(extra[_ALPHABET_CODES]) / max(extra.sum(), 1e-300)
        self._confusable_bounds = _cumulative_bounds(substituted + substituted.T)
        self._edge_factor, self._inside_factor = measured.lost_at_edge, measured.lost_inside

    def sample_confusable(self, rng: np.random.Generator, chars: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Sample for each character (ASCII) one that it is read as, or that is read as it."""
        return _pick(self._confusable_bounds, chars, rng.random(len(chars)))

    def sample(self, rng: np.random.Generator, plates: Texts, quality: NDArray[np.uint8]) -> Misreads:
        """Sample the texts read of plates (n × m) in pictures of some quality (n, indices in QUALITIES).

        A text can have an extra character only if it is shorter than m.
        """
        inside = plates > 0
        length = inside.sum(axis=1)
        # Some pictures are worse than others of their quality, so errors occur together.
        shape = self._gamma_shape[quality]
        gamma = rng.gamma(shape)
        times = self._hazard_factor[quality] * gamma / shape
        # Characters are lost or extra mostly in the worst pictures: the factor squared, with the same mean.
        times_squared = times * gamma / (shape + 1)
        error_probability = -np.expm1(-self._error_hazard[plates] * times[:, None])
        lost_probability = -np.expm1(-self._lost_hazard[plates] * times_squared[:, None])
        column = np.arange(plates.shape[1])
        edge = (column == 0) | (column == length[:, None] - 1)
        lost_probability = lost_probability * np.where(edge, self._edge_factor, self._inside_factor)
        garbled = rng.random(len(plates)) < self._garbled_rate[quality]
        error_probability[garbled], lost_probability[garbled] = _GARBLED_MISREAD, _GARBLED_LOST
        uniform = rng.random(plates.shape)
        is_error = inside & (uniform < error_probability)
        is_lost = (uniform >= error_probability) & (uniform < error_probability + lost_probability)
        keep = inside & ~is_lost
        # Without any character there would be no read.
        keep[~keep.any(axis=1), 0] = True
        text, true = plates.copy(), plates
        by_model = is_error & ~garbled[:, None]
        text[by_model] = _pick(self._error_bounds, plates[by_model], rng.random(int(by_model.sum())))
        at_random = is_error & garbled[:, None]
        text[at_random] = _ALPHABET_CODES[rng.integers(0, len(_ALPHABET_CODES), int(at_random.sum()))]
        kind = np.where(garbled[:, None], GARBLED, np.where(text != plates, WRONG, RIGHT)).astype(np.uint8)
        columns = _close_gaps(keep, length, (text, true, kind))
        text, true, kind = self._insert_extra(rng, columns, times_squared, keep.sum(axis=1))
        return Misreads(text, true, kind, np.any(text != plates, axis=1))

    def _insert_extra(
        self,
        rng: np.random.Generator,
        columns: tuple[Texts, Texts, Texts],
        times: Floats,
        length: NDArray[np.intp],
    ) -> tuple[Texts, Texts, Texts]:
        """Insert an extra character at any position of some texts."""
        probability = -np.expm1(-self._extra_hazard * times * length)
        rows = np.flatnonzero((rng.random(len(length)) < probability) & (length < columns[0].shape[1]))
        position = (rng.random(len(rows)) * (length[rows] + 1)).astype(np.intp)
        column_index = np.arange(columns[0].shape[1])
        source = np.where(column_index < position[:, None], column_index, np.maximum(column_index - 1, 0))
        chars = _ALPHABET_CODES[
            np.searchsorted(self._extra_bounds, rng.random(len(rows))).clip(0, len(_ALPHABET_CODES) - 1)
        ]
        for column, value in zip(columns, (chars, 0, EXTRA), strict=True):
            shifted = np.take_along_axis(column[rows], source, axis=1)
            shifted[np.arange(len(rows)), position] = value
            column[rows] = shifted
        return columns


def _error_tables(model: ConfusionModel) -> tuple[Floats, Floats, Floats]:
    """Return P(read as d | c), P(lost | c) and P(extra d | character), by ASCII (256 × 256, 256, 256)."""
    substituted, lost, extra = np.zeros((_CODES, _CODES)), np.zeros(_CODES), np.zeros(_CODES)
    total = max(sum(model.seen.values()), 1)
    for error, count in model.counts.items():
        true, read = error[0], error[1]
        if true == "+":
            extra[ord(read)] = count / total
        elif read == "-":
            lost[ord(true)] = count / max(model.seen.get(true, 0), count)
        else:
            substituted[ord(true), ord(read)] = count / max(model.seen.get(true, 0), count)
    return substituted, lost, extra


def _cumulative_bounds(table: Floats) -> Floats:
    """Return the cumulative shares of all characters for each one (by ASCII code), plus its code (256 × 36).

    The bounds rise from one row to the next, so that one search over all rows finds the position in a row.
    """
    weights = table[:, _ALPHABET_CODES]
    # A character that is never misread in the model is read as any.
    weights = np.where(weights.sum(axis=1, keepdims=True) > 0, weights, 1.0)
    cumulative = np.cumsum(weights, axis=1)
    bounds: Floats = cumulative / cumulative[:, -1:] + np.arange(_CODES)[:, None]
    return bounds


def _pick(bounds: Floats, chars: NDArray[np.uint8], uniform: Floats) -> NDArray[np.uint8]:
    """Pick another character for each one (n), given uniform numbers from 0 to 1 (n)."""
    positions = np.searchsorted(bounds.ravel(), chars + uniform, side="right") - chars * np.intp(
        len(_ALPHABET_CODES)
    )
    picked: NDArray[np.uint8] = _ALPHABET_CODES[positions.clip(0, len(_ALPHABET_CODES) - 1)]
    return picked


def _close_gaps(
    keep: NDArray[np.bool_], length: NDArray[np.intp], columns: tuple[Texts, Texts, Texts]
) -> tuple[Texts, Texts, Texts]:
    """Return copies of the columns without the characters that are lost."""
    new_length = keep.sum(axis=1)
    rows = np.flatnonzero(new_length < length)
    order = np.argsort(~keep[rows], axis=1, kind="stable")
    padding = np.arange(keep.shape[1]) >= new_length[rows, None]
    text, true, kind = (column.copy() for column in columns)
    for column in (text, true, kind):
        closed = np.take_along_axis(column[rows], order, axis=1)
        closed[padding] = 0
        column[rows] = closed
    return text, true, kind
