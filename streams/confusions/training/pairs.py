"""Pairs: reads whose true plate is known, to learn from."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from streams.plates.normal_form import PlateError, fold_umlauts, normalise
from streams.records.countries import Country
from streams.records.decode import decode_record
from streams.records.faults import Fault, shown_value
from streams.records.read import CharAlternative, PlateCandidate
from streams.records.types import Confidence

PairOrigin = Literal["known", "matched", "near"]
"""How it came that the read was seen with its true plate, which says what else would have been seen.

`known`: the truth is known whatever was read; `matched`: only a read that matches the alert is seen, so of
slips only those within the confusable classes; `near`: only a read near another of the same vehicle, so none
of another plate altogether.
"""


class TrainingPair(Struct, frozen=True, omit_defaults=True):
    """A read and its true plate: one JSON object a line."""

    truth: Annotated[str, Meta(min_length=1, max_length=20)]
    country: Country
    plate: Annotated[str, Meta(min_length=1, max_length=20)]
    read_id: str = ""
    reader: str | None = None
    """The camera, or the maker of the reader."""
    quality: str | None = None
    confidence: Confidence | None = None
    char_confidences: list[Confidence] | None = None
    candidates: list[PlateCandidate] | None = None
    char_alternatives: list[list[CharAlternative]] | None = None

    times: Annotated[float, Meta(gt=0, le=1)] = 1.0
    """How often it counts: less than once where the true plate is not sure."""
    found: PairOrigin = "known"

    @property
    def true_plate(self) -> str:
        """The true plate, folded normal form."""
        return fold_umlauts(normalise(self.truth))


_decoder = msgspec.json.Decoder(TrainingPair)


def decode_pair(line: bytes) -> TrainingPair | tuple[Fault, ...]:
    """A pair from JSON, or all its faults. Raises nothing."""
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
