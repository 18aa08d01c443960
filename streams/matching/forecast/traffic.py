"""Traffic: how often a vehicle passes, and how much of it a wildcard pattern fits."""

import re
from collections.abc import Iterator, Mapping
from random import Random
from typing import Final

from streams.plates.fleets import Fleets, PlateBlock
from streams.plates.normal_form import fold_umlauts

REFERENCE_READS: Final = 100_000
"""What false hits are counted per, where a day's reads are not known."""


class Traffic:
    """The reads of the plates of each country: so many a day where an operator says so, else as the fleets.

    A country that an operator does not name beside others is taken to have no traffic.
    """

    def __init__(self, fleets: Fleets, reads_per_day: Mapping[str, int]) -> None:
        self._fleets = fleets
        self.reads_per_day: int | None = sum(reads_per_day.values()) or None
        weights: Mapping[str, int] = reads_per_day or {
            country: row.vehicles for country, row in fleets.rows.items()
        }
        total = sum(weights.values())
        self.shares = {country: weight / total for country, weight in sorted(weights.items())}
        """The share of all reads, 0 to 1, by country; in order."""

    def reads_per_vehicle(self, country: str) -> float:
        """How often one vehicle of a country is read while PER_READS reads of all are."""
        return REFERENCE_READS * self.shares.get(country, 0.0) / self._fleets.vehicle_count(country)

    def possible_countries(self, plate: str) -> list[str]:
        """The countries with traffic in which a plate (folded normal form) may be on a vehicle."""
        return [country for country in self.shares if self._fleets.density(plate, country)]

    def pattern_reads(self, pattern: str, country: str | None) -> float:
        """How many of PER_READS reads are of vehicles of a country, or of any, that fit a wildcard pattern.

        `pattern` in normal form. Of a pattern with several `*` some are counted twice, so it may come out
        too high, but not above all reads.
        """
        countries = self.shares if country is None else {country: self.shares.get(country, 0.0)}
        found = 0.0
        for each, share in countries.items():
            blocks = self._fleets.all_blocks(each)
            fits = sum(block.share * _wildcard_share(fold_umlauts(pattern), block) for block in blocks)
            found += share * min(fits, 1.0)
        return REFERENCE_READS * found

    def sample_plates(self, rng: Random) -> Iterator[tuple[str, str]]:
        """Plates (folded normal form) and their countries, drawn as the traffic is; without end."""
        countries, shares = list(self.shares), list(self.shares.values())
        blocks = {each: self._fleets.all_blocks(each) for each in countries}
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
