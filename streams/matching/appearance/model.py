"""What vehicles look like: names and their words, how often one is taken for another, shares in the fleets.

The figures are data, `looks.toml`, each with its source. Vehicles are taken to be drawn by type; a vehicle's
make and colour depend on its type (lorries have makes of their own, vans are white), not on each other.
"""

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Final, NamedTuple

import msgspec
import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from streams.matching.appearance.names import Named, Names, Share, What, plain

Matrix = NDArray[np.float64]

MOST_MISREAD: Final = 0.6
"""However hard a name is said to be: a recogniser worse than that would have been thrown away."""


class Shares(Struct, frozen=True, forbid_unknown_fields=True):
    """A row of shares of colours or makes among vehicles of some types."""

    of: list[str]
    source: str
    shares: dict[str, Share]


class FleetLooks(Struct, frozen=True, forbid_unknown_fields=True):
    """A row `[[fleet]]`: what the vehicles of a country look like; the general one has no country."""

    country: str
    types_source: str = ""
    types: dict[str, Share] = {}
    colours: list[Shares] = []
    makes: list[Shares] = []


class Makes(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[makes]`: `within` is the share of a make's misreads that stays among those `alike`."""

    words: dict[str, list[str]]
    alike: list[list[str]]
    within: Share


class ModelRow(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[model]`."""

    error: Annotated[float, Meta(gt=0, lt=1)]
    share: Annotated[float, Meta(gt=0, lt=1)]
    unknown: list[str]

    def says_nothing(self, text: str) -> bool:
        """Whether a text is a recogniser's or a clerk's word for a model that is not known."""
        return plain(text) in ("", *self.unknown)


class LooksData(Struct, frozen=True, forbid_unknown_fields=True):
    """The file `looks.toml`."""

    usual_confidence: Annotated[float, Meta(gt=0, le=1)]
    model: ModelRow
    colour: list[Named]
    type: list[Named]
    makes: Makes
    fleet: list[FleetLooks]


class Fleet(NamedTuple):
    """The looks of a country's vehicles, float64: shares of the T types, and by type those of the M makes
    (T, M) and C colours (T, C). Every row adds up to 1."""

    types: Matrix
    makes: Matrix
    colours: Matrix


class Appearance:
    """The names, the confusions and the fleets, ready to be asked.

    Raises ValueError for data that name what they do not declare, or shares of more than one in all.
    """

    def __init__(self, data: LooksData) -> None:
        self.model, self.usual_confidence = data.model, data.usual_confidence
        self.names: dict[What, Names] = {
            "type": Names(data.type),
            "make": Names([Named(name, words) for name, words in data.makes.words.items()]),
            "colour": Names(data.colour),
        }
        self._makes = data.makes
        self._rows = {row.country: row for row in data.fleet}
        self._general = self._fleet(self._rows[""], None)
        self.fleets = {country: self._fleet(row, self._general) for country, row in self._rows.items()}
        """By country; "" is the general one."""

    def confusions(self, what: What, error: float) -> Matrix:
        """P(read as the column's name | is the row's), float64 (N, N), for an average error rate, 0 to 1."""
        names = self.names[what]
        common = self._common(what)
        table = np.zeros((len(names.rows), len(names.rows)))
        for place, row in enumerate(names.rows):
            wrong = min(error * row.harder, MOST_MISREAD)
            others = self._alike(row, common) if what == "make" else _spread(row.confused, names)
            rest = common.copy()
            rest[place] = 0
            others += max(1 - float(others.sum()), 0) * rest / rest.sum()
            table[place] = wrong * others / others.sum()
            table[place, place] = 1 - wrong
        return table

    def _common(self, what: What) -> Matrix:
        fleet = self._general
        return (
            fleet.types
            if what == "type"
            else fleet.types @ (fleet.makes if what == "make" else fleet.colours)
        )

    def _alike(self, row: Named, common: Matrix) -> Matrix:
        names = self.names["make"]
        near = {other for line in self._makes.alike if row.name in line for other in line} - {row.name}
        weights = {other: float(common[_known(other, names)]) for other in near}
        scale = self._makes.within / sum(weights.values()) if weights else 0.0
        return _spread({other: weight * scale for other, weight in weights.items()}, names)

    def _fleet(self, row: FleetLooks, general: Fleet | None) -> Fleet:
        types = self.names["type"]
        base = general.types if general else np.ones(len(types.rows))
        return Fleet(
            _shares(row.types, types, base) if row.types else base,
            self._by_type(row.makes, "make", general.makes if general else None),
            self._by_type(row.colours, "colour", general.colours if general else None),
        )

    def _by_type(self, rows: list[Shares], what: What, general: Matrix | None) -> Matrix:
        types, names = self.names["type"], self.names[what]
        table = np.ones((len(types.rows), len(names.rows))) if general is None else general.copy()
        for row in rows:
            for each in row.of:
                place = _known(each, types)
                table[place] = _shares(row.shares, names, table[place])
        by_type: Matrix = table / table.sum(axis=1, keepdims=True)
        return by_type


_LEAST_LEFT: Final = 0.002
"""Left over for the names that a row does not have, at the least: any make may be on any road."""


def _shares(shares: dict[str, float], names: Names, base: Matrix) -> Matrix:
    """The shares of all names, those not named as common among what is left over as they are in `base`."""
    found = _spread(shares, names)
    if found.sum() > 1 + 1e-9:
        raise ValueError(f"looks.toml: shares of more than 1: {shares}")
    rest = np.where(found > 0, 0.0, base)
    if rest.sum() > 0:
        found = found + max(1 - found.sum(), _LEAST_LEFT) * rest / rest.sum()
    total: Matrix = found / found.sum()
    return total


def _spread(shares: dict[str, float], names: Names) -> Matrix:
    found = np.zeros(len(names.rows))
    for name, share in shares.items():
        found[_known(name, names)] = share
    return found


def _known(name: str, names: Names) -> int:
    if name not in names.places:
        raise ValueError(f"looks.toml: no name `{name}` is declared")
    return names.places[name]


@lru_cache(maxsize=1)
def shipped_appearance() -> Appearance:
    """What is shipped with the package."""
    text = files("streams.matching.appearance").joinpath("appearance.toml").read_text("utf-8")
    return Appearance(msgspec.convert(tomllib.loads(text), LooksData))
