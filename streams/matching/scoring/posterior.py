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

from streams.confusions.evidence import CODE, Evidence, Kind
from streams.confusions.features import TERMS, Slip
from streams.confusions.model import Model
from streams.matching.plate_difference import slips_between
from streams.matching.scoring.competing_plates import Population, Populations
from streams.plates.fleets import Fleets
from streams.plates.packed_keys import ALPHABET

COUNTRY_MISREAD: Final = 0.02
"""The share of reads whose country is read as another, unless an operator says otherwise."""


class Weighed(NamedTuple):
    """The posterior, 0 to 1, and its parts.

    `listed`, `others` and `far` are the weights of the explanations, that of the plate as read being 1: the
    listed vehicle, other plates near the read, and plates unlike it. `as_read` is the part of `others` that
    is the plate just as it was read; `slips` are where the read and the listed plate differ. `whole` is the
    probability that the recogniser gave to the listed plate as a whole, if that was weighed.
    """

    posterior: float
    listed: float
    others: float
    far: float
    as_read: float
    slips: list[Slip]
    whole: float | None = None


class Rivals(NamedTuple):
    """The weights of all plates near a read, and of the plate as read.

    `among` are the populations that were added up, each with how much its vehicles count. `weight` is how
    much the listed vehicle counts, and `crowd` by how much plates unlike the read count more.
    """

    among: tuple[tuple[Population, float], ...]
    near: float
    as_read: float
    weight: float = 1.0
    crowd: float = 1.0


class Weigher:
    """Weighs reads against listed plates, by one model."""

    def __init__(
        self,
        model: Model,
        fleets: Fleets,
        populations: Populations | None = None,
        country_misread: float = COUNTRY_MISREAD,
    ) -> None:
        """Without populations those of the fleets; `country_misread` is a share of the reads, 0 to 1."""
        self._model = model
        self._populations = populations or Populations(fleets)
        self._country_misread = country_misread
        self._terms = {
            kind: dict(zip(TERMS, weights.terms, strict=True)) for kind, weights in model.weights.items()
        }
        self._slips: dict[Kind, dict[str, list[float]]] = {kind: {} for kind in model.weights}
        common = np.array(model.commonness)
        self._others = {kind: np.exp(term["unnamed_slip"] * common) for kind, term in self._terms.items()}
        """By kind, `[true][read]`: the weight of a character being another; none of being itself."""
        for others in self._others.values():
            np.fill_diagonal(others, 0.0)

    @property
    def model(self) -> Model:
        """The model that it weighs by."""
        return self._model

    def weigh(self, evidence: Evidence, listed: str, rivals: Rivals, looks: float = 1.0) -> Weighed | None:
        """The posterior for a listed plate (folded normal form).

        `looks`: how many times likelier the looks read are for the listed vehicle than for any other. None if
        the read is too far from the plate to be weighed.
        """
        likelihood, slips, as_read = 1.0, list[Slip](), 0.0
        own = rivals.as_read
        if listed != evidence.plate:
            found = self._model.likelihood(evidence, listed)
            if found is None:
                return None
            score, how = found
            likelihood, slips, as_read = exp(score), how.slips, rivals.as_read
            own = self._counted(evidence, listed, rivals, slips)
        # No less than the plate as read, whatever rounding and forms left out of the sum come to.
        rest = max(rivals.near - own * likelihood, as_read)
        far = exp(self._model.far(evidence, slips)) * rivals.crowd
        mine = likelihood * rivals.weight * looks
        posterior = mine / (mine + rest + far)
        if (whole := _whole(evidence, listed)) is not None:
            return Weighed(
                posterior, mine, rest, far, as_read, slips or slips_between(evidence.plate, listed), whole
            )
        return Weighed(posterior, mine, rest, far, as_read, slips)

    def _counted(self, evidence: Evidence, listed: str, rivals: Rivals, slips: list[Slip]) -> float:
        """The vehicles for which the sum over all plates has the listed plate itself.

        Of the plates of another length it has only those with nothing else that differs, and those named.
        What it has not must not be taken out of it, or the other explanations would be too few.
        """
        if len(listed) == len(evidence.plate):
            return sum(weight * population.chance(listed) for population, weight in rivals.among)
        named = _whole(evidence, listed) is not None
        if len(slips) != 1 and not named:
            return 0.0
        return sum(
            weight * population.chance(listed)
            for population, weight in rivals.among
            if population.known or named
        )

    def rivals(self, evidence: Evidence, read: str | None, listed: str | None = None) -> Rivals:
        """The other explanations of a read: the same for all listed plates of a country.

        `read` is the country read, `listed` that of the alert, None for not known.
        """
        populations = self._populations
        if read is None:
            everybody = populations.all
            near, as_read = self._near(evidence, everybody)
            rate = populations.likely_rate(evidence.plate) if listed is None else populations.rate(listed)
            return Rivals(((everybody, 1.0),), near, as_read, rate, populations.crowd)
        here = populations.of(read)
        near, as_read = self._near(evidence, here)
        if listed is None or listed == read:
            return Rivals(((here, 1.0),), near, as_read)
        misread = self._country_misread
        there = populations.of(listed)
        more, as_read_there = self._near(evidence, there)
        return Rivals(
            ((here, 1 - misread), (there, misread)),
            (1 - misread) * near + misread * more,
            (1 - misread) * as_read + misread * as_read_there,
            misread,
        )

    def bound(self, evidence: Evidence, listed: str, read: str | None, looks: float = 1.0) -> float:
        """The most that the posterior for a listed plate (folded normal form) can be; quickly found.

        It counts the plate as read as the only rival. 0 if the read is too far to be weighed.
        """
        found = self._model.likelihood(evidence, listed)
        if found is None:
            return 0.0
        mine = exp(found[0]) * looks
        return mine / (mine + self.as_read(evidence.plate, read)) if mine else 0.0

    def as_read(self, plate: str, country: str | None) -> float:
        """The vehicles with a plate (folded normal form) as they pass; of all, without a country."""
        populations = self._populations
        return (populations.all if country is None else populations.of(country)).chance(plate)

    def exists(self, plate: str, country: str | None) -> float:
        """The chance that a plate (folded normal form) is on a vehicle, however often it passes."""
        return self._populations.exists(plate, country)

    def _near(self, evidence: Evidence, population: Population) -> tuple[float, float]:
        """The sum of chance times likelihood over all plates of a population near the read, and the chance
        of the plate as read."""
        plan = population.plan(evidence.plate)
        term, slips, codes = self._terms[evidence.kind], self._slips[evidence.kind], evidence.codes
        steady, slope = term["unnamed"], term["unnamed_share"]
        if evidence.kind in ("plate", "bare"):
            unnamed = [exp(steady + slope * (evidence.rest[0] - evidence.sure[0]))] * len(codes)
        else:
            unnamed = [
                exp(steady + slope * (rest - sure))
                for rest, sure in zip(evidence.rest, evidence.sure, strict=True)
            ]
        totals = []
        for place, allowed, fits in plan.spots:
            common = slips.get(allowed)
            if common is None:
                common = slips[allowed] = self._summed(evidence.kind, allowed)
            total = unnamed[place] * common[codes[place]]
            totals.append(total + 1.0 if fits else total)
        if evidence.kind == "full":
            self._add_named(evidence, plan.spots, unnamed, totals)
        found = 0.0
        for product, spots in plan.rows:
            for spot in spots:
                product *= totals[spot]
            found += product
        found += plan.edge * exp(term["lost_edge"]) + plan.inside * exp(term["lost_inside"])
        for gap, chance in plan.extra:
            share = evidence.none[gap] - evidence.sure[gap]
            found += chance * exp(term["extra"] + term["extra_share"] * share)
        if evidence.own:
            for text, share in evidence.texts.items():
                if len(text) != len(codes) and (chance := population.chance(text)):
                    found += chance * exp(term["text"]) * (share / evidence.own) ** term["text_share"]
        return found, plan.as_read

    def _add_named(
        self,
        evidence: Evidence,
        spots: list[tuple[int, str, bool]],
        unnamed: list[float],
        totals: list[float],
    ) -> None:
        """Adds, where the recogniser named other characters, what they weigh more than if it had not."""
        term = self._terms[evidence.kind]
        more: list[list[tuple[str, float]]] = []
        for place, others in enumerate(evidence.others):
            here: list[tuple[str, float]] = []
            read, sure = evidence.codes[place], evidence.sure[place]
            for true, share in others.items():
                if true != read:
                    common = self._model.commonness[true][read]
                    named = term["named"] + term["named_share"] * (share - sure) + term["named_slip"] * common
                    otherwise = unnamed[place] * exp(term["unnamed_slip"] * common)
                    here.append((ALPHABET[true], exp(named) - otherwise))
            more.append(here)
        for spot, (place, allowed, _) in enumerate(spots):
            for char, weight in more[place]:
                if char in allowed:
                    totals[spot] += weight

    def _summed(self, kind: Kind, allowed: str) -> list[float]:
        """For each character read (36), the weight of being any other of those allowed, by how common."""
        found: list[float] = self._others[kind][[CODE[true] for true in allowed]].sum(axis=0).tolist()
        return found


def _whole(evidence: Evidence, listed: str) -> float | None:
    """What the recogniser gave to a listed plate of another length as a whole text; None if nothing."""
    if len(listed) == len(evidence.plate) or not evidence.own:
        return None
    return evidence.texts.get(listed)
