"""The confusion model: P(read | true plate), as a table of character errors and a few weights."""

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
_RETRAIN_ADVICE: Final = "train it again with `anpr confusions learn`"


class ModelError(OperatorError, ValueError):
    """A file that is not a model of this version; the message says why and what to do."""


class Weights(Struct, frozen=True, forbid_unknown_fields=True):
    """The weights of the terms for one kind of evidence."""

    terms: Annotated[list[float], Meta(min_length=len(TERMS), max_length=len(TERMS))]
    """In the order of TERMS."""
    far: Annotated[list[float], Meta(min_length=2, max_length=2)]
    """The logarithm of P(evidence | a plate unlike the one read), for all such plates together, is
    far[0] + far[1] * `mean_log_error`."""


class ConfidenceBand(Struct, frozen=True, forbid_unknown_fields=True):
    """Reads with a confidence up to `upto` and above the band before: how many were `seen`, and `wrong`."""

    upto: float
    seen: int
    wrong: int


class ConfusionModel(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    rename={"frequencies": "commonness", "positions": "places"},
):
    """How one recogniser, or recognisers in general, misread."""

    name: str
    source: str
    """What it was trained from, in words."""
    pairs: int
    frequencies: Annotated[list[_Row], Meta(min_length=_CHAR_COUNT, max_length=_CHAR_COUNT)]
    """The relative frequencies of character errors, a `FrequencyTable`."""
    counts: dict[str, int]
    """Character errors in the training pairs, the true character first: `D0` is a D read as 0, `D-` one not
    read, `+0` an extra 0."""
    seen: dict[str, int]
    """How often each true character occurred. Both are rounded where pairs count less than once."""
    weights: dict[EvidenceKind, Weights]
    positions: dict[str, list[int]] = {}
    """By position in the plate, as [start, inside, end]: how many true characters were `seen`, how many read
    as an `other` or `lost`, and how many `extra` ones were read."""
    plate_bands: list[ConfidenceBand] = []
    """Plates read wrong, by the confidence in the whole plate."""
    char_bands: list[ConfidenceBand] = []
    """Characters read wrong, by the confidence in them."""

    def log_likelihood(self, evidence: Evidence, plate: str) -> tuple[float, Alignment] | None:
        """Return log(P(evidence | plate) / P(evidence | the plate as read)), and the alignment of the two.

        `plate` is a folded normal form. None if the two are too far apart to be scored.
        """
        alignment = align(evidence, plate, self.frequencies)
        if alignment is None:
            return None
        weights = self.weights[evidence.kind].terms
        return sum(map(float.__mul__, weights, alignment.terms)), alignment

    def log_likelihood_far(self, evidence: Evidence, misreads: Sequence[Misread] = ()) -> float:
        """Return log(P(evidence | any plate unlike it) / P(evidence | the plate as read)).

        With the misreads that a listed plate would need, only the other characters count: that a character is
        uncertain where it differs from the listed one is no sign of another plate altogether.
        """
        bias, slope = self.weights[evidence.kind].far
        return bias + slope * mean_log_error(evidence, misreads)

    def seen_per_misread(self, true: str, read: str) -> float | None:
        """Return the occurrences of a character per misread as another; None if it is never misread so."""
        count = self.counts.get(true + read, 0)
        return self.seen.get(true, 0) / count if count else None


class ConfusionModels(
    Struct, frozen=True, forbid_unknown_fields=True, rename={"by_reader": "of", "vendors": "makers"}
):
    """The general model, and those of cameras or vendors with enough training pairs."""

    general: ConfusionModel
    by_reader: dict[str, ConfusionModel] = {}
    """By camera id or vendor."""
    vendors: dict[str, str] = {}
    """The vendor of each camera, where it is known."""

    def for_camera(self, camera_id: str) -> ConfusionModel:
        """Return the model of a camera, else that of its vendor, else the general one."""
        vendor_model = self.by_reader.get(self.vendors.get(camera_id, ""), self.general)
        return self.by_reader.get(camera_id, vendor_model)


class _ModelFile(Struct, frozen=True):
    format: str
    version: int
    checksum: str
    models: msgspec.Raw


def mean_log_error(evidence: Evidence, misreads: Sequence[Misread] = ()) -> float:
    """Return the mean of log(1 - confidence) over the characters, those of misreads left out.

    Each term is at least log(MIN_PROBABILITY). If every character is misread, the mean is over all of them.
    """
    if evidence.kind in ("plate", "bare"):
        # All characters have the same confidence.
        return log(max(1 - exp(evidence.log_confidences[0]), MIN_PROBABILITY))
    misread_positions = {misread.read_position for misread in misreads}
    log_confidences = [
        log_confidence
        for position, log_confidence in enumerate(evidence.log_confidences)
        if position not in misread_positions
    ] or evidence.log_confidences
    return sum(
        log(max(1 - exp(log_confidence), MIN_PROBABILITY)) for log_confidence in log_confidences
    ) / len(log_confidences)


def encode_models(models: ConfusionModels) -> bytes:
    """Return models as the bytes of a file."""
    body = msgspec.json.encode(models)
    return msgspec.json.encode(
        _ModelFile(_FORMAT_NAME, FORMAT_VERSION, xxhash.xxh3_64_hexdigest(body), msgspec.Raw(body))
    )


def decode_models(data: bytes, name: str) -> ConfusionModels:
    """Return models from the bytes of a file; `name` is the file's, for messages.

    Raises ModelError for a file that is not a model, is damaged, or is of another version.
    """
    try:
        file = msgspec.json.decode(data, type=_ModelFile)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(f"{name}: not a confusion model ({error}); {_RETRAIN_ADVICE}") from error
    if file.format != _FORMAT_NAME:
        raise ModelError(f"{name}: not a confusion model (format {file.format!r}); {_RETRAIN_ADVICE}")
    if file.version != FORMAT_VERSION:
        raise ModelError(
            f"{name}: a model of format {file.version}, but this version reads format {FORMAT_VERSION}; "
            f"{_RETRAIN_ADVICE}"
        )
    body = bytes(file.models)
    if xxhash.xxh3_64_hexdigest(body) != file.checksum:
        raise ModelError(f"{name}: the model is damaged; {_RETRAIN_ADVICE}")
    try:
        models = msgspec.json.decode(body, type=ConfusionModels)
    except msgspec.DecodeError as error:
        raise ModelError(f"{name}: the model cannot be decoded ({error}); {_RETRAIN_ADVICE}") from error
    for model in (models.general, *models.by_reader.values()):
        missing = [kind for kind in EVIDENCE_KINDS if kind not in model.weights]
        if missing:
            raise ModelError(
                f"{name}: the model `{model.name}` has no weights for {missing[0]}; {_RETRAIN_ADVICE}"
            )
    return models


def load_models(path: Path) -> ConfusionModels:
    """Return models from a file. Raises ModelError as `decode_models` does, and OSError."""
    return decode_models(path.read_bytes(), str(path))


def builtin_models() -> ConfusionModels:
    """Return the models built into the package."""
    return decode_models(
        files("streams.confusions").joinpath("confusions.json").read_bytes(), "confusions.json"
    )
