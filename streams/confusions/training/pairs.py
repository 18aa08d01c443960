"""Training pairs: reads whose true plate is known."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from streams.plates.normal_form import PlateError, fold_umlauts, normalise
from streams.records.countries import Country
from streams.records.decode import decode_record
from streams.records.faults import Fault, shown_value
from streams.records.read import CharAlternative, PlateCandidate, Read
from streams.records.types import Confidence

PairOrigin = Literal["known", "matched", "near"]
"""How a read and its true plate were found, which decides what else would have been found.

`known`: the truth is known whatever was read; `matched`: only a read that matches the alert is found, so of
character errors only those within the confusable classes; `near`: only a read near another one of the same
vehicle is found, so none of another plate altogether.
"""


class TrainingPair(Struct, frozen=True, omit_defaults=True, rename={"weight": "times", "origin": "found"}):
    """A read and its true plate: one JSON object per line."""

    truth: Annotated[str, Meta(min_length=1, max_length=20)]
    country: Country
    plate: Annotated[str, Meta(min_length=1, max_length=20)]
    read_id: str = ""
    reader: str | None = None
    """The camera, or the vendor of the recogniser."""
    quality: str | None = None
    confidence: Confidence | None = None
    char_confidences: list[Confidence] | None = None
    candidates: list[PlateCandidate] | None = None
    char_alternatives: list[list[CharAlternative]] | None = None

    weight: Annotated[float, Meta(gt=0, le=1)] = 1.0
    """The weight of the pair: below 1 where the true plate is uncertain."""
    origin: PairOrigin = "known"

    @property
    def true_plate(self) -> str:
        """The true plate in folded normal form."""
        return fold_umlauts(normalise(self.truth))


_decoder = msgspec.json.Decoder(TrainingPair)


def build_pair(read: Read, true_plate: str, country: str, weight: float, origin: PairOrigin) -> TrainingPair:
    """Return the pair of a read and its true plate (folded normal form)."""
    return TrainingPair(
        truth=true_plate,
        country=country,
        plate=read.plate,
        read_id=read.read_id,
        reader=read.camera_id,
        confidence=read.confidence,
        char_confidences=read.char_confidences,
        candidates=read.candidates,
        char_alternatives=read.char_alternatives,
        weight=weight,
        origin=origin,
    )


def decode_pair(line: bytes) -> TrainingPair | tuple[Fault, ...]:
    """Return a pair decoded from JSON, or all its faults. Raises nothing."""
    pair = decode_record(_decoder, TrainingPair, line)
    if isinstance(pair, tuple):
        return pair
    faults = []
    for field, text in (("truth", pair.truth), ("plate", pair.plate)):
        try:
            normalise(text)
        except PlateError as error:
            faults.append(Fault(field, str(error), shown_value(text, "plate")))
    return tuple(faults) or pair
