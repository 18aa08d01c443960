"""The confusion model: P(read | true plate), as a table of slips and a few weights, and its file."""

from collections.abc import Sequence
from importlib.resources import files
from math import exp, log
from pathlib import Path
from typing import Annotated, Final

import msgspec
import xxhash
from msgspec import Meta, Struct

from streams.confusions.evidence import EVIDENCE_KINDS, MIN_PROBABILITY, Evidence, EvidenceKind
from streams.confusions.features import TERMS, Alignment, Misread, align
from streams.plates.packed_keys import ALPHABET
from streams.runtime.errors import OperatorError

FORMAT_VERSION: Final = 2
_CHAR_COUNT: Final = len(ALPHABET)
_Row = Annotated[list[float], Meta(min_length=_CHAR_COUNT, max_length=_CHAR_COUNT)]
_FORMAT_NAME: Final = "anpr-confusions"


class ModelError(OperatorError, ValueError):
    """A file that is no model of this version; the message says why and what to do."""


class Weights(Struct, frozen=True, forbid_unknown_fields=True):
    """How much each term counts for one kind of evidence.

    `terms` are in the order of TERMS. `far`: the logarithm of P(evidence | a plate unlike the one read), for
    all such plates together, is far[0] + far[1] * `doubt`.
    """

    terms: Annotated[list[float], Meta(min_length=len(TERMS), max_length=len(TERMS))]
    far: Annotated[list[float], Meta(min_length=2, max_length=2)]


class ConfidenceBand(Struct, frozen=True, forbid_unknown_fields=True):
    """Of so many reads with a confidence up to `upto`, above that of the band before, so many were wrong."""

    upto: float
    seen: int
    wrong: int


class ConfusionModel(Struct, frozen=True, forbid_unknown_fields=True):
    """How one reader, or readers in general, misread.

    `commonness` (36 × 36) is a `Table`; `counts` are the slips that it was learnt from.
    """

    name: str
    source: str
    """What it was learnt from, in words."""
    pairs: int
    commonness: Annotated[list[_Row], Meta(min_length=_CHAR_COUNT, max_length=_CHAR_COUNT)]
    counts: dict[str, int]
    """Slips seen, the true character first: `D0` is a D read as 0, `D-` one not read, `+0` a 0 too many."""
    seen: dict[str, int]
    """How often each true character was seen; both rounded where pairs count less than once."""
    weights: dict[EvidenceKind, Weights]
    places: dict[str, list[int]] = {}
    """Where in the plate, as [start, inside, end]: how many true characters were `seen`, how many read as an
    `other` or `lost`, and how many `extra` ones were read."""
    plate_bands: list[ConfidenceBand] = []
    """Plates read wrong, by the confidence in the whole plate."""
    char_bands: list[ConfidenceBand] = []
    """Characters read wrong, by the confidence in them."""

    def log_likelihood(self, evidence: Evidence, plate: str) -> tuple[float, Alignment] | None:
        """log(P(evidence | plate) / P(evidence | the plate as read)) and where the two differ.

        `plate` is a folded normal form. None if the two are too far apart to be weighed.
        """
        how = align(evidence, plate, self.commonness)
        if how is None:
            return None
        weights = self.weights[evidence.kind].terms
        return sum(map(float.__mul__, weights, how.terms)), how

    def log_likelihood_far(self, evidence: Evidence, misreads: Sequence[Misread] = ()) -> float:
        """log(P(evidence | any plate unlike it) / P(evidence | the plate as read)).

        With the slips that a listed plate would need, by what is read of the rest: that a character is
        doubtful where it differs from the listed one is no sign of another plate altogether.
        """
        bias, slope = self.weights[evidence.kind].far
        return bias + slope * mean_log_error(evidence, misreads)

    def seen_per_misread(self, true: str, read: str) -> float | None:
        """Of how many times that a character was seen it was read once as another; None if never."""
        count = self.counts.get(true + read, 0)
        return self.seen.get(true, 0) / count if count else None


class ConfusionModels(Struct, frozen=True, forbid_unknown_fields=True):
    """The general model, and those of cameras or makers of which enough is known."""

    general: ConfusionModel
    of: dict[str, ConfusionModel] = {}
    """By camera id or maker."""
    makers: dict[str, str] = {}
    """The maker of each camera, where it was told."""

    def for_camera(self, camera_id: str) -> ConfusionModel:
        """The model of a camera, else that of its maker, else the general one."""
        of_maker = self.of.get(self.makers.get(camera_id, ""), self.general)
        return self.of.get(camera_id, of_maker)


class _ModelFile(Struct, frozen=True):
    format: str
    version: int
    checksum: str
    models: msgspec.Raw


def mean_log_error(evidence: Evidence, misreads: Sequence[Misread] = ()) -> float:
    """The mean of log(1 - confidence) over the characters, those of slips left out; no lower than log(LEAST).

    That of all where a plate differs at every place.
    """
    if evidence.kind in ("plate", "bare"):
        return log(max(1 - exp(evidence.log_confidences[0]), MIN_PROBABILITY))  # all characters are as sure
    apart = {slip.read_position for slip in misreads}
    shares = [
        sure for place, sure in enumerate(evidence.log_confidences) if place not in apart
    ] or evidence.log_confidences
    return sum(log(max(1 - exp(sure), MIN_PROBABILITY)) for sure in shares) / len(shares)


def encode_models(models: ConfusionModels) -> bytes:
    """Models as the bytes of a file."""
    body = msgspec.json.encode(models)
    return msgspec.json.encode(
        _ModelFile(_FORMAT_NAME, FORMAT_VERSION, xxhash.xxh3_64_hexdigest(body), msgspec.Raw(body))
    )


def decode_models(data: bytes, name: str) -> ConfusionModels:
    """Models from the bytes of a file; `name` is the file's, for the message.

    Raises ModelError for a file that is no model, is damaged, or is of another version.
    """
    again = "make it anew with `anpr confusions learn`"
    try:
        file = msgspec.json.decode(data, type=_ModelFile)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(f"{name}: no confusion model ({error}); {again}") from error
    if file.format != _FORMAT_NAME:
        raise ModelError(f"{name}: no confusion model (format {file.format!r}); {again}")
    if file.version != FORMAT_VERSION:
        raise ModelError(
            f"{name}: a model of format {file.version}; this version reads {FORMAT_VERSION}; {again}"
        )
    body = bytes(file.models)
    if xxhash.xxh3_64_hexdigest(body) != file.checksum:
        raise ModelError(f"{name}: the model is damaged; {again}")
    try:
        models = msgspec.json.decode(body, type=ConfusionModels)
    except msgspec.DecodeError as error:
        raise ModelError(f"{name}: the model is not understood ({error}); {again}") from error
    for model in (models.general, *models.of.values()):
        missing = [kind for kind in EVIDENCE_KINDS if kind not in model.weights]
        if missing:
            raise ModelError(f"{name}: the model `{model.name}` has no weights for {missing[0]}; {again}")
    return models


def load_models(path: Path) -> ConfusionModels:
    """Models from a file. Raises ModelError as `load` does, and OSError."""
    return decode_models(path.read_bytes(), str(path))


def builtin_models() -> ConfusionModels:
    """The models shipped with the package."""
    return decode_models(
        files("streams.confusions").joinpath("confusions.json").read_bytes(), "confusions.json"
    )
