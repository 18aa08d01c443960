"""What a recogniser says of its reads, as measured: confidences, and other characters that it names.

The figures are data, `recogniser.json`, made by a program from reads whose true plate is known. How
characters are taken for each other is not here: that is the learnt model of `streams.confusions`.
"""

from functools import lru_cache
from importlib.resources import files

import msgspec
from msgspec import Struct


class PictureQuality(Struct, frozen=True, forbid_unknown_fields=True):
    """How reads of pictures of one quality are.

    A character is read right with the model's chance to the power of `times`, times a number of its own for
    each read: gamma-distributed of this `shape`, its mean 1, for slips come together. `garbled`: of the
    reads, those that have little to do with the plate. `right` and `right_beside_wrong`: quantiles of the
    confidence in characters read right, in reads that are right and in others.
    """

    times: float
    shape: float
    garbled: float
    right: list[float]
    right_beside_wrong: list[float]


class QualityMeasurements(Struct, frozen=True, forbid_unknown_fields=True):
    """Quantiles are at `probabilities`.

    `wrong`, `garbled`: of the confidence in characters read as another, and in those of garbled reads.
    `first_share`, `first_share_wrong`: of the share that the first alternative has of what the confidence
    leaves, for characters read right and wrong. `true_named`: of characters read wrong, for how many the true
    one is the first, second and third alternative. `together`: the rank correlation of confidences side by
    side. `lost_at_edge`, `lost_inside`: how many times as often as on average a character is lost there.
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
    """The figures shipped with the package."""
    text = files("streams.simulation").joinpath("recogniser.json").read_bytes()
    return msgspec.json.decode(text, type=QualityMeasurements)
