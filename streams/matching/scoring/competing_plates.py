"""Rivals: the other plates that a read may be of, by country, found once for all reads of one shape.

Which forms of plates a text fits, and where it parts from them, depends only on which of its characters the
forms tell apart: to French plates AB-123-CD and FG-456-HJ are of one shape. So that is worked out once for a
shape, as a `Plan`, and for each read there is little left to add up.
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
    """What a population says of all texts of one shape.

    `as_read`: how many vehicles have the very plate, the chance of one in a fleet. `spots`: for each place
    (from 0) and set of characters that a form allows there, whether the text's character is of the set;
    `rows`: the forms, each the vehicles a plate and its spots by number. `edge`, `inside`: the vehicles whose
    plate has one character more, at an end or inside; `extra`: by place, those whose plate lacks the
    character that is there.
    """

    as_read: float
    slots: list[tuple[int, str, bool]]
    rows: list[tuple[float, tuple[int, ...]]]
    edge: float
    inside: float
    extra: list[tuple[int, float]]


class Population:
    """The vehicles of one country, or of several together: forms of plates and how many vehicles each has."""

    def __init__(self, blocks: Iterable[PlateBlock], vehicles: float, formats_known: bool = True) -> None:
        self.vehicles = vehicles
        self.formats_known = formats_known
        """Whether the forms of its plates are known; else any text is taken for one of its kind."""
        by_length: dict[int, list[PlateBlock]] = {}
        for block in _merge_blocks(blocks):
            by_length.setdefault(len(block.allowed), []).append(block)
        self._shapes = build_shape_table(block for each in by_length.values() for block in each)
        self._tables = {length: FormatTable(each) for length, each in by_length.items()}
        self._cached_plan = lru_cache(maxsize=_MAX_PLANS)(self._build_plan)

    def plan(self, text: str) -> CompetitionPlan:
        """What it says of a text (folded normal form) and all others of its shape."""
        return self._cached_plan(text.translate(self._shapes))

    def density(self, text: str) -> float:
        """How many vehicles have the very plate `text` (folded normal form); as in a plan, but at once."""
        if not self.formats_known:
            return _generic_block(text, self.vehicles).density
        forms = self._tables.get(len(text))
        return forms.density(forms.fit(text)) if forms is not None else 0.0

    def _build_plan(self, text: str) -> CompetitionPlan:
        spots = dict[tuple[int, str], int]()
        rows = [
            (block.density, tuple(spots.setdefault(spot, len(spots)) for spot in enumerate(block.allowed)))
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
            [(place, allowed, text[place] in allowed) for place, allowed in spots],
            rows,
            edge,
            inside,
            extra,
        )

    def _near_blocks(self, text: str) -> Iterable[PlateBlock]:
        """The forms that a text fits best, with those that it fits nearly as well."""
        if not self.formats_known:
            return [_generic_block(text, self.vehicles)]
        forms = self._tables.get(len(text))
        return forms.select(forms.fit_best(text)) if forms is not None else []


class Populations:
    """The populations by country, and that of all roads together.

    `reads_per_day` gives the reads of plates of each country: how often a vehicle of it passes, against those
    of others. A country that is not named has the least of those that are; without any, all pass alike.
    """

    def __init__(self, fleets: Fleets, reads_per_day: Mapping[str, int] | None = None) -> None:
        self._fleets = fleets
        given = {
            country: count / fleets.vehicle_count(country) for country, count in (reads_per_day or {}).items()
        }
        # Only how they compare counts; a vehicle that passes as often as the average has 1.
        vehicles = sum(map(fleets.vehicle_count, given))
        mean = sum((reads_per_day or {}).values()) / vehicles if vehicles else 1.0
        self._rates = {country: rate / mean for country, rate in given.items()}
        self._default_rate = min(self._rates.values(), default=1.0)
        self.max_rate = max(self._rates.values(), default=1.0)
        """The highest of all rates, see `rate`."""
        self.for_country = lru_cache(maxsize=256)(self._build_population)
        blocks, everybody = list[PlateBlock](), 0.0
        for country in sorted({*fleets.rows, *given}):
            rate = self.rate(country)
            everybody += rate * fleets.vehicle_count(country)
            for row in fleets.all_blocks(country):
                blocks.append(row._replace(density=row.density * rate))
        self.all_countries = Population(blocks, everybody)
        average = sum(map(fleets.vehicle_count, fleets.rows)) / max(len(fleets.rows), 1)
        self.size_factor = everybody / average
        """How many times the vehicles of an average country pass on all roads together."""

    def rate(self, country: str) -> float:
        """How often a vehicle of a country passes, against the average."""
        return self._rates.get(country, self._default_rate)

    def expected_rate(self, plate: str) -> float:
        """The same for a plate (folded normal form) whose country is not known."""
        here = {country: self.for_country(country).density(plate) for country in self._fleets.rows}
        there = sum(here.values())
        if not there:
            return self._default_rate
        return sum(self.rate(country) * chance for country, chance in here.items()) / there

    def existence_probability(self, plate: str, country: str | None) -> float:
        """The chance, 0 to 1, that a plate (folded normal form) is on a vehicle of a country, or of any."""
        countries = self._fleets.rows if country is None else (country,)
        return min(sum(self.for_country(each).density(plate) for each in countries), 1.0)

    def _build_population(self, country: str) -> Population:
        blocks = self._fleets.all_blocks(country)
        return Population(blocks, self._fleets.vehicle_count(country), formats_known=bool(blocks))


def _merge_blocks(blocks: Iterable[PlateBlock]) -> Iterable[PlateBlock]:
    """Forms with the same characters at each place taken together."""
    found: dict[tuple[str, ...], PlateBlock] = {}
    for block in blocks:
        other = found.get(block.allowed)
        if other is not None:
            block = block._replace(density=block.density + other.density, share=block.share + other.share)
        found[block.allowed] = block
    return found.values()


def _generic_block(text: str, vehicles: float) -> PlateBlock:
    """The plates of a country without known forms: digits where there are digits, letters where letters."""
    places: Sequence[str] = [_DIGITS if char in _DIGITS else _LETTERS for char in text]
    return PlateBlock("", tuple(places), min(1.0, vehicles / prod(map(len, places))), 1.0)
