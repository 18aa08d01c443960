"""The plates that compete with a listed one for a read, by country, computed once for all reads of a shape.

Which plate formats a text fits, and where it departs from them, depends only on what the formats tell apart:
for French plates, AB-123-CD and FG-456-HJ have the same shape. This is computed once for each shape, as a
`CompetitionPlan`; little is left to be added up for each read.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import inf, prod
from typing import Final, NamedTuple

from streams.matching.scoring.format_table import FormatTable
from streams.plates.fleets import Fleets, PlateBlock, build_shape_table
from streams.plates.packed_keys import ALPHABET

_MAX_PLANS: Final = 1 << 14
_DIGITS: Final = ALPHABET[:10]
_LETTERS: Final = ALPHABET[10:]


class CompetitionPlan(NamedTuple):
    """The plates of a population near the texts of one shape.

    `as_read` is the expected number of vehicles that have exactly the plate. A slot is a position (from 0)
    with the set of characters that a format allows there and True if the text's character is one of them.
    `rows` are the formats, each with the expected vehicles per plate and the indices of its slots. `edge` and
    `inside` are the vehicles whose plate has one character more, at either end or inside; `extra`, by
    position, those whose plate lacks the character at it.
    """

    as_read: float
    slots: list[tuple[int, str, bool]]
    rows: list[tuple[float, tuple[int, ...]]]
    edge: float
    inside: float
    extra: list[tuple[int, float]]


class Population:
    """The vehicles of one country or of several: plate formats and how many vehicles have each."""

    def __init__(self, blocks: Iterable[PlateBlock], vehicles: float, formats_known: bool = True) -> None:
        self.vehicles = vehicles
        self.formats_known = formats_known
        """True if the plate formats are known; otherwise any text counts as a plate of its kind."""
        by_length: dict[int, list[PlateBlock]] = {}
        for block in _merge_blocks(blocks):
            by_length.setdefault(len(block.allowed), []).append(block)
        self._shapes = build_shape_table(block for same_length in by_length.values() for block in same_length)
        self._tables = {length: FormatTable(same_length) for length, same_length in by_length.items()}
        self._cached_plan = lru_cache(maxsize=_MAX_PLANS)(self._build_plan)

    def plan(self, text: str) -> CompetitionPlan:
        """Return the plan of a text (folded normal form), the same for all texts of its shape."""
        return self._cached_plan(text.translate(self._shapes))

    def density(self, text: str) -> float:
        """Return the expected vehicles with exactly the plate `text` (folded normal form).

        The same as in a plan, without building one.
        """
        if not self.formats_known:
            return _generic_block(text, self.vehicles).density
        formats = self._tables.get(len(text))
        return formats.density(formats.fit(text)) if formats is not None else 0.0

    def _build_plan(self, text: str) -> CompetitionPlan:
        indices = dict[tuple[int, str], int]()
        rows = [
            (
                block.density,
                tuple(indices.setdefault(slot, len(indices)) for slot in enumerate(block.allowed)),
            )
            for block in self._near_blocks(text)
        ]
        edge = inside = 0.0
        longer = self._tables.get(len(text) + 1)
        if longer is not None:
            for gap, fitting in enumerate(longer.fit_with_insertion(text)):
                vehicles = sum(block.density * len(block.allowed[gap]) for block in longer.select(fitting))
                if gap in (0, len(text)):
                    edge += vehicles
                else:
                    inside += vehicles
        extra: list[tuple[int, float]] = []
        shorter = self._tables.get(len(text) - 1)
        if shorter is not None:
            extra = [
                (gap, shorter.density(fitting, limit=inf))
                for gap, fitting in enumerate(shorter.fit_with_deletion(text))
                if fitting
            ]
        return CompetitionPlan(
            self.density(text),
            [(position, allowed, text[position] in allowed) for position, allowed in indices],
            rows,
            edge,
            inside,
            extra,
        )

    def _near_blocks(self, text: str) -> Iterable[PlateBlock]:
        """Return the formats that a text fits best, and those that it fits nearly as well."""
        if not self.formats_known:
            return [_generic_block(text, self.vehicles)]
        formats = self._tables.get(len(text))
        return formats.select(formats.fit_best(text)) if formats is not None else []


class Populations:
    """The populations by country, and that of all countries together.

    `reads_per_day`, by country, says how often the vehicles of a country pass compared with those of others.
    A country that is not in it has the lowest rate of those that are; without any, all rates are equal.
    """

    def __init__(self, fleets: Fleets, reads_per_day: Mapping[str, int] | None = None) -> None:
        self._fleets = fleets
        reads_per_vehicle = {
            country: count / fleets.vehicle_count(country) for country, count in (reads_per_day or {}).items()
        }
        # Rates are relative: a vehicle that passes as often as the average has 1.
        vehicles = sum(map(fleets.vehicle_count, reads_per_vehicle))
        mean = sum((reads_per_day or {}).values()) / vehicles if vehicles else 1.0
        self._rates = {country: rate / mean for country, rate in reads_per_vehicle.items()}
        self._default_rate = min(self._rates.values(), default=1.0)
        self.max_rate = max(self._rates.values(), default=1.0)
        """The highest rate of a country; see `rate`."""
        self.for_country = lru_cache(maxsize=256)(self._build_population)
        blocks, passing_vehicles = list[PlateBlock](), 0.0
        for country in sorted({*fleets.rows, *reads_per_vehicle}):
            rate = self.rate(country)
            passing_vehicles += rate * fleets.vehicle_count(country)
            for block in fleets.all_blocks(country):
                blocks.append(block._replace(density=block.density * rate))
        self.all_countries = Population(blocks, passing_vehicles)
        mean_vehicles = sum(map(fleets.vehicle_count, fleets.rows)) / max(len(fleets.rows), 1)
        self.size_factor = passing_vehicles / mean_vehicles
        """The vehicles of all countries, weighted by rate, relative to those of an average country."""

    def rate(self, country: str) -> float:
        """Return how often a vehicle of a country passes, relative to the average."""
        return self._rates.get(country, self._default_rate)

    def expected_rate(self, plate: str) -> float:
        """Return the expected rate of a plate (folded normal form) of unknown country."""
        densities = {country: self.for_country(country).density(plate) for country in self._fleets.rows}
        total = sum(densities.values())
        if not total:
            return self._default_rate
        return sum(self.rate(country) * density for country, density in densities.items()) / total

    def existence_probability(self, plate: str, country: str | None) -> float:
        """Return the probability that a plate (folded normal form) exists in a country, or in any if None."""
        countries = self._fleets.rows if country is None else (country,)
        return min(sum(self.for_country(country_code).density(plate) for country_code in countries), 1.0)

    def _build_population(self, country: str) -> Population:
        blocks = self._fleets.all_blocks(country)
        return Population(blocks, self._fleets.vehicle_count(country), formats_known=bool(blocks))


def _merge_blocks(blocks: Iterable[PlateBlock]) -> Iterable[PlateBlock]:
    """Merge the formats that allow the same characters at each position."""
    merged: dict[tuple[str, ...], PlateBlock] = {}
    for block in blocks:
        same = merged.get(block.allowed)
        if same is not None:
            block = block._replace(density=block.density + same.density, share=block.share + same.share)
        merged[block.allowed] = block
    return merged.values()


def _generic_block(text: str, vehicles: float) -> PlateBlock:
    """Return the plates of a country without known formats: digits and letters where the text has them."""
    allowed: Sequence[str] = [_DIGITS if char in _DIGITS else _LETTERS for char in text]
    return PlateBlock("", tuple(allowed), min(1.0, vehicles / prod(map(len, allowed))), 1.0)
