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

from streams.plates.formats import Formats, builtin_formats
from streams.plates.normal_form import fold_umlauts
from streams.plates.packed_keys import ALPHABET
from streams.plates.shapes import expand_shape
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


class PlateBlock(NamedTuple):
    """The plates of one form, n characters long.

    `format` is the format's id, `share` that of the country's vehicles which have such a plate, `density` the
    chance, 0 to 1, that one such plate is on a vehicle; `places` are the characters that each place may have.
    """

    format: str
    allowed: tuple[str, ...]
    density: float
    share: float

    def indel_positions(self, text: str) -> range:
        """Where a text of one character less, or one more, parts from a plate of this form.

        For each of these places the plate has a character there that the text lacks, or the text one that the
        plate lacks, and all others can stand where they are then.
        """
        shorter = min(len(text), len(self.allowed))
        before = _prefix_length(text, self.allowed)
        behind = _prefix_length(text[::-1], self.allowed[::-1])
        return range(shorter - behind, before + 1)


def _prefix_length(text: str, positions: tuple[str, ...]) -> int:
    """How many characters from the first on can stand at their place."""
    for place, (char, allowed) in enumerate(zip(text, positions, strict=False)):
        if char not in allowed:
            return place
    return min(len(text), len(positions))


class Fleets:
    """The fleets of all countries known."""

    def __init__(self, rows: list[Fleet], formats: Formats) -> None:
        self.rows = {row.country: row for row in rows}
        self._blocks: dict[tuple[str, int], list[PlateBlock]] = {}
        for row in rows:
            for block in _build_blocks(row, formats):
                self._blocks.setdefault((row.country, len(block.allowed)), []).append(block)
        self._shape_tables: dict[str, dict[int, str]] = {}
        self._density = lru_cache(maxsize=1 << 15)(self._compute_density)

    def vehicle_count(self, country: str) -> int:
        """How many vehicles a country has; a country that is not known is taken to have few."""
        row = self.rows.get(country)
        return row.vehicles if row else DEFAULT_FLEET_SIZE

    def density(self, plate: str, country: str) -> float:
        """The chance, 0 to 1, that a vehicle of a country has a plate (folded normal form)."""
        shapes = self._shape_tables.get(country)
        if shapes is None:
            shapes = self._shape_tables[country] = build_shape_table(self.all_blocks(country))
        return self._density(plate.translate(shapes), country)

    def _compute_density(self, shape: str, country: str) -> float:
        found = 0.0
        for block in self.blocks(country, len(shape)):
            if all(map(str.__contains__, block.allowed, shape)):
                found += block.density
        return min(found, 1.0)

    def blocks(self, country: str, length: int) -> list[PlateBlock]:
        """The plates of a country with so many characters; free formats are left out."""
        return self._blocks.get((country, length), [])

    def all_blocks(self, country: str) -> list[PlateBlock]:
        """The plates of a country, of whatever length; none for a country that is not known."""
        return [block for (each, _), blocks in self._blocks.items() if each == country for block in blocks]


def build_shape_table(blocks: Iterable[PlateBlock]) -> dict[int, str]:
    """What makes the shape of a text (with `str.translate`): each character is the first of those that the
    same forms allow at the same places, so that texts of one shape fit the same forms."""
    sets = sorted({allowed for block in blocks for allowed in block.allowed})
    first: dict[tuple[bool, ...], str] = {}
    # Digits and letters stay apart, for a country without forms.
    return {
        ord(char): first.setdefault((char.isdigit(), *(char in each for each in sets)), char)
        for char in ALPHABET
    }


DEFAULT_FLEET_SIZE: Final = 5_000_000
"""Vehicles of a country that `fleets.toml` does not have."""


def _build_blocks(row: Fleet, formats: Formats) -> list[PlateBlock]:
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
        for block in _spread_vehicles(
            series.format, series.shapes or here[series.format].shapes, series.share, row.vehicles
        )
    ]
    others = [each for each in here.values() if each.id not in named]
    for each in others:
        found += _spread_vehicles(each.id, each.shapes, max(rest, 0) / len(others), row.vehicles)
    return found


def _spread_vehicles(format_: str, shapes: list[str], share: float, vehicles: int) -> list[PlateBlock]:
    """The forms of some shapes, vehicles spread over them evenly."""
    parts = [form for shape in shapes for form in expand_shape(shape)]
    sizes = [prod(map(len, form.allowed)) for form in parts]
    density = min(1.0, vehicles * share / sum(sizes))
    return [
        PlateBlock(
            format_,
            tuple("".join(sorted(set(fold_umlauts("".join(allowed))))) for allowed in form.allowed),
            density,
            share * size / sum(sizes),
        )
        for form, size in zip(parts, sizes, strict=True)
    ]


@lru_cache(maxsize=1)
def builtin_fleets() -> Fleets:
    """The fleets shipped with the package."""
    text = files("streams.plates").joinpath("fleets.toml").read_text("utf-8")
    return Fleets(msgspec.convert(tomllib.loads(text)["fleet"], list[Fleet]), builtin_formats())
