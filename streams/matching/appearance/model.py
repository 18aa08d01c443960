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

from streams.matching.appearance.names import Attribute, AttributeName, AttributeNames, Share, normalise_word

Matrix = NDArray[np.float64]

MAX_MISREAD: Final = 0.6
"""However hard a name is said to be: a recogniser worse than that would have been thrown away."""


class SharesRow(Struct, frozen=True, forbid_unknown_fields=True):
    """A row of shares of colours or makes among vehicles of some types."""

    of: list[str]
    source: str
    shares: dict[str, Share]


class FleetRow(Struct, frozen=True, forbid_unknown_fields=True):
    """A row `[[fleet]]`: what the vehicles of a country look like; the general one has no country."""

    country: str
    types_source: str = ""
    types: dict[str, Share] = {}
    colours: list[SharesRow] = []
    makes: list[SharesRow] = []


class MakesTable(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[makes]`: `within` is the share of a make's misreads that stays among those `alike`."""

    words: dict[str, list[str]]
    alike: list[list[str]]
    within: Share


class ModelTable(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[model]`."""

    error: Annotated[float, Meta(gt=0, lt=1)]
    share: Annotated[float, Meta(gt=0, lt=1)]
    unknown: list[str]

    def is_unknown(self, text: str) -> bool:
        """Whether a text is a recogniser's or a clerk's word for a model that is not known."""
        return normalise_word(text) in ("", *self.unknown)


class AppearanceData(Struct, frozen=True, forbid_unknown_fields=True):
    """The file `looks.toml`."""

    usual_confidence: Annotated[float, Meta(gt=0, le=1)]
    model: ModelTable
    colour: list[AttributeName]
    type: list[AttributeName]
    makes: MakesTable
    fleet: list[FleetRow]


class FleetAppearance(NamedTuple):
    """The looks of a country's vehicles, float64: shares of the T types, and by type those of the M makes
    (T, M) and C colours (T, C). Every row adds up to 1."""

    types: Matrix
    makes: Matrix
    colours: Matrix


class AppearanceModel:
    """The names, the confusions and the fleets, ready to be asked.

    Raises ValueError for data that name what they do not declare, or shares of more than one in all.
    """

    def __init__(self, data: AppearanceData) -> None:
        self.model, self.usual_confidence = data.model, data.usual_confidence
        self.names: dict[Attribute, AttributeNames] = {
            "type": AttributeNames(data.type),
            "make": AttributeNames([AttributeName(name, words) for name, words in data.makes.words.items()]),
            "colour": AttributeNames(data.colour),
        }
        self._makes = data.makes
        self._fleet_rows = {row.country: row for row in data.fleet}
        self._general_fleet = self._build_fleet(self._fleet_rows[""], None)
        self.fleets = {
            country: self._build_fleet(row, self._general_fleet) for country, row in self._fleet_rows.items()
        }
        """By country; "" is the general one."""

    def confusion_matrix(self, attribute: Attribute, error_rate: float) -> Matrix:
        """P(read as the column's name | is the row's), float64 (N, N), for an average error rate, 0 to 1."""
        names = self.names[attribute]
        common = self._overall_shares(attribute)
        table = np.zeros((len(names.rows), len(names.rows)))
        for place, row in enumerate(names.rows):
            wrong = min(error_rate * row.harder, MAX_MISREAD)
            others = (
                self._similar_makes(row, common) if attribute == "make" else _to_array(row.confused, names)
            )
            rest = common.copy()
            rest[place] = 0
            others += max(1 - float(others.sum()), 0) * rest / rest.sum()
            table[place] = wrong * others / others.sum()
            table[place, place] = 1 - wrong
        return table

    def _overall_shares(self, attribute: Attribute) -> Matrix:
        fleet = self._general_fleet
        return (
            fleet.types
            if attribute == "type"
            else fleet.types @ (fleet.makes if attribute == "make" else fleet.colours)
        )

    def _similar_makes(self, row: AttributeName, shares: Matrix) -> Matrix:
        names = self.names["make"]
        near = {other for line in self._makes.alike if row.name in line for other in line} - {row.name}
        weights = {other: float(shares[_name_index(other, names)]) for other in near}
        scale = self._makes.within / sum(weights.values()) if weights else 0.0
        return _to_array({other: weight * scale for other, weight in weights.items()}, names)

    def _build_fleet(self, row: FleetRow, general: FleetAppearance | None) -> FleetAppearance:
        types = self.names["type"]
        base = general.types if general else np.ones(len(types.rows))
        return FleetAppearance(
            _fill_shares(row.types, types, base) if row.types else base,
            self._shares_by_type(row.makes, "make", general.makes if general else None),
            self._shares_by_type(row.colours, "colour", general.colours if general else None),
        )

    def _shares_by_type(self, rows: list[SharesRow], attribute: Attribute, general: Matrix | None) -> Matrix:
        types, names = self.names["type"], self.names[attribute]
        table = np.ones((len(types.rows), len(names.rows))) if general is None else general.copy()
        for row in rows:
            for each in row.of:
                place = _name_index(each, types)
                table[place] = _fill_shares(row.shares, names, table[place])
        by_type: Matrix = table / table.sum(axis=1, keepdims=True)
        return by_type


_MIN_REMAINDER: Final = 0.002
"""Left over for the names that a row does not have, at the least: any make may be on any road."""


def _fill_shares(shares: dict[str, float], names: AttributeNames, base: Matrix) -> Matrix:
    """The shares of all names, those not named as common among what is left over as they are in `base`."""
    found = _to_array(shares, names)
    if found.sum() > 1 + 1e-9:
        raise ValueError(f"looks.toml: shares of more than 1: {shares}")
    rest = np.where(found > 0, 0.0, base)
    if rest.sum() > 0:
        found = found + max(1 - found.sum(), _MIN_REMAINDER) * rest / rest.sum()
    total: Matrix = found / found.sum()
    return total


def _to_array(shares: dict[str, float], names: AttributeNames) -> Matrix:
    found = np.zeros(len(names.rows))
    for name, share in shares.items():
        found[_name_index(name, names)] = share
    return found


def _name_index(name: str, names: AttributeNames) -> int:
    if name not in names.indices:
        raise ValueError(f"looks.toml: no name `{name}` is declared")
    return names.indices[name]


@lru_cache(maxsize=1)
def builtin_appearance() -> AppearanceModel:
    """What is shipped with the package."""
    text = files("streams.matching.appearance").joinpath("appearance.toml").read_text("utf-8")
    return AppearanceModel(msgspec.convert(tomllib.loads(text), AppearanceData))
