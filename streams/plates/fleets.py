"""Fleets: how many vehicles a country has, and how crowded the series of its plates are.

A read of one plate may be a misread of another; how many others there are to be misread is what this says.
The figures are data, `fleets.toml`, each with its source.
"""

import tomllib
from functools import lru_cache
from importlib.resources import files
from math import prod
from typing import Annotated, Final, NamedTuple

import msgspec
import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from streams.plates.formats import Formats, shipped
from streams.plates.keys import ALPHABET
from streams.plates.normal import folded
from streams.plates.shapes import forms
from streams.records.countries import Country

Mask = NDArray[np.bool_]


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


class Room(NamedTuple):
    """Plates of one form, n characters long.

    `format` is the format's id, `share` that of the country's vehicles which have such a plate, `density` the
    chance, 0 to 1, that one such plate is on a vehicle. Which characters each place may have: `allowed` as
    codes from 0 (bool, n × 36, `ALPHABET`), `places` as characters.
    """

    format: str
    allowed: Mask
    places: tuple[str, ...]
    density: float
    share: float


class Fleets:
    """The fleets of all countries known."""

    def __init__(self, rows: list[Fleet], formats: Formats) -> None:
        self.rows = {row.country: row for row in rows}
        self._formats = formats
        self._rooms: dict[tuple[str, int], list[Room]] = {}
        for row in rows:
            for room in _rooms(row, formats):
                self._rooms.setdefault((row.country, len(room.allowed)), []).append(room)

    def vehicles(self, country: str) -> int:
        """How many vehicles a country has; a country that is not known is taken to have few."""
        row = self.rows.get(country)
        return row.vehicles if row else UNKNOWN_FLEET

    def density(self, plate: str, country: str) -> float:
        """The chance, 0 to 1, that a vehicle of a country has a plate (folded normal form)."""
        found = 0.0
        for room in self.rooms(country, len(plate)):
            if all(map(str.__contains__, room.places, plate)):
                found += room.density
        return min(found, 1.0)

    def rooms(self, country: str, length: int) -> list[Room]:
        """The forms of plates of a country with so many characters; free formats are left out."""
        return self._rooms.get((country, length), [])


UNKNOWN_FLEET: Final = 5_000_000
"""Vehicles of a country that `fleets.toml` does not have."""


def _rooms(row: Fleet, formats: Formats) -> list[Room]:
    here = {each.id: each for each in formats.rows if each.country == row.country and not each.free}
    named = {series.format for series in row.series}
    unknown = named - here.keys()
    if unknown:
        raise ValueError(f"fleets.toml, {row.country}: no format {', '.join(sorted(unknown))}")
    rest = 1 - sum(series.share for series in row.series)
    if rest < -1e-9:
        raise ValueError(f"fleets.toml, {row.country}: the shares of the series are more than 1")
    found = [
        room
        for series in row.series
        for room in _spread(
            series.format, series.shapes or here[series.format].shapes, series.share, row.vehicles
        )
    ]
    others = [each for each in here.values() if each.id not in named]
    for each in others:
        found += _spread(each.id, each.shapes, max(rest, 0) / len(others), row.vehicles)
    return found


def _spread(format_: str, shapes: list[str], share: float, vehicles: int) -> list[Room]:
    """The forms of some shapes, vehicles spread over them evenly."""
    parts = [form for shape in shapes for form in forms(shape)]
    sizes = [prod(map(len, form.allowed)) for form in parts]
    found = []
    for form, size in zip(parts, sizes, strict=True):
        places = tuple("".join(sorted(set(folded("".join(allowed))))) for allowed in form.allowed)
        found.append(
            Room(
                format_,
                _mask(places),
                places,
                min(1.0, vehicles * share / sum(sizes)),
                share * size / sum(sizes),
            )
        )
    return found


def _mask(places: tuple[str, ...]) -> Mask:
    return np.array([[char in allowed for char in ALPHABET] for allowed in places], dtype=bool)


@lru_cache(maxsize=1)
def shipped_fleets() -> Fleets:
    """The fleets shipped with the package."""
    text = files("streams.plates").joinpath("fleets.toml").read_text("utf-8")
    return Fleets(msgspec.convert(tomllib.loads(text)["fleet"], list[Fleet]), shipped())
