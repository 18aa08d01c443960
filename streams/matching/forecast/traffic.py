"""Traffic: how often a vehicle is read, and how many reads fit a pattern with wildcards."""

import re
from collections.abc import Iterator, Mapping
from random import Random
from typing import Final

from streams.plates.fleets import Fleets, PlateBlock
from streams.plates.normal_form import fold_umlauts

REFERENCE_READS: Final = 100_000
"""The number of reads to which false hits are related where the reads per day are unknown."""


class Traffic:
    """The reads by country of registration: per day where the settings say so, else in proportion to fleets.

    If the settings name some countries, the others are assumed to have no traffic.
    """

    def __init__(self, fleets: Fleets, reads_per_day: Mapping[str, int]) -> None:
        self._fleets = fleets
        self.reads_per_day: int | None = sum(reads_per_day.values()) or None
        weights: Mapping[str, int] = reads_per_day or {
            country: row.vehicles for country, row in fleets.rows.items()
        }
        total = sum(weights.values())
        self.shares = {country: weight / total for country, weight in sorted(weights.items())}
        """The share of all reads, 0 to 1, by country, in the order of country codes."""

    def reads_per_vehicle(self, country: str) -> float:
        """Return the reads of one vehicle of a country in REFERENCE_READS reads of all traffic."""
        return REFERENCE_READS * self.shares.get(country, 0.0) / self._fleets.vehicle_count(country)

    def possible_countries(self, plate: str) -> list[str]:
        """Return the countries with traffic whose formats allow a plate (folded normal form)."""
        return [country for country in self.shares if self._fleets.density(plate, country)]

    def pattern_reads(self, pattern: str, country: str | None) -> float:
        """Return the reads in REFERENCE_READS of vehicles that fit a pattern with wildcards, in normal form.

        Only vehicles of `country` are counted, or all if it is None. For a pattern with several `*` some
        plates are counted twice: the result may be too high, but not above all reads.
        """
        countries = self.shares if country is None else {country: self.shares.get(country, 0.0)}
        total = 0.0
        for country_code, share in countries.items():
            blocks = self._fleets.all_blocks(country_code)
            fitting = sum(block.share * _wildcard_share(fold_umlauts(pattern), block) for block in blocks)
            total += share * min(fitting, 1.0)
        return REFERENCE_READS * total

    def sample_plates(self, rng: Random) -> Iterator[tuple[str, str]]:
        """Sample plates (folded normal form) with their countries from the traffic, without end."""
        countries, shares = list(self.shares), list(self.shares.values())
        blocks = {country: self._fleets.all_blocks(country) for country in countries}
        while True:
            (country,) = rng.choices(countries, shares)
            if blocks[country]:
                (block,) = rng.choices(blocks[country], [block.share for block in blocks[country]])
                yield "".join(map(rng.choice, block.allowed)), country


def _wildcard_share(pattern: str, block: PlateBlock) -> float:
    """The share of a form's plates that fit a pattern."""
    # ways[k]: the chance that the pattern so far fits the first k characters.
    ways = [1.0] + [0.0] * len(block.allowed)
    for char in _normalise_wildcards(pattern):
        if char == "*":
            total = 0.0
            for place, way in enumerate(ways):
                total += way
                ways[place] = total
        else:
            step = [
                way * (1.0 if char == "?" else (char in allowed) / len(allowed))
                for way, allowed in zip(ways, block.allowed, strict=False)
            ]
            ways = [0.0, *step]
    return min(ways[-1], 1.0)


def _normalise_wildcards(pattern: str) -> str:
    """The pattern with `?` before `*` in each run of wildcards and one `*` for several: it fits the same
    texts, each in fewer ways."""
    return re.sub(r"[?*]*\*[?*]*", lambda found: "?" * found[0].count("?") + "*", pattern)
