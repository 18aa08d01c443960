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

from streams.confusions.training.pairs import Pair
from streams.matching.config import ListPolicy, Policies
from streams.matching.country_guard import Refusal
from streams.matching.forecast.known_reads import Known, shipped_reads
from streams.matching.forecast.sample import FROM, Plates, made_up
from streams.matching.forecast.traffic import PER_READS, Traffic
from streams.matching.matcher import Judge
from streams.plates.confusables import CLASSES
from streams.plates.fleets import shipped_fleets
from streams.plates.normal_form import WILDCARDS, folded, normal
from streams.records.alert import Alert, AlertMatch, Mode
from streams.records.read import Read

_MODES: Final[tuple[Mode, ...]] = ("exact", "pattern", "confusable", "fuzzy")
_BREADTH: Final = {mode: breadth for breadth, mode in enumerate(_MODES)}
_STEPS: Final = (*(step / 100 for step in range(5, 100, 5)), 0.99)
"""Lowest posteriors that are tried for a budget."""
_FEW: Final = 30
"""With fewer known reads of a country those of all are taken."""
_LIST: Final = "list"


class Expected(NamedTuple):
    """What a list is expected to cost, per 100,000 reads of all traffic, and a day if its reads are known.

    `false_hits`, and `spread`, the standard error of it for not all plates of the list were looked at;
    `fitting`: reads of vehicles that fit its patterns with wildcards. Those are what was asked for, so they
    are not among the false hits. `day` is what to multiply with for a day, None if that is not known.
    """

    false_hits: float
    spread: float
    fitting: float
    day: float | None

    @property
    def per_day(self) -> float | None:
        """False hits a day."""
        return None if self.day is None else self.false_hits * self.day


class _Rows(NamedTuple):
    """Known reads of a country's plates, each as one of a listed vehicle: how the modes take it (`breadth`,
    intp), its `weight` among all reads, and the weights of its explanations, `others` per vehicle that has a
    given plate of its series."""

    breadth: NDArray[np.intp]
    weight: NDArray[np.float64]
    listed: NDArray[np.float64]
    others: NDArray[np.float64]
    far: NDArray[np.float64]


class Expectation:
    """Says what lists will cost under policies. `judge` judges by the same policies."""

    def __init__(self, policies: Policies, judge: Judge, known: Known | None = None) -> None:
        self._policies = policies
        self._judge = judge
        self._known = known if known is not None else shipped_reads()
        self._weigher = judge.weighing.weigher("")
        self.traffic = Traffic(shipped_fleets(), policies.matching.reads_per_day)
        # The known reads are judged by the widest mode, which says the class of each, and any posterior.
        widest = {_LIST: ListPolicy(mode="fuzzy", min_posterior=0.0)}
        self._widest = Judge(Policies(widest, policies.matching), models=judge.weighing.models)
        self._rows = lru_cache(maxsize=None)(self._rows_of)
        # A budget is tried with many posteriors.
        self._alike = lru_cache(maxsize=4096)(self._alike_of)
        self._above = lru_cache(maxsize=4096)(self._above_of)

    def of(self, plates: Plates, least: float | None = None) -> Expected:
        """What a list of plates is expected to cost; `least`: another lowest posterior than the policy's."""
        found = square = 0.0
        for sample in plates.whole.values():
            each = [self._plate(alert, least) for alert in sample.alerts]
            count, seen = sample.count, len(each)
            found += count * fmean(each)
            if 1 < seen < count:
                square += count**2 * variance(each) / seen * (1 - seen / count)
        fitting = [self._fitting(alert) for alert in plates.patterns.alerts]
        day = self.traffic.reads_per_day
        return Expected(
            found,
            sqrt(square),
            plates.patterns.count * fmean(fitting) if fitting else 0.0,
            None if day is None else day / PER_READS,
        )

    def least_within(self, plates: Plates, per_day: float) -> float | None:
        """The lowest posterior, in steps of 0.05 and at most 0.99, with which a list keeps to a budget.

        None if none does, or the reads a day are not known.
        """
        if self.of(plates).day is None:
            return None
        kept = bisect_left(_STEPS, True, key=lambda step: (self.of(plates, step).per_day or 0) <= per_day)
        return _STEPS[kept] if kept < len(_STEPS) else None

    def drawn(self, list_id: str, count: int) -> Plates:
        """A list of made-up plates, drawn as the traffic is; the same each time."""
        plates = Plates()
        drawn = self.traffic.plates(Random(0))
        for number, (plate, country) in zip(range(count), drawn, strict=False):
            plates.add(made_up(list_id, str(number), plate, country))
        return plates

    def _plate(self, alert: Alert, least: float | None) -> float:
        """The false hits of one alert per 100,000 reads."""
        listed = folded(normal(alert.plate))
        countries = [alert.country] if alert.country else self.traffic.countries_of(listed)
        wanted = (
            self._policies.least(alert) if least is None else max(least, self._policies.least(alert) or 0)
        )
        found = 0.0
        for country in countries:
            passes = self.traffic.passes(country)
            if passes:
                found += passes * self._vehicles(alert, listed, country, wanted)
        return found

    def _vehicles(self, alert: Alert, listed: str, country: str, least: float | None) -> float:
        """How many other vehicles of a country are taken for the listed one, by how often each is read so."""
        density, mode = self._weigher.as_read(listed, country), self._mode(alert)
        if mode == "fuzzy":
            return self._above(country, density, mode, least or 0.0)
        same = self._above(country, density, "exact", least or 0.0)
        if mode != "confusable":
            return same
        # Any posterior takes reads of which few are of the listed vehicle, so known reads say little of them.
        alike = same + self._alike(alert.plate, alert.country, country)
        return alike if least is None else min(alike, self._above(country, density, mode, least))

    def _above_of(self, country: str, density: float, mode: Mode, least: float) -> float:
        """The same, with a lowest posterior, over the known reads."""
        rows = self._rows(country)
        others = rows.others * density + rows.far
        posterior = rows.listed / (rows.listed + others)
        taken = (rows.breadth <= _BREADTH[mode]) & (posterior >= max(least, 1e-6))
        return float((rows.weight * others / rows.listed)[taken].sum())

    def _rows_of(self, country: str) -> _Rows:
        known = [pair for pair in self._known.reads if pair.country == country]
        if len(known) < _FEW:
            known = list(self._known.reads)
        total = sum(pair.times for pair in known)
        rows = []
        for pair in known:
            true = pair.true
            density = self._weigher.as_read(true, pair.country)
            read, alert = _read(pair), made_up(_LIST, "a", pair.truth, pair.country)
            result = self._widest.judge(read, alert)
            weighed = self._widest.weighing.sight(read).weigh(alert, true)
            if isinstance(result, Refusal) or weighed is None or not density:
                continue
            breadth = _BREADTH[result.class_]
            rows.append((breadth, pair.times / total, weighed.listed, weighed.others / density, weighed.far))
        columns = np.array(rows, dtype=np.float64).reshape(-1, 5).T
        return _Rows(columns[0].astype(np.intp), *columns[1:])

    def _alike_of(self, plate: str, listed: str | None, country: str) -> float:
        """The same, with any posterior, over the other texts confusable with a plate; `listed`: its country,
        None if it is not said."""
        found = 0.0
        alert = replace(made_up(_LIST, "", plate, country), country=listed, match=AlertMatch("confusable"))
        for text in self._texts(folded(normal(plate))):
            read = Read("", "", FROM, text, country)
            if isinstance(self._widest.judge(read, alert), Refusal):
                continue
            weighed = self._widest.weighing.sight(read).weigh(alert, normal(plate))
            if weighed is not None:
                found += weighed.others + weighed.far
        return found * self._known.right

    def _texts(self, plate: str) -> Iterator[str]:
        """The texts that have confusable characters in place of some of a plate's, as many as are allowed."""
        kin = [CLASSES.of(char).replace(char, "") for char in plate]
        places = [place for place, chars in enumerate(kin) if chars]
        for number in range(1, max(self._policies.matching.equivalences, 1) + 1):
            for chosen in combinations(places, number):
                for chars in product(*(kin[place] for place in chosen)):
                    text = list(plate)
                    for place, char in zip(chosen, chars, strict=True):
                        text[place] = char
                    yield "".join(text)

    def _fitting(self, alert: Alert) -> float:
        """The reads of vehicles that fit a pattern, per 100,000; none if patterns are not used so."""
        pattern = normal(alert.plate, wildcards=True)
        literals = sum(char not in WILDCARDS for char in pattern)
        if self._mode(alert) == "exact" or literals < self._policies.matching.pattern_min_literals:
            return 0.0
        return self.traffic.fitting(pattern, alert.country)

    def _mode(self, alert: Alert) -> Mode:
        of_list = "fuzzy" if alert.list_id == _LIST else self._policies.of(alert.list_id).mode
        own = alert.match.mode if alert.match is not None else None
        return min(of_list, own or of_list, key=_BREADTH.__getitem__)


def _read(pair: Pair) -> Read:
    return Read(
        pair.read_id,
        "",
        FROM,
        pair.plate,
        pair.country,
        confidence=pair.confidence,
        char_confidences=pair.char_confidences,
        candidates=pair.candidates,
        char_alternatives=pair.char_alternatives,
    )
