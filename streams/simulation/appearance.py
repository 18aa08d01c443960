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


class Makes(Shares, frozen=True, forbid_unknown_fields=True):
    """A row `[[makes]]`: those of one country, of all others, or of lorries."""

    country: str


class Table(Struct, frozen=True, forbid_unknown_fields=True):
    """`looks.toml`."""

    types: Shares
    colours: Shares
    makes: list[Makes]

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


class Looks(NamedTuple):
    """What n vehicles look like (uint8, n each): places in the names of the table."""

    make: Indices
    colour: Indices
    type: Indices

    def take(self, rows: NDArray[np.intp]) -> "Looks":
        """Those of some rows."""
        return Looks(*(column[rows] for column in self))


@lru_cache(maxsize=1)
def shipped_looks() -> Table:
    """The shares shipped with the package."""
    text = files("streams.simulation").joinpath("appearance.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Table)


def looks(rng: np.random.Generator, table: Table, countries: NDArray[np.uint8], names: list[str]) -> Looks:
    """The looks of vehicles with plates of some countries (places in `names`)."""
    count = len(countries)
    types = _drawn(rng, list(table.types.shares.values()), count)
    colours = _drawn(rng, list(table.colours.shares.values()), count)
    heavy = np.isin(types, [place for place, name in enumerate(table.type_names) if name in _HEAVY])
    rows = {row.country: row for row in table.makes}
    number = {make: place for place, make in enumerate(table.make_names)}
    makes = np.zeros(count, dtype=np.uint8)
    for place, name in enumerate([*names, "lorry"]):
        wanted = heavy if name == "lorry" else (countries == place) & ~heavy
        row = rows.get(name, rows[_OTHER])
        codes = np.array([number[make] for make in row.shares], dtype=np.uint8)
        makes[wanted] = codes[_drawn(rng, list(row.shares.values()), int(wanted.sum()))]
    return Looks(makes, colours, types)


def misseen(rng: np.random.Generator, true: Indices, shares: list[float], wrong: float) -> Indices:
    """What is seen of an attribute if so many are seen `wrong`, as others that are as common as `shares`."""
    other = _drawn(rng, shares, len(true))
    same = other == true
    other[same] = (other[same] + 1) % len(shares)
    return np.where(rng.random(len(true)) < wrong, other, true)


def _drawn(rng: np.random.Generator, shares: list[float], count: int) -> Indices:
    bounds = np.cumsum(shares)
    found = np.searchsorted(bounds, rng.random(count) * bounds[-1], side="right")
    chosen: Indices = np.minimum(found, len(shares) - 1).astype(np.uint8)
    return chosen
