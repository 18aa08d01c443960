"""Appearance of vehicles: make, colour and type, sampled from shares."""

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
    """Relative frequencies by name, with their source."""

    source: str
    shares: dict[str, float]


class MakeShares(Shares, frozen=True, forbid_unknown_fields=True):
    """A row `[[makes]]`: the makes of one country, of all other countries, or of lorries and buses."""

    country: str


class AppearanceTable(Struct, frozen=True, forbid_unknown_fields=True):
    """The file `appearance.toml`."""

    types: Shares
    colours: Shares
    makes: list[MakeShares]

    @property
    def make_names(self) -> tuple[str, ...]:
        """All makes, sorted."""
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
        """Frequency of each of `make_names`, with all rows of makes counted alike."""
        return [
            sum(row.shares.get(make, 0.0) / sum(row.shares.values()) for row in self.makes)
            for make in self.make_names
        ]

    def is_heavy(self, types: Indices) -> NDArray[np.bool_]:
        """Return a mask of the types (indices) that are lorries or buses."""
        return np.isin(types, [index for index, name in enumerate(self.type_names) if name in _HEAVY])


class VehicleAppearance(NamedTuple):
    """Appearance of n vehicles (uint8, n each): indices of the names in the table."""

    make: Indices
    colour: Indices
    type: Indices

    def select(self, rows: NDArray[np.intp]) -> "VehicleAppearance":
        """Return the appearance in some rows."""
        return VehicleAppearance(*(column[rows] for column in self))


@lru_cache(maxsize=1)
def builtin_appearance() -> AppearanceTable:
    """Return the shares built into the package."""
    text = files("streams.simulation").joinpath("appearance.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), AppearanceTable)


def sample_appearance(
    rng: np.random.Generator, table: AppearanceTable, countries: NDArray[np.uint8], names: list[str]
) -> VehicleAppearance:
    """Sample the appearance of vehicles by the country of their plate (index in `names`)."""
    count = len(countries)
    types = _sample(rng, list(table.types.shares.values()), count)
    colours = _sample(rng, list(table.colours.shares.values()), count)
    heavy = table.is_heavy(types)
    rows = {row.country: row for row in table.makes}
    make_index = {make: index for index, make in enumerate(table.make_names)}
    makes = np.zeros(count, dtype=np.uint8)
    for index, name in enumerate([*names, "lorry"]):
        selected = heavy if name == "lorry" else (countries == index) & ~heavy
        row = rows.get(name, rows[_OTHER])
        row_makes = np.array([make_index[make] for make in row.shares], dtype=np.uint8)
        makes[selected] = row_makes[_sample(rng, list(row.shares.values()), int(selected.sum()))]
    return VehicleAppearance(makes, colours, types)


def sample_observed(
    rng: np.random.Generator, true: Indices, shares: list[float], error_rate: float
) -> Indices:
    """Sample the observed values of an attribute; wrong ones are as frequent as `shares`."""
    wrong = _sample(rng, shares, len(true))
    same = wrong == true
    wrong[same] = (wrong[same] + 1) % len(shares)
    return np.where(rng.random(len(true)) < error_rate, wrong, true)


def _sample(rng: np.random.Generator, shares: list[float], count: int) -> Indices:
    bounds = np.cumsum(shares)
    positions = np.searchsorted(bounds, rng.random(count) * bounds[-1], side="right")
    indices: Indices = np.minimum(positions, len(shares) - 1).astype(np.uint8)
    return indices
