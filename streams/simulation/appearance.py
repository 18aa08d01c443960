"""Looks: makes, colours and types of vehicles, drawn from shares."""

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Final, NamedTuple

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Indices = NDArray[np.uint8]
_OTHER: Final = "other"
_HEAVY: Final = ("lorry", "bus")


class Shares(Struct, frozen=True, forbid_unknown_fields=True):
    """Parts by name, with their source."""

    source: str
    shares: dict[str, float]


class MakeShares(Shares, frozen=True, forbid_unknown_fields=True):
    """A row `[[makes]]`: those of one country, of all others, or of lorries."""

    country: str


class AppearanceTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`looks.toml`."""

    types: Shares
    colours: Shares
    makes: list[MakeShares]

    @property
    def make_names(self) -> tuple[str, ...]:
        """All makes, in order."""
        return tuple(sorted({make for row in self.makes for make in row.shares}))

    @property
    def colour_names(self) -> tuple[str, ...]:
        """All colours."""
        return tuple(self.colours.shares)

    @property
    def type_names(self) -> tuple[str, ...]:
        """All types."""
        return tuple(self.types.shares)

    @property
    def make_shares(self) -> list[float]:
        """How common each of `make_names` is, all rows of makes alike."""
        return [
            sum(row.shares.get(make, 0.0) / sum(row.shares.values()) for row in self.makes)
            for make in self.make_names
        ]


class VehicleAppearance(NamedTuple):
    """What n vehicles look like (uint8, n each): places in the names of the table."""

    make: Indices
    colour: Indices
    type: Indices

    def select(self, rows: NDArray[np.intp]) -> "VehicleAppearance":
        """Those of some rows."""
        return VehicleAppearance(*(column[rows] for column in self))


@lru_cache(maxsize=1)
def builtin_appearance() -> AppearanceTable:
    """The shares shipped with the package."""
    text = files("streams.simulation").joinpath("appearance.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), AppearanceTable)


def sample_appearance(
    rng: np.random.Generator, table: AppearanceTable, countries: NDArray[np.uint8], names: list[str]
) -> VehicleAppearance:
    """The looks of vehicles with plates of some countries (places in `names`)."""
    count = len(countries)
    types = _sample(rng, list(table.types.shares.values()), count)
    colours = _sample(rng, list(table.colours.shares.values()), count)
    heavy = np.isin(types, [place for place, name in enumerate(table.type_names) if name in _HEAVY])
    rows = {row.country: row for row in table.makes}
    number = {make: place for place, make in enumerate(table.make_names)}
    makes = np.zeros(count, dtype=np.uint8)
    for place, name in enumerate([*names, "lorry"]):
        wanted = heavy if name == "lorry" else (countries == place) & ~heavy
        row = rows.get(name, rows[_OTHER])
        codes = np.array([number[make] for make in row.shares], dtype=np.uint8)
        makes[wanted] = codes[_sample(rng, list(row.shares.values()), int(wanted.sum()))]
    return VehicleAppearance(makes, colours, types)


def sample_observed(
    rng: np.random.Generator, true: Indices, shares: list[float], error_rate: float
) -> Indices:
    """What is seen of an attribute if so many are seen `wrong`, as others that are as common as `shares`."""
    other = _sample(rng, shares, len(true))
    same = other == true
    other[same] = (other[same] + 1) % len(shares)
    return np.where(rng.random(len(true)) < error_rate, other, true)


def _sample(rng: np.random.Generator, shares: list[float], count: int) -> Indices:
    bounds = np.cumsum(shares)
    found = np.searchsorted(bounds, rng.random(count) * bounds[-1], side="right")
    chosen: Indices = np.minimum(found, len(shares) - 1).astype(np.uint8)
    return chosen
