"""Fleets: the number of vehicles of each country, and how densely its plate series are used.

A read of one plate may be a misread of another; the fleets give the number of others that there are. The
figures and their sources are in `fleets.toml`.
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

    `format` is the format's id, `allowed` the characters allowed at each position, `density` the probability,
    0 to 1, that one such plate is on a vehicle, `share` the share of the country's vehicles with such plates.
    """

    format: str
    allowed: tuple[str, ...]
    density: float
    share: float

    def indel_positions(self, text: str) -> range:
        """Return the positions at which a text one character shorter or longer can differ from this form.

        At each of them, the plate has a character that the text lacks, or the text one that the plate lacks,
        and all other characters are allowed at their positions.
        """
        shorter = min(len(text), len(self.allowed))
        prefix = _prefix_length(text, self.allowed)
        suffix = _prefix_length(text[::-1], self.allowed[::-1])
        return range(shorter - suffix, prefix + 1)


def _prefix_length(text: str, positions: tuple[str, ...]) -> int:
    """Return the number of characters from the first on that are allowed at their positions."""
    for index, (char, allowed) in enumerate(zip(text, positions, strict=False)):
        if char not in allowed:
            return index
    return min(len(text), len(positions))


class Fleets:
    """The fleets of all known countries."""

    def __init__(self, rows: list[Fleet], formats: Formats) -> None:
        self.rows = {row.country: row for row in rows}
        self._blocks: dict[tuple[str, int], list[PlateBlock]] = {}
        for row in rows:
            for block in _build_blocks(row, formats):
                self._blocks.setdefault((row.country, len(block.allowed)), []).append(block)
        self._shape_tables: dict[str, dict[int, str]] = {}
        self._density = lru_cache(maxsize=1 << 15)(self._compute_density)

    def vehicle_count(self, country: str) -> int:
        """Return the number of vehicles of a country; DEFAULT_FLEET_SIZE for an unknown one."""
        row = self.rows.get(country)
        return row.vehicles if row else DEFAULT_FLEET_SIZE

    def density(self, plate: str, country: str) -> float:
        """Return the probability, 0 to 1, that a plate (folded normal form) of a country is on a vehicle."""
        shapes = self._shape_tables.get(country)
        if shapes is None:
            shapes = self._shape_tables[country] = build_shape_table(self.all_blocks(country))
        return self._density(plate.translate(shapes), country)

    def _compute_density(self, shape: str, country: str) -> float:
        density = 0.0
        for block in self.blocks(country, len(shape)):
            if all(map(str.__contains__, block.allowed, shape)):
                density += block.density
        return min(density, 1.0)

    def blocks(self, country: str, length: int) -> list[PlateBlock]:
        """Return the plates of a country with this number of characters; free formats are left out."""
        return self._blocks.get((country, length), [])

    def all_blocks(self, country: str) -> list[PlateBlock]:
        """Return the plates of a country, of any length; none for an unknown country."""
        return [
            block
            for (block_country, _), blocks in self._blocks.items()
            if block_country == country
            for block in blocks
        ]


def build_shape_table(blocks: Iterable[PlateBlock]) -> dict[int, str]:
    """Return the table that maps a text to its shape, for `str.translate`.

    Each character is mapped to the first one that the same forms allow at the same positions, so texts of one
    shape fit the same forms.
    """
    char_sets = sorted({allowed for block in blocks for allowed in block.allowed})
    first_char: dict[tuple[bool, ...], str] = {}
    # Digits and letters stay apart also for a country without forms.
    return {
        ord(char): first_char.setdefault((char.isdigit(), *(char in chars for chars in char_sets)), char)
        for char in ALPHABET
    }


DEFAULT_FLEET_SIZE: Final = 5_000_000
"""The number of vehicles assumed for a country that is not in `fleets.toml`."""


def _build_blocks(row: Fleet, formats: Formats) -> list[PlateBlock]:
    regular = {fmt.id: fmt for fmt in formats.rows if fmt.country == row.country and not fmt.free}
    named = {series.format for series in row.series}
    unknown = named - regular.keys()
    if unknown:
        raise ValueError(f"fleets.toml, {row.country}: unknown format {', '.join(sorted(unknown))}")
    remaining_share = 1 - sum(series.share for series in row.series)
    if remaining_share < -1e-9:
        raise ValueError(f"fleets.toml, {row.country}: the shares of the series must add up to at most 1")
    blocks = [
        block
        for series in row.series
        for block in _spread_vehicles(
            series.format, series.shapes or regular[series.format].shapes, series.share, row.vehicles
        )
    ]
    unnamed = [fmt for fmt in regular.values() if fmt.id not in named]
    for fmt in unnamed:
        blocks += _spread_vehicles(fmt.id, fmt.shapes, max(remaining_share, 0) / len(unnamed), row.vehicles)
    return blocks


def _spread_vehicles(format_: str, shapes: list[str], share: float, vehicles: int) -> list[PlateBlock]:
    """Return the forms of some shapes, with vehicles spread evenly over their plates."""
    forms = [form for shape in shapes for form in expand_shape(shape)]
    sizes = [prod(map(len, form.allowed)) for form in forms]
    density = min(1.0, vehicles * share / sum(sizes))
    return [
        PlateBlock(
            format_,
            tuple("".join(sorted(set(fold_umlauts("".join(allowed))))) for allowed in form.allowed),
            density,
            share * size / sum(sizes),
        )
        for form, size in zip(forms, sizes, strict=True)
    ]


@lru_cache(maxsize=1)
def builtin_fleets() -> Fleets:
    """Return the built-in fleets."""
    text = files("streams.plates").joinpath("fleets.toml").read_text("utf-8")
    return Fleets(msgspec.convert(tomllib.loads(text)["fleet"], list[Fleet]), builtin_formats())
