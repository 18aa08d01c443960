"""The appearance of vehicles: names and words, how often each is misread, and shares in the fleets.

The figures are data with their sources, in `appearance.toml`. The model draws a vehicle's type first; make
and colour depend on the type (lorries have makes of their own, vans are white) but not on each other.
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
"""Upper limit of the misread rate of a name: a recogniser worse than that would not be in use."""


class SharesRow(Struct, frozen=True, forbid_unknown_fields=True):
    """A row of shares of colours or makes among vehicles of some types."""

    of: list[str]
    source: str
    shares: dict[str, Share]


class FleetRow(Struct, frozen=True, forbid_unknown_fields=True):
    """A row `[[fleet]]`: the appearance of a country's vehicles; the general row has no country."""

    country: str
    types_source: str = ""
    types: dict[str, Share] = {}
    colours: list[SharesRow] = []
    makes: list[SharesRow] = []


class MakesTable(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[makes]`: `within` is the share of a make's misreads that are one of its `alike` makes."""

    words: dict[str, list[str]]
    alike: list[list[str]]
    within: Share


class ModelTable(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[model]`."""

    error: Annotated[float, Meta(gt=0, lt=1)]
    share: Annotated[float, Meta(gt=0, lt=1)]
    unknown: list[str]

    def is_unknown(self, text: str) -> bool:
        """True if a text is a word for an unknown model, of a recogniser or a clerk."""
        return normalise_word(text) in ("", *self.unknown)


class AppearanceData(Struct, frozen=True, forbid_unknown_fields=True):
    """The file `appearance.toml`."""

    usual_confidence: Annotated[float, Meta(gt=0, le=1)]
    model: ModelTable
    colour: list[AttributeName]
    type: list[AttributeName]
    makes: MakesTable
    fleet: list[FleetRow]


class FleetAppearance(NamedTuple):
    """The appearance of a country's vehicles as shares, float64; every row adds up to 1.

    `types` has shape (T,), `makes` (T, M) and `colours` (T, C), for T types, M makes and C colours.
    """

    types: Matrix
    makes: Matrix
    colours: Matrix


class AppearanceModel:
    """The names, misread rates and fleets."""

    def __init__(self, data: AppearanceData) -> None:
        """Raises ValueError for data that use undeclared names, or for shares that add up to more than 1."""
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
        """By country; the general fleet has the empty name."""

    def confusion_matrix(self, attribute: Attribute, error_rate: float) -> Matrix:
        """Return P(read as the column's name | the row's), float64 (N, N), for a mean error rate, 0 to 1."""
        names = self.names[attribute]
        overall = self._overall_shares(attribute)
        matrix = np.zeros((len(names.rows), len(names.rows)))
        for index, row in enumerate(names.rows):
            misread_rate = min(error_rate * row.harder, MAX_MISREAD)
            misreads = (
                self._similar_makes(row, overall) if attribute == "make" else _to_array(row.confused, names)
            )
            other_names = overall.copy()
            other_names[index] = 0
            misreads += max(1 - float(misreads.sum()), 0) * other_names / other_names.sum()
            matrix[index] = misread_rate * misreads / misreads.sum()
            matrix[index, index] = 1 - misread_rate
        return matrix

    def _overall_shares(self, attribute: Attribute) -> Matrix:
        fleet = self._general_fleet
        return (
            fleet.types
            if attribute == "type"
            else fleet.types @ (fleet.makes if attribute == "make" else fleet.colours)
        )

    def _similar_makes(self, row: AttributeName, shares: Matrix) -> Matrix:
        names = self.names["make"]
        similar = {name for group in self._makes.alike if row.name in group for name in group} - {row.name}
        weights = {name: float(shares[_name_index(name, names)]) for name in similar}
        scale = self._makes.within / sum(weights.values()) if weights else 0.0
        return _to_array({name: weight * scale for name, weight in weights.items()}, names)

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
        shares = np.ones((len(types.rows), len(names.rows))) if general is None else general.copy()
        for row in rows:
            for type_name in row.of:
                index = _name_index(type_name, types)
                shares[index] = _fill_shares(row.shares, names, shares[index])
        by_type: Matrix = shares / shares.sum(axis=1, keepdims=True)
        return by_type


_MIN_REMAINDER: Final = 0.002
"""The minimum share left for the names that a row does not have: any make may be on any road."""


def _fill_shares(shares: dict[str, float], names: AttributeNames, base: Matrix) -> Matrix:
    """Return the shares of all names; those not in `shares` divide the remainder in proportion to `base`."""
    array = _to_array(shares, names)
    if array.sum() > 1 + 1e-9:
        raise ValueError(f"appearance.toml: shares of more than 1: {shares}")
    others = np.where(array > 0, 0.0, base)
    if others.sum() > 0:
        array = array + max(1 - array.sum(), _MIN_REMAINDER) * others / others.sum()
    normalised: Matrix = array / array.sum()
    return normalised


def _to_array(shares: dict[str, float], names: AttributeNames) -> Matrix:
    array = np.zeros(len(names.rows))
    for name, share in shares.items():
        array[_name_index(name, names)] = share
    return array


def _name_index(name: str, names: AttributeNames) -> int:
    if name not in names.indices:
        raise ValueError(f"appearance.toml: the name `{name}` is not declared")
    return names.indices[name]


@lru_cache(maxsize=1)
def builtin_appearance() -> AppearanceModel:
    """Return the built-in model."""
    text = files("streams.matching.appearance").joinpath("appearance.toml").read_text("utf-8")
    return AppearanceModel(msgspec.convert(tomllib.loads(text), AppearanceData))
