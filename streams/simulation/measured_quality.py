"""Measured behaviour of a recogniser: its confidences, and the alternative characters that it reports.

The figures are in `recogniser.json`, which `tools.measure_recogniser` computes from reads whose true plate is
known. How often one character is read as another is not here: that is the model of `streams.confusions`.
"""

from functools import lru_cache
from importlib.resources import files

import msgspec
from msgspec import Struct


class PictureQuality(Struct, frozen=True, forbid_unknown_fields=True):
    """Measured behaviour for pictures of one quality.

    The probability that a character is read right is the model's to the power of `times` multiplied by a
    random factor of the read, because errors occur together. The factor is gamma-distributed with this
    `shape` and mean 1. `garbled` is the share of reads that have little in common with the plate. `right` and
    `right_in_wrong_reads` are quantiles of the confidence in characters read right, in reads that are right
    and in reads that are wrong.
    """

    times: float
    shape: float
    garbled: float
    right: list[float]
    right_in_wrong_reads: list[float]


class QualityMeasurements(Struct, frozen=True, forbid_unknown_fields=True):
    """Measured behaviour for all qualities. Quantiles are at `probabilities`.

    `wrong`, `garbled`: quantiles of the confidence in characters read wrong, and in those of garbled reads.
    `first_share`, `first_share_wrong`: quantiles of the first alternative's part of 1 - confidence, for
    characters read right and wrong. `true_named`: share of the characters read wrong whose true character is
    the first, second and third alternative. `together`: rank correlation of adjacent confidences.
    `lost_at_edge`, `lost_inside`: how often characters are lost there, relative to the average.
    """

    source: str
    probabilities: list[float]
    qualities: dict[str, PictureQuality]
    wrong: list[float]
    garbled: list[float]
    first_share: list[float]
    first_share_wrong: list[float]
    true_named: list[float]
    together: float
    lost_at_edge: float
    lost_inside: float


@lru_cache(maxsize=1)
def builtin_measurements() -> QualityMeasurements:
    """Return the measurements built into the package."""
    text = files("streams.simulation").joinpath("recogniser.json").read_bytes()
    return msgspec.json.decode(text, type=QualityMeasurements)
