"""The posterior: P(the vehicle is the listed one | the read), all other explanations included.

A read close to a listed plate has two kinds of explanation: it is the listed vehicle, read that way; or it is
another vehicle, read correctly or not. The listed vehicle exists. Another plate is on a vehicle only with
some chance, the density of its series (`streams.plates.fleets`). With S the likelihood of a plate relative to
that of the plate as read (`streams.confusions`), the posterior is

    S(listed) / (S(listed) + sum over other plates of chance * S + far)

in which every vehicle of a country is equally likely to pass. The sum leaves out the listed plate; otherwise
no posterior could exceed one over the number of vehicles in a crowded series.

If no country was read, the sum is over all countries, each weighted by how often its vehicles pass; if the
country read is not that of the alert, over both, each weighted by how often a country is read that way. The
appearance of the vehicle multiplies S(listed) by how much more likely it is for the listed vehicle than for
another.
"""

from math import exp
from typing import Final, NamedTuple

from streams.confusions.evidence import Evidence
from streams.confusions.features import Misread
from streams.confusions.model import ConfusionModel
from streams.matching.plate_difference import character_errors_between
from streams.matching.scoring.competing_plates import Population, Populations
from streams.matching.scoring.near_plates import NearPlates
from streams.plates.fleets import Fleets

COUNTRY_MISREAD_RATE: Final = 0.02
"""The default share of reads whose country is misread."""
MAX_POSTERIOR: Final = 0.9999
"""No evidence of a camera makes a match more certain than this."""


class Score(NamedTuple):
    """A posterior, 0 to 1, and its parts.

    The weights of the explanations are relative to the likelihood of the plate as read: `listed_weight` is
    that of the listed vehicle, `others_weight` of other plates near the read, `far_weight` of plates unlike
    it. `as_read_weight` is the part of `others_weight` for exactly the plate as read.
    `character_errors` are the differences between the read and the listed plate. `text_probability` is the
    probability that the recogniser gave to the listed plate as a whole, if it was used.
    """

    posterior: float
    listed_weight: float
    others_weight: float
    far_weight: float
    as_read_weight: float
    character_errors: list[Misread]
    text_probability: float | None = None


class CompetingPlates(NamedTuple):
    """The other explanations of a read: the weight of all plates near it, and of the plate as read.

    `populations` are those summed over, each with the weight of its vehicles. `listed_weight` is the weight
    of the listed vehicle, and `far_factor` the factor for plates unlike the read.
    """

    populations: tuple[tuple[Population, float], ...]
    near_weight: float
    as_read_weight: float
    listed_weight: float = 1.0
    far_factor: float = 1.0


class PosteriorModel:
    """Scores reads against listed plates, by one confusion model."""

    def __init__(
        self,
        model: ConfusionModel,
        fleets: Fleets,
        populations: Populations | None = None,
        country_misread_rate: float = COUNTRY_MISREAD_RATE,
    ) -> None:
        """Use the populations of `fleets` if none are passed; the rate is a share of the reads, 0 to 1."""
        self._model = model
        self._populations = populations or Populations(fleets)
        self._country_misread_rate = country_misread_rate
        self._near_plates = NearPlates(model)

    @property
    def model(self) -> ConfusionModel:
        """The confusion model."""
        return self._model

    def score(
        self, evidence: Evidence, listed: str, competing: CompetingPlates, appearance_ratio: float = 1.0
    ) -> Score | None:
        """Score a read against a listed plate (folded normal form).

        `appearance_ratio` is how many times more likely the appearance read is for the listed vehicle than
        for another. Return None if the read is too far from the plate to be scored.
        """
        likelihood, errors, as_read = 1.0, list[Misread](), 0.0
        listed_density = competing.as_read_weight
        if listed != evidence.plate:
            result = self._model.log_likelihood(evidence, listed)
            if result is None:
                return None
            log_likelihood, alignment = result
            likelihood, errors = exp(log_likelihood), alignment.misreads
            as_read = competing.as_read_weight
            listed_density = self._included_density(evidence, listed, competing, errors)
        # At least the plate as read, whatever rounding and formats left out of the sum amount to.
        others = max(competing.near_weight - listed_density * likelihood, as_read)
        far = exp(self._model.log_likelihood_far(evidence, errors)) * competing.far_factor
        listed_weight = likelihood * competing.listed_weight * appearance_ratio
        posterior = listed_weight / (listed_weight + others + far)
        text_probability = _text_probability(evidence, listed)
        if text_probability is not None and not errors:
            errors = character_errors_between(evidence.plate, listed)
        return Score(posterior, listed_weight, others, far, as_read, errors, text_probability)

    def _included_density(
        self, evidence: Evidence, listed: str, competing: CompetingPlates, errors: list[Misread]
    ) -> float:
        """Return the vehicles with the listed plate that the sum over all plates includes.

        Of the plates of another length, the sum includes only those with no other difference and those that
        the recogniser named. What it does not include must not be subtracted: the weight of the other
        explanations would be too low.
        """
        if len(listed) == len(evidence.plate):
            return sum(weight * population.density(listed) for population, weight in competing.populations)
        named = _text_probability(evidence, listed) is not None
        if len(errors) != 1 and not named:
            return 0.0
        return sum(
            weight * population.density(listed)
            for population, weight in competing.populations
            if population.formats_known or named
        )

    def competing_plates(
        self, evidence: Evidence, read_country: str | None, listed_country: str | None = None
    ) -> CompetingPlates:
        """Return the other explanations of a read, the same for all listed plates of a country.

        The countries are those of the read and of the alert, None if unknown.
        """
        populations = self._populations
        if read_country is None:
            everybody = populations.all_countries
            near, as_read = self._near_plates.sum_weights(evidence, everybody)
            rate = (
                populations.expected_rate(evidence.plate)
                if listed_country is None
                else populations.rate(listed_country)
            )
            return CompetingPlates(((everybody, 1.0),), near, as_read, rate, populations.size_factor)
        read_population = populations.for_country(read_country)
        near, as_read = self._near_plates.sum_weights(evidence, read_population)
        if listed_country is None or listed_country == read_country:
            return CompetingPlates(((read_population, 1.0),), near, as_read)
        misread_rate = self._country_misread_rate
        listed_population = populations.for_country(listed_country)
        listed_near, listed_as_read = self._near_plates.sum_weights(evidence, listed_population)
        return CompetingPlates(
            ((read_population, 1 - misread_rate), (listed_population, misread_rate)),
            (1 - misread_rate) * near + misread_rate * listed_near,
            (1 - misread_rate) * as_read + misread_rate * listed_as_read,
            misread_rate,
        )

    def upper_bound(
        self, evidence: Evidence, listed: str, read_country: str | None, appearance_ratio: float = 1.0
    ) -> float:
        """Return an upper bound of the posterior for a listed plate (folded normal form), at little cost.

        The plate as read is the only competing plate counted. 0 if the read is too far away to be scored.
        """
        result = self._model.log_likelihood(evidence, listed)
        if result is None:
            return 0.0
        listed_weight = exp(result[0]) * appearance_ratio
        if not listed_weight:
            return 0.0
        return listed_weight / (listed_weight + self.plate_density(evidence.plate, read_country))

    def plate_density(self, plate: str, country: str | None) -> float:
        """Return the expected vehicles with a plate (folded normal form), weighted by how often they pass.

        Without a country, those of all countries.
        """
        populations = self._populations
        population = populations.all_countries if country is None else populations.for_country(country)
        return population.density(plate)

    def existence_probability(self, plate: str, country: str | None) -> float:
        """Return the probability that a plate (folded normal form) exists, however rarely it passes."""
        return self._populations.existence_probability(plate, country)


def _text_probability(evidence: Evidence, listed: str) -> float | None:
    """Return the probability of a listed plate of another length as a whole text; None if not named."""
    if len(listed) == len(evidence.plate) or not evidence.own_share:
        return None
    return evidence.texts.get(listed)
