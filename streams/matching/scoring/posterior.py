"""The posterior: P(the vehicle is the listed one | the read), the rival explanations counted.

A read close to a listed plate has two kinds of explanation: it is the listed vehicle, read so; or it is any
other vehicle, read right or wrong. The listed vehicle exists. Another plate is on a vehicle only with some
chance, which is how crowded its series is (`streams.plates.fleets`). With S the likelihood of a plate against
that of the plate as read (`streams.confusions`), the posterior is

    S(listed) / (S(listed) + sum over other plates of chance * S + far)

in which every vehicle of a country is as likely to pass as any other. The sum leaves out the listed plate:
else no posterior could rise above one in the vehicles of a crowded series.

Where the country was not read, the sum is over all countries, each by how often its vehicles pass; where
another was read than the alert's, over both, each by how often a country is read so. What the vehicle looks
like multiplies S(listed): how much likelier the looks read are for the listed vehicle than for another.
"""

from math import exp
from typing import Final, NamedTuple

import numpy as np

from streams.confusions.evidence import CHAR_CODES, Evidence, EvidenceKind
from streams.confusions.features import TERMS, Misread
from streams.confusions.model import ConfusionModel
from streams.matching.plate_difference import character_errors_between
from streams.matching.scoring.competing_plates import Population, Populations
from streams.plates.fleets import Fleets
from streams.plates.packed_keys import ALPHABET

COUNTRY_MISREAD_RATE: Final = 0.02
"""The share of reads whose country is read as another, unless an operator says otherwise."""


class Score(NamedTuple):
    """The posterior, 0 to 1, and its parts.

    `listed`, `others` and `far` are the weights of the explanations, that of the plate as read being 1: the
    listed vehicle, other plates near the read, and plates unlike it. `as_read` is the part of `others` that
    is the plate just as it was read; `slips` are where the read and the listed plate differ. `whole` is the
    probability that the recogniser gave to the listed plate as a whole, if that was weighed.
    """

    posterior: float
    listed_weight: float
    others_weight: float
    far_weight: float
    as_read_weight: float
    character_errors: list[Misread]
    text_probability: float | None = None


class CompetingPlates(NamedTuple):
    """The weights of all plates near a read, and of the plate as read.

    `among` are the populations that were added up, each with how much its vehicles count. `weight` is how
    much the listed vehicle counts, and `crowd` by how much plates unlike the read count more.
    """

    populations: tuple[tuple[Population, float], ...]
    near_weight: float
    as_read_weight: float
    listed_weight: float = 1.0
    far_factor: float = 1.0


class PosteriorModel:
    """Weighs reads against listed plates, by one model."""

    def __init__(
        self,
        model: ConfusionModel,
        fleets: Fleets,
        populations: Populations | None = None,
        country_misread_rate: float = COUNTRY_MISREAD_RATE,
    ) -> None:
        """Without populations those of the fleets; `country_misread` is a share of the reads, 0 to 1."""
        self._model = model
        self._populations = populations or Populations(fleets)
        self._country_misread_rate = country_misread_rate
        self._terms = {
            kind: dict(zip(TERMS, weights.terms, strict=True)) for kind, weights in model.weights.items()
        }
        self._error_weights: dict[EvidenceKind, dict[str, list[float]]] = {kind: {} for kind in model.weights}
        common = np.array(model.commonness)
        self._substitution_weights = {
            kind: np.exp(term["unnamed_slip"] * common) for kind, term in self._terms.items()
        }
        """By kind, `[true][read]`: the weight of a character being another; none of being itself."""
        for others in self._substitution_weights.values():
            np.fill_diagonal(others, 0.0)

    @property
    def model(self) -> ConfusionModel:
        """The model that it weighs by."""
        return self._model

    def score(
        self, evidence: Evidence, listed: str, competing: CompetingPlates, appearance_ratio: float = 1.0
    ) -> Score | None:
        """The posterior for a listed plate (folded normal form).

        `looks`: how many times likelier the looks read are for the listed vehicle than for any other. None if
        the read is too far from the plate to be weighed.
        """
        likelihood, slips, as_read = 1.0, list[Misread](), 0.0
        own = competing.as_read_weight
        if listed != evidence.plate:
            found = self._model.log_likelihood(evidence, listed)
            if found is None:
                return None
            score, how = found
            likelihood, slips, as_read = exp(score), how.misreads, competing.as_read_weight
            own = self._included_density(evidence, listed, competing, slips)
        # No less than the plate as read, whatever rounding and forms left out of the sum come to.
        rest = max(competing.near_weight - own * likelihood, as_read)
        far = exp(self._model.log_likelihood_far(evidence, slips)) * competing.far_factor
        mine = likelihood * competing.listed_weight * appearance_ratio
        posterior = mine / (mine + rest + far)
        if (whole := _text_probability(evidence, listed)) is not None:
            return Score(
                posterior,
                mine,
                rest,
                far,
                as_read,
                slips or character_errors_between(evidence.plate, listed),
                whole,
            )
        return Score(posterior, mine, rest, far, as_read, slips)

    def _included_density(
        self, evidence: Evidence, listed: str, competing: CompetingPlates, character_errors: list[Misread]
    ) -> float:
        """The vehicles for which the sum over all plates has the listed plate itself.

        Of the plates of another length it has only those with nothing else that differs, and those named.
        What it has not must not be taken out of it, or the other explanations would be too few.
        """
        if len(listed) == len(evidence.plate):
            return sum(weight * population.density(listed) for population, weight in competing.populations)
        named = _text_probability(evidence, listed) is not None
        if len(character_errors) != 1 and not named:
            return 0.0
        return sum(
            weight * population.density(listed)
            for population, weight in competing.populations
            if population.formats_known or named
        )

    def competing_plates(
        self, evidence: Evidence, read_country: str | None, listed_country: str | None = None
    ) -> CompetingPlates:
        """The other explanations of a read: the same for all listed plates of a country.

        `read` is the country read, `listed` that of the alert, None for not known.
        """
        populations = self._populations
        if read_country is None:
            everybody = populations.all_countries
            near, as_read = self._sum_near(evidence, everybody)
            rate = (
                populations.expected_rate(evidence.plate)
                if listed_country is None
                else populations.rate(listed_country)
            )
            return CompetingPlates(((everybody, 1.0),), near, as_read, rate, populations.size_factor)
        here = populations.for_country(read_country)
        near, as_read = self._sum_near(evidence, here)
        if listed_country is None or listed_country == read_country:
            return CompetingPlates(((here, 1.0),), near, as_read)
        misread = self._country_misread_rate
        there = populations.for_country(listed_country)
        more, as_read_there = self._sum_near(evidence, there)
        return CompetingPlates(
            ((here, 1 - misread), (there, misread)),
            (1 - misread) * near + misread * more,
            (1 - misread) * as_read + misread * as_read_there,
            misread,
        )

    def upper_bound(
        self, evidence: Evidence, listed: str, read_country: str | None, appearance_ratio: float = 1.0
    ) -> float:
        """The most that the posterior for a listed plate (folded normal form) can be; quickly found.

        It counts the plate as read as the only rival. 0 if the read is too far to be weighed.
        """
        found = self._model.log_likelihood(evidence, listed)
        if found is None:
            return 0.0
        mine = exp(found[0]) * appearance_ratio
        return mine / (mine + self.plate_density(evidence.plate, read_country)) if mine else 0.0

    def plate_density(self, plate: str, country: str | None) -> float:
        """The vehicles with a plate (folded normal form) as they pass; of all, without a country."""
        populations = self._populations
        return (populations.all_countries if country is None else populations.for_country(country)).density(
            plate
        )

    def existence_probability(self, plate: str, country: str | None) -> float:
        """The chance that a plate (folded normal form) is on a vehicle, however often it passes."""
        return self._populations.existence_probability(plate, country)

    def _sum_near(self, evidence: Evidence, population: Population) -> tuple[float, float]:
        """The sum of chance times likelihood over all plates of a population near the read, and the chance
        of the plate as read."""
        plan = population.plan(evidence.plate)
        term, slips, codes = self._terms[evidence.kind], self._error_weights[evidence.kind], evidence.codes
        steady, slope = term["unnamed"], term["unnamed_share"]
        if evidence.kind in ("plate", "bare"):
            unnamed = [exp(steady + slope * (evidence.log_unnamed[0] - evidence.log_confidences[0]))] * len(
                codes
            )
        else:
            unnamed = [
                exp(steady + slope * (rest - sure))
                for rest, sure in zip(evidence.log_unnamed, evidence.log_confidences, strict=True)
            ]
        totals = []
        for place, allowed, fits in plan.slots:
            common = slips.get(allowed)
            if common is None:
                common = slips[allowed] = self._sum_substitutions(evidence.kind, allowed)
            total = unnamed[place] * common[codes[place]]
            totals.append(total + 1.0 if fits else total)
        if evidence.kind == "full":
            self._add_named(evidence, plan.slots, unnamed, totals)
        found = 0.0
        for product, spots in plan.rows:
            for spot in spots:
                product *= totals[spot]
            found += product
        found += plan.edge * exp(term["lost_edge"]) + plan.inside * exp(term["lost_inside"])
        for gap, chance in plan.extra:
            share = evidence.log_absent[gap] - evidence.log_confidences[gap]
            found += chance * exp(term["extra"] + term["extra_share"] * share)
        if evidence.own_share:
            for text, share in evidence.texts.items():
                if len(text) != len(codes) and (chance := population.density(text)):
                    found += chance * exp(term["text"]) * (share / evidence.own_share) ** term["text_share"]
        return found, plan.as_read

    def _add_named(
        self,
        evidence: Evidence,
        slots: list[tuple[int, str, bool]],
        unnamed: list[float],
        totals: list[float],
    ) -> None:
        """Adds, where the recogniser named other characters, what they weigh more than if it had not."""
        term = self._terms[evidence.kind]
        more: list[list[tuple[str, float]]] = []
        for place, others in enumerate(evidence.log_alternatives):
            here: list[tuple[str, float]] = []
            read, sure = evidence.codes[place], evidence.log_confidences[place]
            for true, share in others.items():
                if true != read:
                    common = self._model.commonness[true][read]
                    named = term["named"] + term["named_share"] * (share - sure) + term["named_slip"] * common
                    otherwise = unnamed[place] * exp(term["unnamed_slip"] * common)
                    here.append((ALPHABET[true], exp(named) - otherwise))
            more.append(here)
        for spot, (place, allowed, _) in enumerate(slots):
            for char, weight in more[place]:
                if char in allowed:
                    totals[spot] += weight

    def _sum_substitutions(self, kind: EvidenceKind, allowed: str) -> list[float]:
        """For each character read (36), the weight of being any other of those allowed, by how common."""
        found: list[float] = (
            self._substitution_weights[kind][[CHAR_CODES[true] for true in allowed]].sum(axis=0).tolist()
        )
        return found


def _text_probability(evidence: Evidence, listed: str) -> float | None:
    """What the recogniser gave to a listed plate of another length as a whole text; None if nothing."""
    if len(listed) == len(evidence.plate) or not evidence.own_share:
        return None
    return evidence.texts.get(listed)
