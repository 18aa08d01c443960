"""Pairs: reads whose true plate is known, to learn from."""

from collections.abc import Iterable, Iterator
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from streams.plates.normal import PlateError, folded, normal
from streams.records.countries import Country
from streams.records.faults import Fault, faults_of, shown
from streams.records.fields import Confidence
from streams.records.read import Candidate, CharAlternative, Read
from streams.records.times import from_ms


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

    @property
    def true(self) -> str:
        """The true plate, folded normal form."""
        return folded(normal(self.truth))

    @property
    def read(self) -> Read:
        """The read, as a gateway would send it."""
        return Read(
            self.read_id or "pair",
            self.reader or "unknown",
            from_ms(1_767_225_600_000),
            self.plate,
            self.country,
            self.confidence,
            self.char_confidences,
            self.candidates,
            self.char_alternatives,
        )


class BadPair(Struct, frozen=True):
    """A line that is no pair: its number, from 1, and all that is wrong with it."""

    line: int
    faults: tuple[Fault, ...]


_decoder = msgspec.json.Decoder(Pair)


def pairs_of(lines: Iterable[bytes]) -> Iterator[Pair | BadPair]:
    """The pairs of JSON lines; empty lines are passed over. Raises nothing."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _pair(number, line)


def _pair(number: int, line: bytes) -> Pair | BadPair:
    try:
        pair = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        try:
            value = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return BadPair(number, (Fault("", f"is one JSON object ({error})", f"{len(line)} bytes"),))
        if not isinstance(value, dict):
            return BadPair(number, (Fault("", "is a JSON object", type(value).__name__),))
        return BadPair(number, tuple(faults_of(Pair, value)))
    faults = []
    for field in ("truth", "plate"):
        text = getattr(pair, field)
        try:
            normal(text)
        except PlateError as error:
            faults.append(Fault(field, str(error), shown(text, "plate")))
    return BadPair(number, tuple(faults)) if faults else pair
