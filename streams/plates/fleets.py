"""Fleets: how many vehicles a country has, and how crowded the series of its plates are.

A read of one plate may be a misread of another; how many others there are to be misread is what this says.
The figures are data, `fleets.toml`, each with its source.
"""

import tomllib
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from math import prod
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta, Struct

from streams.plates.formats import Formats, shipped
from streams.plates.normal_form import folded
from streams.plates.packed_keys import ALPHABET
from streams.plates.shapes import forms
from streams.records.countries import Country


class Series(Struct, frozen=True, forbid_unknown_fields=True):
    """A row `[[fleet.series]]`: the vehicles of a country that have plates of one format."""

    format: str
    share: Annotated[float, Meta(gt=0, le=1)]
    source: str
    shapes: list[str] = []


class Fleet(Struct, frozen=True, forbid_unknown_fields=True):
    """A row `[[fleet]]`: the vehicles of one country."""

    country: Country
    vehicles: Annotated[int, Meta(ge=1)]
    source: str
    series: list[Series]


class Block(NamedTuple):
    """The plates of one form, n characters long.

    `format` is the format's id, `share` that of the country's vehicles which have such a plate, `density` the
    chance, 0 to 1, that one such plate is on a vehicle; `places` are the characters that each place may have.
    """

    format: str
    places: tuple[str, ...]
    density: float
    share: float

    def gaps(self, text: str) -> range:
        """Where a text of one character less, or one more, parts from a plate of this form.

        For each of these places the plate has a character there that the text lacks, or the text one that the
        plate lacks, and all others can stand where they are then.
        """
        shorter = min(len(text), len(self.places))
        before = _standing(text, self.places)
        behind = _standing(text[::-1], self.places[::-1])
        return range(shorter - behind, before + 1)


def _standing(text: str, places: tuple[str, ...]) -> int:
    """How many characters from the first on can stand at their place."""
    for place, (char, allowed) in enumerate(zip(text, places, strict=False)):
        if char not in allowed:
            return place
    return min(len(text), len(places))


class Fleets:
    """The fleets of all countries known."""

    def __init__(self, rows: list[Fleet], formats: Formats) -> None:
        self.rows = {row.country: row for row in rows}
        self._blocks: dict[tuple[str, int], list[Block]] = {}
        for row in rows:
            for block in _blocks(row, formats):
                self._blocks.setdefault((row.country, len(block.places)), []).append(block)
        self._shapes: dict[str, dict[int, str]] = {}
        self._density = lru_cache(maxsize=1 << 15)(self._density_of)

    def vehicles(self, country: str) -> int:
        """How many vehicles a country has; a country that is not known is taken to have few."""
        row = self.rows.get(country)
        return row.vehicles if row else UNKNOWN_FLEET

    def density(self, plate: str, country: str) -> float:
        """The chance, 0 to 1, that a vehicle of a country has a plate (folded normal form)."""
        shapes = self._shapes.get(country)
        if shapes is None:
            shapes = self._shapes[country] = shapes_of(self.all_blocks(country))
        return self._density(plate.translate(shapes), country)

    def _density_of(self, shape: str, country: str) -> float:
        found = 0.0
        for block in self.blocks(country, len(shape)):
            if all(map(str.__contains__, block.places, shape)):
                found += block.density
        return min(found, 1.0)

    def blocks(self, country: str, length: int) -> list[Block]:
        """The plates of a country with so many characters; free formats are left out."""
        return self._blocks.get((country, length), [])

    def all_blocks(self, country: str) -> list[Block]:
        """The plates of a country, of whatever length; none for a country that is not known."""
        return [block for (each, _), blocks in self._blocks.items() if each == country for block in blocks]


def shapes_of(blocks: Iterable[Block]) -> dict[int, str]:
    """What makes the shape of a text (with `str.translate`): each character is the first of those that the
    same forms allow at the same places, so that texts of one shape fit the same forms."""
    sets = sorted({allowed for block in blocks for allowed in block.places})
    first: dict[tuple[bool, ...], str] = {}
    # Digits and letters stay apart, for a country without forms.
    return {
        ord(char): first.setdefault((char.isdigit(), *(char in each for each in sets)), char)
        for char in ALPHABET
    }


UNKNOWN_FLEET: Final = 5_000_000
"""Vehicles of a country that `fleets.toml` does not have."""


def _blocks(row: Fleet, formats: Formats) -> list[Block]:
    here = {each.id: each for each in formats.rows if each.country == row.country and not each.free}
    named = {series.format for series in row.series}
    unknown = named - here.keys()
    if unknown:
        raise ValueError(f"fleets.toml, {row.country}: no format {', '.join(sorted(unknown))}")
    rest = 1 - sum(series.share for series in row.series)
    if rest < -1e-9:
        raise ValueError(f"fleets.toml, {row.country}: the shares of the series are more than 1")
    found = [
        block
        for series in row.series
        for block in _spread(
            series.format, series.shapes or here[series.format].shapes, series.share, row.vehicles
        )
    ]
    others = [each for each in here.values() if each.id not in named]
    for each in others:
        found += _spread(each.id, each.shapes, max(rest, 0) / len(others), row.vehicles)
    return found


def _spread(format_: str, shapes: list[str], share: float, vehicles: int) -> list[Block]:
    """The forms of some shapes, vehicles spread over them evenly."""
    parts = [form for shape in shapes for form in forms(shape)]
    sizes = [prod(map(len, form.allowed)) for form in parts]
    density = min(1.0, vehicles * share / sum(sizes))
    return [
        Block(
            format_,
            tuple("".join(sorted(set(folded("".join(allowed))))) for allowed in form.allowed),
            density,
            share * size / sum(sizes),
        )
        for form, size in zip(parts, sizes, strict=True)
    ]


@lru_cache(maxsize=1)
def shipped_fleets() -> Fleets:
    """The fleets shipped with the package."""
    text = files("streams.plates").joinpath("fleets.toml").read_text("utf-8")
    return Fleets(msgspec.convert(tomllib.loads(text)["fleet"], list[Fleet]), shipped())
