"""National formats: which plates a country issues, and which characters are possible at each position.

The formats and their sources are in `formats.toml`.
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
    """True if nearly any text fits, so that a fit means little."""
    note: str = ""
    counterexamples: list[str] = []


class FormatFit(NamedTuple):
    """A reading of a plate as one of a format.

    `plate` is the normal form, with misread characters settled; `grouped` is the same as printed.
    `open_positions` (from 0) are those at which several characters of the confusable class are possible;
    there `plate` has the character as read.
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
    """The formats of all known countries, looked up by country and length."""

    def __init__(self, rows: Sequence[Format], classes: ConfusableClasses = BUILTIN_CLASSES) -> None:
        self.rows = tuple(rows)
        self.countries = tuple(dict.fromkeys(row.country for row in rows))
        self._classes = classes
        self._by_length: dict[tuple[str, int], list[_FormatRow]] = {}
        for row in rows:
            never = re.compile("|".join(row.never)) if row.never else None
            for shape in row.shapes:
                for form in expand_shape(shape):
                    format_rows = self._by_length.setdefault((row.country, len(form.allowed)), [])
                    format_rows.append(_FormatRow(row, form, never))

    def exact_fits(self, plate: str, country: str) -> list[FormatFit]:
        """Return every way in which an unchanged normal form is a plate of a country, one for each gap."""
        return list(self._iter_exact_fits(plate, country))

    def settled_fits(self, plate: str, country: str) -> list[FormatFit]:
        """Return every way in which a normal form is a plate of a country once its misreads are settled.

        A character that is not possible at its position is replaced by the one of its confusable class that
        is; if several are, the position stays open; if none is, the format does not fit. Unchanged fits are
        included.
        """
        return list(self._iter_settled_fits(plate, country))

    def is_possible(self, plate: str, country: str) -> bool:
        """True if a normal form, misreads settled, can be a plate of a country's regular series.

        Free series do not count, because nearly everything fits them. A country without known formats can
        have issued any plate.
        """
        if country not in self.countries:
            return True
        return any(not fit.format.free for fit in self._iter_settled_fits(plate, country))

    def is_possible_as_read(self, plate: str, country: str) -> bool:
        """True if an unchanged normal form fits a regular series of a country with known formats."""
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
            open_positions = tuple(index for index, chars in enumerate(choices) if len(chars) > 1)
            text = "".join(
                chars if len(chars) == 1 else char for char, chars in zip(plate, choices, strict=True)
            )
            yield FormatFit(format_, text, form.group_plate(text), open_positions)

    def _allowed_chars(self, char: str, allowed: frozenset[str]) -> str:
        """Return what a character may be at a position: itself, or else the possible ones of its class."""
        if char in allowed:
            return char
        return "".join(member for member in self._classes.class_for(char) if member in allowed)


@lru_cache(maxsize=1)
def builtin_formats() -> Formats:
    """Return the built-in formats."""
    text = files("streams.plates").joinpath("formats.toml").read_text("utf-8")
    return Formats(msgspec.convert(tomllib.loads(text)["format"], list[Format]))
