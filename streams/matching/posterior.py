"""The posterior: P(the vehicle is the listed one | the read), the rival explanations counted.

A read close to a listed plate has two kinds of explanation: it is the listed vehicle, read so; or it is any
other vehicle of the country, read right or wrong. The listed vehicle exists. Another plate is on a vehicle
only with some chance, which is how crowded its series is (`streams.plates.fleets`). With S the likelihood of
a plate against that of the plate as read (`streams.confusions`), the posterior is

    S(listed) / (S(listed) + sum over other plates of chance * S + far)

in which every vehicle of the country is as likely to pass as any other. The sum leaves out the listed plate:
else no posterior could rise above one in the vehicles of a crowded series.
"""

from functools import lru_cache
from math import exp
from typing import Final, NamedTuple

from streams.confusions.evidence import CODE, Evidence, Kind
from streams.confusions.features import TERMS, Slip
from streams.confusions.model import Model
from streams.plates.fleets import Fleets
from streams.plates.keys import ALPHABET

_NEGLIGIBLE: Final = 1e-12


class Weighed(NamedTuple):
    """The posterior, 0 to 1, and its parts.

    `listed`, `others` and `far` are the weights of the explanations, that of the plate as read being 1: the
    listed vehicle, other plates near the read, and plates unlike it. `as_read` is the part of `others` that
    is the plate just as it was read; `slips` are where the read and the listed plate differ.
    """

    posterior: float
    listed: float
    others: float
    far: float
    as_read: float
    slips: list[Slip]


class Rivals(NamedTuple):
    """The weights of all plates of a country near a read, and of the plate as read."""

    country: str
    near: float
    as_read: float


class _Spot(NamedTuple):
    """One place: what was read (code), the weight of an average slip that was not named, and for each
    character named how much more it weighs than if it were not."""

    read: int
    unnamed: float
    named: list[tuple[str, float]]


class Weigher:
    """Weighs reads against listed plates of a country, by one model."""

    def __init__(self, model: Model, fleets: Fleets) -> None:
        self._model = model
        self._fleets = fleets
        self._terms = {
            kind: dict(zip(TERMS, weights.terms, strict=True)) for kind, weights in model.weights.items()
        }
        self._common = lru_cache(maxsize=1 << 16)(self._summed)

    def weigh(self, evidence: Evidence, listed: str, rivals: Rivals) -> Weighed | None:
        """The posterior for a listed plate (folded normal form) of the country that the rivals are of.

        None if the read is too far from the plate to be weighed.
        """
        found = self._model.likelihood(evidence, listed)
        if found is None:
            return None
        score, how = found
        likelihood = exp(score)
        # What the sum has for the listed plate itself; of another length it may have a little more or less.
        own = self._fleets.density(listed, rivals.country) * likelihood
        rest = max(rivals.near - own, 0.0)
        as_read = 0.0 if listed == evidence.plate else rivals.as_read
        far = exp(self._model.far(evidence, how.slips))
        posterior = likelihood / (likelihood + rest + far)
        return Weighed(posterior, likelihood, rest, far, as_read, how.slips)

    def rivals(self, evidence: Evidence, country: str) -> Rivals:
        """The other explanations of a read, the same for all listed plates of a country."""
        near = self._near(evidence, country)
        return Rivals(country, near, self._fleets.density(evidence.plate, country))

    def _near(self, evidence: Evidence, country: str) -> float:
        """The sum of chance times likelihood over all plates of the country near the read."""
        count = len(evidence.codes)
        # Forms have most of their places in common, so each is summed once.
        sums: dict[tuple[int, str], float] = {}
        places = [self._place(evidence, place) for place in range(count)]
        found = 0.0
        for block in self._fleets.blocks(country, count):
            product = block.density
            for spot in enumerate(block.places):
                total = sums.get(spot)
                if total is None:
                    total = sums[spot] = self._over(places[spot[0]], spot[1], evidence.kind)
                product *= total
                if product < _NEGLIGIBLE:
                    break
            else:
                found += product
        found += self._one_lost(evidence, country) + self._one_extra(evidence, country)
        if evidence.own:
            term = self._terms[evidence.kind]
            for text, share in evidence.texts.items():
                if len(text) != count and (chance := self._fleets.density(text, country)):
                    found += chance * exp(term["text"]) * (share / evidence.own) ** term["text_share"]
        return found

    def _place(self, evidence: Evidence, place: int) -> _Spot:
        """What is read at a place, weighed for all that may be there."""
        term, read = self._terms[evidence.kind], evidence.codes[place]
        sure = evidence.sure[place]
        unnamed = exp(term["unnamed"] + term["unnamed_share"] * (evidence.rest[place] - sure))
        more = []
        for true, share in evidence.others[place].items():
            if true != read:
                common = self._model.commonness[true][read]
                named = exp(
                    term["named"] + term["named_share"] * (share - sure) + term["named_slip"] * common
                )
                more.append((ALPHABET[true], named - unnamed * exp(term["unnamed_slip"] * common)))
        return _Spot(read, unnamed, more)

    def _over(self, spot: _Spot, allowed: str, kind: Kind) -> float:
        """The sum of the likelihoods of all characters that a place may have."""
        total = spot.unnamed * self._common(kind, allowed, spot.read)
        if ALPHABET[spot.read] in allowed:
            total += 1.0
        for char, more in spot.named:
            if char in allowed:
                total += more
        return total

    def _summed(self, kind: Kind, allowed: str, read: int) -> float:
        weight = self._terms[kind]["unnamed_slip"]
        return sum(
            exp(weight * self._model.commonness[CODE[true]][read]) for true in allowed if CODE[true] != read
        )

    def _one_lost(self, evidence: Evidence, country: str) -> float:
        """The sum over all plates that have one character more."""
        term, plate = self._terms[evidence.kind], evidence.plate
        edge, inside = exp(term["lost_edge"]), exp(term["lost_inside"])
        return sum(
            block.density * len(block.places[gap]) * (edge if gap in (0, len(plate)) else inside)
            for block in self._fleets.blocks(country, len(plate) + 1)
            for gap in block.gaps(plate)
        )

    def _one_extra(self, evidence: Evidence, country: str) -> float:
        """The sum over all plates that have one character less."""
        term = self._terms[evidence.kind]
        return sum(
            block.density
            * exp(term["extra"] + term["extra_share"] * (evidence.none[gap] - evidence.sure[gap]))
            for block in self._fleets.blocks(country, len(evidence.plate) - 1)
            for gap in block.gaps(evidence.plate)
        )
