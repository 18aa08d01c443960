"""Traffic: how often a vehicle is read, and how many reads fit a pattern with wildcards."""

from collections.abc import Iterator, Mapping
from random import Random
from typing import Final

from streams.plates.fleets import Fleets
from streams.plates.normal_form import fold_umlauts
from streams.plates.shapes import FormTable, build_form_table, wildcard_share

REFERENCE_READS: Final = 100_000
"""The number of reads to which false hits are related where the reads per day are unknown."""


class Traffic:
    """The reads by country of registration: per day where the settings say so, else in proportion to fleets.

    If the settings name some countries, the others are assumed to have no traffic.
    """

    def __init__(self, fleets: Fleets, reads_per_day: Mapping[str, int]) -> None:
        self._fleets = fleets
        self._form_tables: dict[str, FormTable] = {}
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
            shares = wildcard_share(fold_umlauts(pattern), self._form_table(country_code)).tolist()
            fitting = sum(
                block.share * min(fitting_share, 1.0)
                for block, fitting_share in zip(blocks, shares, strict=True)
            )
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

    def _form_table(self, country: str) -> FormTable:
        if country not in self._form_tables:
            forms = [block.allowed for block in self._fleets.all_blocks(country)]
            self._form_tables[country] = build_form_table(forms)
        return self._form_tables[country]
