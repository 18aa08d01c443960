"""National formats: which plates a country issues, and what a place in one can hold.

The formats themselves are data, `formats.toml`, each with its source.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.resources import files
from itertools import product
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta, Struct

from streams.plates.confusables import BUILTIN_CLASSES, ConfusableClasses
from streams.plates.shapes import Form, expand_shape
from streams.records.countries import Country


class Format(Struct, frozen=True, forbid_unknown_fields=True):
    """One national format: a row of `formats.toml`."""

    id: str
    country: Country
    name: str
    shapes: Annotated[list[str], Meta(min_length=1)]
    source: str
    examples: list[str]
    years: str = ""
    never: list[str] = []
    free: bool = False
    """Nearly any text fits, so that a plate fits says little."""
    note: str = ""
    counterexamples: list[str] = []


class FormatFit(NamedTuple):
    """A way to read a plate as one of a format.

    `plate` is the normal form, with misread characters settled; `grouped` is it as printed; `open` are the
    places (from 0) at which several characters of the read one's class are possible, as read in `plate`.
    """

    format: Format
    plate: str
    grouped: str
    open_positions: tuple[int, ...] = ()


class _FormatRow(NamedTuple):
    format: Format
    form: Form
    never: re.Pattern[str] | None


class Formats:
    """The formats of all countries known, found by country and length."""

    def __init__(self, rows: Sequence[Format], classes: ConfusableClasses = BUILTIN_CLASSES) -> None:
        self.rows = tuple(rows)
        self.countries = tuple(dict.fromkeys(row.country for row in rows))
        self._classes = classes
        self._by_length: dict[tuple[str, int], list[_FormatRow]] = {}
        for row in rows:
            never = re.compile("|".join(row.never)) if row.never else None
            for shape in row.shapes:
                for form in expand_shape(shape):
                    rows_here = self._by_length.setdefault((row.country, len(form.allowed)), [])
                    rows_here.append(_FormatRow(row, form, never))

    def exact_fits(self, plate: str, country: str) -> list[FormatFit]:
        """Every way in which a normal form, as it stands, is a plate of a country; each gap is one."""
        return list(self._iter_exact_fits(plate, country))

    def settled_fits(self, plate: str, country: str) -> list[FormatFit]:
        """Every way in which a normal form is a plate of a country once its misreads are settled.

        A character that cannot stand at its place is taken for the one of its confusable class that can; if
        several can, the place stays open; if none can, the format does not fit. Plates that fit as they
        stand are among the answers.
        """
        return list(self._iter_settled_fits(plate, country))

    def is_possible(self, plate: str, country: str) -> bool:
        """Whether a normal form can be a plate of a country's regular series, misreads settled.

        Free-form series do not count: nearly everything fits them. A country without formats here can
        have issued anything.
        """
        if country not in self.countries:
            return True
        return any(not fit.format.free for fit in self._iter_settled_fits(plate, country))

    def is_possible_as_read(self, plate: str, country: str) -> bool:
        """Whether a normal form, as it stands, is of a regular series of a country with known formats."""
        return any(not fit.format.free for fit in self._iter_exact_fits(plate, country))

    def _iter_exact_fits(self, plate: str, country: str) -> Iterator[FormatFit]:
        for format_, form, never in self._by_length.get((country, len(plate)), ()):
            if all(map(frozenset.__contains__, form.allowed, plate)) and not (never and never.search(plate)):
                yield FormatFit(format_, plate, form.group_plate(plate))

    def _iter_settled_fits(self, plate: str, country: str) -> Iterator[FormatFit]:
        for format_, form, never in self._by_length.get((country, len(plate)), ()):
            choices = [
                self._allowed_chars(char, allowed) for char, allowed in zip(plate, form.allowed, strict=True)
            ]
            if not all(choices):
                continue
            if never and all(never.search("".join(chars)) for chars in product(*choices)):
                continue
            open_ = tuple(place for place, chars in enumerate(choices) if len(chars) > 1)
            text = "".join(
                chars if len(chars) == 1 else char for char, chars in zip(plate, choices, strict=True)
            )
            yield FormatFit(format_, text, form.group_plate(text), open_)

    def _allowed_chars(self, char: str, allowed: frozenset[str]) -> str:
        """What a character read may be at a place: itself, or those of its confusable class that can be."""
        if char in allowed:
            return char
        return "".join(other for other in self._classes.class_for(char) if other in allowed)


@lru_cache(maxsize=1)
def builtin_formats() -> Formats:
    """The formats shipped with the package."""
    text = files("streams.plates").joinpath("formats.toml").read_text("utf-8")
    return Formats(msgspec.convert(tomllib.loads(text)["format"], list[Format]))
