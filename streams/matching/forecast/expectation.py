"""Forecast of false hits: what a list will cost in reads of other vehicles, before it is in use.

A false hit is a read of another vehicle that looks like a read of the listed one. How many reads do is
counted in two ways, each where it has the smaller error:

- Over real reads with known true plates (`streams.matching.forecast.known_reads`), each taken for a read of
  the listed vehicle. By Bayes, for each such read that the listed vehicle produces, other vehicles produce
  (1 - p) / p, p being the posterior. Plates of a more or less crowded series have proportionally more or
  fewer competing plates.
- Where confusable reads of any posterior are hits, over the texts that the mode accepts for the listed plate:
  the vehicles that have such a text as their plate, and those misread as it, scored like a read without any
  confidence.

Both give a number of vehicles, weighted by how often each is read that way;
`streams.matching.forecast.traffic` gives how often a vehicle is read. The appearance of vehicles, which
reduces false hits, is left out.
"""

from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations, product
from math import sqrt
from random import Random
from statistics import fmean, variance
from typing import Final, NamedTuple

from msgspec.structs import replace

from streams.matching.config import ListConfig, MatchingRules
from streams.matching.forecast.known_read_table import (
    SYNTHETIC_LIST_ID,
    KnownReadTable,
    build_known_read_table,
)
from streams.matching.forecast.known_reads import KnownReads, builtin_known_reads
from streams.matching.forecast.sample import SAMPLE_TIME, PlateSamples, synthetic_alert
from streams.matching.forecast.traffic import REFERENCE_READS, Traffic
from streams.matching.matcher import Matcher
from streams.matching.no_match import NoMatch
from streams.plates.confusables import BUILTIN_CLASSES
from streams.plates.fleets import builtin_fleets
from streams.plates.normal_form import WILDCARDS, fold_umlauts, normalise
from streams.records.alert import Alert, AlertMatch, MatchMode
from streams.records.read import Read

_POSTERIOR_STEPS: Final = (*(step / 100 for step in range(5, 100, 5)), 0.99)
"""Minimum posteriors that are tried for a budget."""
_MIN_KNOWN_READS: Final = 30
"""A country with fewer known reads uses those of all countries."""


class ListForecast(NamedTuple):
    """The expected cost of a list, per 100,000 reads of all traffic.

    `standard_error` is that of `false_hits` from sampling the plates of the list. `pattern_reads` are reads
    of vehicles that fit its patterns with wildcards: these were asked for, so they are not false hits.
    `day_factor` converts to a day; None if the reads per day are unknown.
    """

    false_hits: float
    standard_error: float
    pattern_reads: float
    day_factor: float | None

    @property
    def false_hits_per_day(self) -> float | None:
        """The false hits per day; None if the reads per day are unknown."""
        return None if self.day_factor is None else self.false_hits * self.day_factor


class FalseHitForecast:
    """Forecasts the false hits of lists under matching rules. `matcher` has the same rules."""

    def __init__(self, rules: MatchingRules, matcher: Matcher, known_reads: KnownReads | None = None) -> None:
        """Use the built-in known reads if none are passed."""
        self._rules = rules
        self._known_reads = known_reads if known_reads is not None else builtin_known_reads()
        self._posterior_model = matcher.scorer.posterior_model("")
        self.traffic = Traffic(builtin_fleets(), rules.matching.reads_per_day)
        # The widest mode and any posterior: the result then tells which narrower modes match as well.
        widest = {SYNTHETIC_LIST_ID: ListConfig(mode="fuzzy", min_posterior=0.0)}
        self._widest_matcher = Matcher(MatchingRules(widest, rules.matching), models=matcher.scorer.models)
        self._cached_table = lru_cache(maxsize=None)(self._build_table)
        # A search for a budget's minimum posterior repeats these for many posteriors.
        self._cached_confusable = lru_cache(maxsize=4096)(self._count_confusable)
        self._cached_above = lru_cache(maxsize=4096)(self._count_above)

    def for_plates(self, plates: PlateSamples, min_posterior: float | None = None) -> ListForecast:
        """Forecast a list of plates; `min_posterior` raises that of the rules."""
        false_hits = squared_error = 0.0
        for sample in plates.by_country.values():
            costs = [self._plate_false_hits(alert, min_posterior) for alert in sample.alerts]
            size = len(costs)
            false_hits += sample.count * fmean(costs)
            if 1 < size < sample.count:
                squared_error += sample.count**2 * variance(costs) / size * (1 - size / sample.count)
        pattern_reads = [self._pattern_reads(alert) for alert in plates.patterns.alerts]
        reads_per_day = self.traffic.reads_per_day
        return ListForecast(
            false_hits,
            sqrt(squared_error),
            plates.patterns.count * fmean(pattern_reads) if pattern_reads else 0.0,
            None if reads_per_day is None else reads_per_day / REFERENCE_READS,
        )

    def min_posterior_within(self, plates: PlateSamples, budget_per_day: float) -> float | None:
        """Return the lowest minimum posterior with which a list keeps to a budget of false hits.

        It is one of 0.05, 0.1, ... 0.95, 0.99; None if none of them suffices or the reads per day are
        unknown.
        """
        if self.for_plates(plates).day_factor is None:
            return None
        index = bisect_left(
            _POSTERIOR_STEPS,
            True,
            key=lambda step: (self.for_plates(plates, step).false_hits_per_day or 0) <= budget_per_day,
        )
        return _POSTERIOR_STEPS[index] if index < len(_POSTERIOR_STEPS) else None

    def sample_plates(self, list_id: str, count: int) -> PlateSamples:
        """Return a list of synthetic plates, sampled from the traffic; the same on each call."""
        plates = PlateSamples()
        sampled = self.traffic.sample_plates(Random(0))
        for index, (plate, country) in zip(range(count), sampled, strict=False):
            plates.add(synthetic_alert(list_id, str(index), plate, country))
        return plates

    def _plate_false_hits(self, alert: Alert, min_posterior: float | None) -> float:
        """Return the false hits of one alert per 100,000 reads."""
        listed = fold_umlauts(normalise(alert.plate))
        countries = [alert.country] if alert.country else self.traffic.possible_countries(listed)
        minimum = self._rules.min_posterior(alert)
        if min_posterior is not None:
            minimum = max(min_posterior, minimum or 0)
        false_hits = 0.0
        for country in countries:
            reads_per_vehicle = self.traffic.reads_per_vehicle(country)
            if reads_per_vehicle:
                false_hits += reads_per_vehicle * self._confused_vehicles(alert, listed, country, minimum)
        return false_hits

    def _confused_vehicles(
        self, alert: Alert, listed: str, country: str, min_posterior: float | None
    ) -> float:
        """Return the vehicles of a country taken for the listed one, weighted by how often each is."""
        density = self._posterior_model.plate_density(listed, country)
        mode = self._rules.effective_mode(alert)
        if mode == "fuzzy":
            return self._cached_above(country, density, mode, min_posterior or 0.0)
        exact = self._cached_above(country, density, "exact", min_posterior or 0.0)
        if mode != "confusable":
            return exact
        # Without a minimum posterior, few of the accepted reads are of the listed vehicle, so that known
        # reads say little about them.
        confusable = exact + self._cached_confusable(alert.plate, alert.country, country)
        return (
            confusable
            if min_posterior is None
            else min(confusable, self._cached_above(country, density, mode, min_posterior))
        )

    def _count_above(self, country: str, density: float, mode: MatchMode, min_posterior: float) -> float:
        """Return the vehicles taken for a listed one with a minimum posterior, from the known reads."""
        return self._cached_table(country).false_hits_per_read(density, mode, min_posterior)

    def _build_table(self, country: str) -> KnownReadTable:
        pairs = [pair for pair in self._known_reads.reads if pair.country == country]
        if len(pairs) < _MIN_KNOWN_READS:
            pairs = list(self._known_reads.reads)
        return build_known_read_table(pairs, self._widest_matcher)

    def _count_confusable(self, plate: str, listed_country: str | None, country: str) -> float:
        """Return the vehicles taken for a listed one with any posterior, from the confusable texts."""
        vehicles = 0.0
        alert = replace(
            synthetic_alert(SYNTHETIC_LIST_ID, "", plate, country),
            country=listed_country,
            match=AlertMatch("confusable"),
        )
        for text in self._confusable_texts(fold_umlauts(normalise(plate))):
            read = Read("", "", SAMPLE_TIME, text, country)
            if isinstance(self._widest_matcher.match(read, alert), NoMatch):
                continue
            score = self._widest_matcher.scorer.for_read(read).score(alert, normalise(plate))
            if score is not None:
                vehicles += score.others_weight + score.far_weight
        return vehicles * self._known_reads.correct_share

    def _confusable_texts(self, plate: str) -> Iterator[str]:
        """Iterate over the texts that differ from a plate in as many confusable characters as allowed."""
        choices = [BUILTIN_CLASSES.class_for(char).replace(char, "") for char in plate]
        positions = [position for position, chars in enumerate(choices) if chars]
        for count in range(1, max(self._rules.matching.equivalences, 1) + 1):
            for changed in combinations(positions, count):
                for chars in product(*(choices[position] for position in changed)):
                    text = list(plate)
                    for position, char in zip(changed, chars, strict=True):
                        text[position] = char
                    yield "".join(text)

    def _pattern_reads(self, alert: Alert) -> float:
        """Return the reads of vehicles that fit a pattern, per 100,000 reads; 0 if the pattern is unused."""
        pattern = normalise(alert.plate, wildcards=True)
        literals = sum(char not in WILDCARDS for char in pattern)
        min_literals = self._rules.matching.pattern_min_literals
        if self._rules.effective_mode(alert) == "exact" or literals < min_literals:
            return 0.0
        return self.traffic.pattern_reads(pattern, alert.country)
