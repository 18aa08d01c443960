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
from streams.plates.shapes import Form, forms
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
    """Plates of one form: which characters (codes from 0, `ALPHABET`) each place may have (bool, n × 36), and
    the chance, 0 to 1, that one such plate is on a vehicle of the country; `format` is the format's id."""

    format: str
    allowed: Mask
    density: float
    share: float
    """Of the country's vehicles."""


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
    return [
        Room(format_, _mask(form), min(1.0, vehicles * share / sum(sizes)), share * size / sum(sizes))
        for form, size in zip(parts, sizes, strict=True)
    ]


def _mask(form: Form) -> Mask:
    mask = np.zeros((len(form.allowed), len(ALPHABET)), dtype=bool)
    for place, allowed in enumerate(form.allowed):
        for char in folded("".join(allowed)):
            mask[place, ALPHABET.index(char)] = True
    return mask


@lru_cache(maxsize=1)
def shipped_fleets() -> Fleets:
    """The fleets shipped with the package."""
    text = files("streams.plates").joinpath("fleets.toml").read_text("utf-8")
    return Fleets(msgspec.convert(tomllib.loads(text)["fleet"], list[Fleet]), shipped())
