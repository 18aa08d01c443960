"""Expected false hits: what a list will cost in reads of other vehicles, before any read has come.

A false hit is a read of another vehicle that looks as the listed one's would. How often reads look so is
counted in two ways, each where it is the steadier one:

- Over real reads whose true plate is known (`streams.matching.forecast.known_reads`), each as one of the
  listed vehicle. By Bayes, for each read like it that the listed vehicle gives, others give (1 - p) / p,
  p being the posterior.
  Plates of a more or less crowded series have rivals in proportion.
- Where confusable reads of any posterior are hits, over the texts that the mode takes for the listed plate:
  the vehicles that have such a text as their plate, and those misread so, as a read that says nothing of its
  confidence is weighed.

Both say how many vehicles there are, weighed by how often each is read so;
`streams.matching.forecast.traffic` says how often a vehicle passes.
What the vehicle looks like is not taken into account: it makes false hits fewer.
"""

from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations, product
from math import sqrt
from random import Random
from statistics import fmean, variance
from typing import Final, NamedTuple

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from streams.confusions.training.pairs import TrainingPair
from streams.matching.config import ListConfig, MatchingRules
from streams.matching.country_guard import NoMatch
from streams.matching.forecast.known_reads import KnownReads, builtin_known_reads
from streams.matching.forecast.sample import SAMPLE_TIME, PlateSamples, synthetic_alert
from streams.matching.forecast.traffic import REFERENCE_READS, Traffic
from streams.matching.matcher import Matcher
from streams.plates.confusables import BUILTIN_CLASSES
from streams.plates.fleets import builtin_fleets
from streams.plates.normal_form import WILDCARDS, fold_umlauts, normalise
from streams.records.alert import Alert, AlertMatch, MatchMode
from streams.records.read import Read

_MODES: Final[tuple[MatchMode, ...]] = ("exact", "pattern", "confusable", "fuzzy")
_MODE_BREADTH: Final = {mode: breadth for breadth, mode in enumerate(_MODES)}
_POSTERIOR_STEPS: Final = (*(step / 100 for step in range(5, 100, 5)), 0.99)
"""Lowest posteriors that are tried for a budget."""
_MIN_KNOWN_READS: Final = 30
"""With fewer known reads of a country those of all are taken."""
_LIST_ID: Final = "list"


class ListForecast(NamedTuple):
    """What a list is expected to cost, per 100,000 reads of all traffic, and a day if its reads are known.

    `false_hits`, and `spread`, the standard error of it for not all plates of the list were looked at;
    `fitting`: reads of vehicles that fit its patterns with wildcards. Those are what was asked for, so they
    are not among the false hits. `day` is what to multiply with for a day, None if that is not known.
    """

    false_hits: float
    standard_error: float
    pattern_reads: float
    day_factor: float | None

    @property
    def false_hits_per_day(self) -> float | None:
        """False hits a day."""
        return None if self.day_factor is None else self.false_hits * self.day_factor


class _KnownReadTable(NamedTuple):
    """Known reads of a country's plates, each as one of a listed vehicle: how the modes take it (`breadth`,
    intp), its `weight` among all reads, and the weights of its explanations, `others` per vehicle that has a
    given plate of its series."""

    breadth: NDArray[np.intp]
    weight: NDArray[np.float64]
    listed_weight: NDArray[np.float64]
    others_per_vehicle: NDArray[np.float64]
    far_weight: NDArray[np.float64]


class FalseHitForecast:
    """Says what lists will cost under policies. `judge` judges by the same policies."""

    def __init__(self, rules: MatchingRules, matcher: Matcher, known_reads: KnownReads | None = None) -> None:
        self._rules = rules
        self._matcher = matcher
        self._known_reads = known_reads if known_reads is not None else builtin_known_reads()
        self._posterior_model = matcher.scorer.posterior_model("")
        self.traffic = Traffic(builtin_fleets(), rules.matching.reads_per_day)
        # The known reads are judged by the widest mode, which says the class of each, and any posterior.
        widest = {_LIST_ID: ListConfig(mode="fuzzy", min_posterior=0.0)}
        self._widest_matcher = Matcher(MatchingRules(widest, rules.matching), models=matcher.scorer.models)
        self._cached_table = lru_cache(maxsize=None)(self._build_table)
        # A budget is tried with many posteriors.
        self._cached_confusable = lru_cache(maxsize=4096)(self._count_confusable)
        self._cached_above = lru_cache(maxsize=4096)(self._count_above)

    def for_plates(self, plates: PlateSamples, min_posterior: float | None = None) -> ListForecast:
        """What a list of plates is expected to cost; `least`: another lowest posterior than the policy's."""
        found = square = 0.0
        for sample in plates.by_country.values():
            each = [self._plate_false_hits(alert, min_posterior) for alert in sample.alerts]
            count, seen = sample.count, len(each)
            found += count * fmean(each)
            if 1 < seen < count:
                square += count**2 * variance(each) / seen * (1 - seen / count)
        fitting = [self._pattern_reads(alert) for alert in plates.patterns.alerts]
        day = self.traffic.reads_per_day
        return ListForecast(
            found,
            sqrt(square),
            plates.patterns.count * fmean(fitting) if fitting else 0.0,
            None if day is None else day / REFERENCE_READS,
        )

    def min_posterior_within(self, plates: PlateSamples, budget_per_day: float) -> float | None:
        """The lowest posterior, in steps of 0.05 and at most 0.99, with which a list keeps to a budget.

        None if none does, or the reads a day are not known.
        """
        if self.for_plates(plates).day_factor is None:
            return None
        kept = bisect_left(
            _POSTERIOR_STEPS,
            True,
            key=lambda step: (self.for_plates(plates, step).false_hits_per_day or 0) <= budget_per_day,
        )
        return _POSTERIOR_STEPS[kept] if kept < len(_POSTERIOR_STEPS) else None

    def sample_plates(self, list_id: str, count: int) -> PlateSamples:
        """A list of made-up plates, drawn as the traffic is; the same each time."""
        plates = PlateSamples()
        drawn = self.traffic.sample_plates(Random(0))
        for number, (plate, country) in zip(range(count), drawn, strict=False):
            plates.add(synthetic_alert(list_id, str(number), plate, country))
        return plates

    def _plate_false_hits(self, alert: Alert, min_posterior: float | None) -> float:
        """The false hits of one alert per 100,000 reads."""
        listed = fold_umlauts(normalise(alert.plate))
        countries = [alert.country] if alert.country else self.traffic.possible_countries(listed)
        wanted = (
            self._rules.min_posterior(alert)
            if min_posterior is None
            else max(min_posterior, self._rules.min_posterior(alert) or 0)
        )
        found = 0.0
        for country in countries:
            passes = self.traffic.reads_per_vehicle(country)
            if passes:
                found += passes * self._confused_vehicles(alert, listed, country, wanted)
        return found

    def _confused_vehicles(
        self, alert: Alert, listed: str, country: str, min_posterior: float | None
    ) -> float:
        """How many other vehicles of a country are taken for the listed one, by how often each is read so."""
        density, mode = self._posterior_model.plate_density(listed, country), self._effective_mode(alert)
        if mode == "fuzzy":
            return self._cached_above(country, density, mode, min_posterior or 0.0)
        same = self._cached_above(country, density, "exact", min_posterior or 0.0)
        if mode != "confusable":
            return same
        # Any posterior takes reads of which few are of the listed vehicle, so known reads say little of them.
        alike = same + self._cached_confusable(alert.plate, alert.country, country)
        return (
            alike
            if min_posterior is None
            else min(alike, self._cached_above(country, density, mode, min_posterior))
        )

    def _count_above(self, country: str, density: float, mode: MatchMode, min_posterior: float) -> float:
        """The same, with a lowest posterior, over the known reads."""
        rows = self._cached_table(country)
        others = rows.others_per_vehicle * density + rows.far_weight
        posterior = rows.listed_weight / (rows.listed_weight + others)
        taken = (rows.breadth <= _MODE_BREADTH[mode]) & (posterior >= max(min_posterior, 1e-6))
        return float((rows.weight * others / rows.listed_weight)[taken].sum())

    def _build_table(self, country: str) -> _KnownReadTable:
        known = [pair for pair in self._known_reads.reads if pair.country == country]
        if len(known) < _MIN_KNOWN_READS:
            known = list(self._known_reads.reads)
        total = sum(pair.times for pair in known)
        rows = []
        for pair in known:
            true = pair.true_plate
            density = self._posterior_model.plate_density(true, pair.country)
            read, alert = _to_read(pair), synthetic_alert(_LIST_ID, "a", pair.truth, pair.country)
            result = self._widest_matcher.match(read, alert)
            weighed = self._widest_matcher.scorer.for_read(read).score(alert, true)
            if isinstance(result, NoMatch) or weighed is None or not density:
                continue
            breadth = _MODE_BREADTH[result.class_]
            rows.append(
                (
                    breadth,
                    pair.times / total,
                    weighed.listed_weight,
                    weighed.others_weight / density,
                    weighed.far_weight,
                )
            )
        columns = np.array(rows, dtype=np.float64).reshape(-1, 5).T
        return _KnownReadTable(columns[0].astype(np.intp), *columns[1:])

    def _count_confusable(self, plate: str, listed_country: str | None, country: str) -> float:
        """The same, with any posterior, over the other texts confusable with a plate; `listed`: its country,
        None if it is not said."""
        found = 0.0
        alert = replace(
            synthetic_alert(_LIST_ID, "", plate, country),
            country=listed_country,
            match=AlertMatch("confusable"),
        )
        for text in self._confusable_texts(fold_umlauts(normalise(plate))):
            read = Read("", "", SAMPLE_TIME, text, country)
            if isinstance(self._widest_matcher.match(read, alert), NoMatch):
                continue
            weighed = self._widest_matcher.scorer.for_read(read).score(alert, normalise(plate))
            if weighed is not None:
                found += weighed.others_weight + weighed.far_weight
        return found * self._known_reads.correct_share

    def _confusable_texts(self, plate: str) -> Iterator[str]:
        """The texts that have confusable characters in place of some of a plate's, as many as are allowed."""
        kin = [BUILTIN_CLASSES.class_for(char).replace(char, "") for char in plate]
        places = [place for place, chars in enumerate(kin) if chars]
        for number in range(1, max(self._rules.matching.equivalences, 1) + 1):
            for chosen in combinations(places, number):
                for chars in product(*(kin[place] for place in chosen)):
                    text = list(plate)
                    for place, char in zip(chosen, chars, strict=True):
                        text[place] = char
                    yield "".join(text)

    def _pattern_reads(self, alert: Alert) -> float:
        """The reads of vehicles that fit a pattern, per 100,000; none if patterns are not used so."""
        pattern = normalise(alert.plate, wildcards=True)
        literals = sum(char not in WILDCARDS for char in pattern)
        if self._effective_mode(alert) == "exact" or literals < self._rules.matching.pattern_min_literals:
            return 0.0
        return self.traffic.pattern_reads(pattern, alert.country)

    def _effective_mode(self, alert: Alert) -> MatchMode:
        of_list = "fuzzy" if alert.list_id == _LIST_ID else self._rules.for_list(alert.list_id).mode
        own = alert.match.mode if alert.match is not None else None
        return min(of_list, own or of_list, key=_MODE_BREADTH.__getitem__)


def _to_read(pair: TrainingPair) -> Read:
    return Read(
        pair.read_id,
        "",
        SAMPLE_TIME,
        pair.plate,
        pair.country,
        confidence=pair.confidence,
        char_confidences=pair.char_confidences,
        candidates=pair.candidates,
        char_alternatives=pair.char_alternatives,
    )
