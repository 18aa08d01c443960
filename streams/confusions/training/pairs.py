"""Pairs: reads whose true plate is known, to learn from."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from streams.plates.normal_form import PlateError, folded, normal
from streams.records.countries import Country
from streams.records.decode import decode_whole
from streams.records.faults import Fault, shown
from streams.records.read import Candidate, CharAlternative
from streams.records.types import Confidence

Found = Literal["known", "matched", "near"]
"""How it came that the read was seen with its true plate, which says what else would have been seen.

`known`: the truth is known whatever was read; `matched`: only a read that matches the alert is seen, so of
slips only those within the confusable classes; `near`: only a read near another of the same vehicle, so none
of another plate altogether.
"""


class Pair(Struct, frozen=True, omit_defaults=True):
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
    candidates: list[Candidate] | None = None
    char_alternatives: list[list[CharAlternative]] | None = None

    times: Annotated[float, Meta(gt=0, le=1)] = 1.0
    """How often it counts: less than once where the true plate is not sure."""
    found: Found = "known"

    @property
    def true(self) -> str:
        """The true plate, folded normal form."""
        return folded(normal(self.truth))


_decoder = msgspec.json.Decoder(Pair)


def decode_pair(line: bytes) -> Pair | tuple[Fault, ...]:
    """A pair from JSON, or all its faults. Raises nothing."""
    pair = decode_whole(_decoder, Pair, line)
    if isinstance(pair, tuple):
        return pair
    faults = []
    for field, text in (("truth", pair.truth), ("plate", pair.plate)):
        try:
            normal(text)
        except PlateError as error:
            faults.append(Fault(field, str(error), shown(text, "plate")))
    return tuple(faults) or pair
