"""Looks: how much the make, colour and type seen speak for the listed vehicle or against it.

    ratio = P(looks as seen | the listed vehicle) / P(looks as seen | another vehicle of the country)

Only what both the read and the alert say is weighed. The type is weighed first, then the make among vehicles
read as that type, then the colour among those: that a Scania is a lorry, or a van white, is not counted twice
(`streams.matching.appearance.model`). The product Q of the parts is softened:

    ratio = 1 + (1 - listed_wrong) * trust * (Q - 1)

With chance `listed_wrong` the description is not that of the vehicle with the plate (repainted, wrongly
entered, the plate on another vehicle), and the looks say nothing; so no ratio is below `listed_wrong`. With
chance 1 - trust the recogniser guessed. If the figures are right, the mean of the ratio over the vehicles of
the fleet is 1; a contradiction held to no more than 1, and the highest ratio, make it less.
"""

from functools import lru_cache
from typing import Final, Literal, NamedTuple

from streams.matching.appearance.config import LooksPolicy as LooksPolicy
from streams.matching.appearance.model import Appearance, Matrix, shipped_appearance
from streams.matching.appearance.names import What, same_model
from streams.matching.appearance.text import as_listed, model_words, not_as_listed
from streams.records.match import Contradiction
from streams.records.read import Vehicle
from streams.records.types import Basis

CONTRADICTS: Final = 1 / 3
"""A part below this, three times as likely of another vehicle, is said to the officer as a contradiction."""


class LookPart(NamedTuple):
    """What one property says: `read` and `listed` as given; `ratio`, of this part alone, softened like the
    whole; `words` for an officer."""

    what: Literal["type", "make", "model", "colour"]
    read: str
    listed: str
    ratio: float
    words: str


class LooksWeighed(NamedTuple):
    """The ratio, from `listed_wrong` to its inverse, 1 where looks say nothing; and its parts, in the order
    type, make, model, colour, as far as both sides have them and their words are known."""

    ratio: float
    parts: list[LookPart]


class _Compared(NamedTuple):
    """One property: the places of the names read and listed, P(read so | as listed), P(read so | another
    vehicle, as far as it agrees with the read in the properties before), and their ratio before softening."""

    what: What
    read: int
    listed: int
    chance: float
    other: float
    ratio: float


class Looks:
    """Weighs the looks of reads against those listed; the same for the same input."""

    def __init__(self, policy: LooksPolicy | None = None, appearance: Appearance | None = None) -> None:
        policy = policy or LooksPolicy()
        self._data = data = appearance or shipped_appearance()
        self._certain = 1 - policy.listed_wrong
        self.most = 1 / policy.listed_wrong
        """The highest ratio there is: what a sieve before this has to allow for."""
        confusions: dict[What, Matrix] = {
            "type": data.confusions("type", policy.error_type),
            "make": data.confusions("make", policy.error_make),
            "colour": data.confusions("colour", policy.error_colour),
        }
        # For each country and each true type: how often each type, make and colour is read.
        self._reads: dict[str, dict[What, Matrix]] = {
            country: {
                "type": confusions["type"],
                "make": fleet.makes @ confusions["make"],
                "colour": fleet.colours @ confusions["colour"],
            }
            for country, fleet in data.fleets.items()
        }
        # A hot path: what does not depend on the alert is remembered, some ten thousand numbers.
        self._chances: dict[What, list[list[float]]] = {what: t.tolist() for what, t in confusions.items()}
        self._other = lru_cache(maxsize=1 << 16)(self._share)
        self._model = lru_cache(maxsize=1 << 12)(self._model_ratio)
        self._words = lru_cache(maxsize=1 << 12)(self._said)

    def ratio(self, read: Vehicle | None, alert: Vehicle | None, country: str | None) -> float:
        """The ratio alone, as `weigh` gives it, without its words: most candidates come to nothing."""
        if read is None or alert is None:
            return 1.0
        product = 1.0
        for each in self._compared(read, alert, country):
            product *= each.ratio
            if each.what == "make" and each.read == each.listed and read.model and alert.model:
                product *= self._model(read.model, alert.model) or 1.0
        return self._soft(product, self._counts(read))

    def weigh(self, read: Vehicle | None, alert: Vehicle | None, country: str | None) -> LooksWeighed:
        """What the looks of a read say of an alert; its rivals are the fleet of `country`, that of the plate.

        A country that is not known has the general fleet. A read without confidence, or with more than usual,
        counts in full: the error rates are those of the average read.
        """
        if read is None or alert is None:
            return LooksWeighed(1.0, [])
        counts = self._counts(read)
        product = 1.0
        parts: list[LookPart] = []
        for each in self._compared(read, alert, country):
            what = each.what
            product *= each.ratio
            seen, listed, words = getattr(read, what), getattr(alert, what), self._words(each, bool(parts))
            parts.append(LookPart(what, seen, listed, self._soft(each.ratio, counts), words))
            if what == "make" and each.read == each.listed and read.model and alert.model:
                model = self._model(read.model, alert.model)
                if model is not None:
                    product *= model
                    words = model_words(read.model, alert.model, agrees=model > 1)
                    parts.append(LookPart("model", read.model, alert.model, self._soft(model, counts), words))
        return LooksWeighed(self._soft(product, counts), parts)

    def _said(self, each: _Compared, among_such: bool) -> str:
        rows = self._data.names[each.what].rows
        if each.read == each.listed:
            return as_listed(each.what, rows[each.read], each.other, among_such=among_such)
        return not_as_listed(each.what, rows[each.read], rows[each.listed], each.chance)

    def _counts(self, read: Vehicle) -> float:
        """The chance, 0 to 1, that the looks say anything at all."""
        if read.confidence is None or read.confidence >= self._data.usual_confidence:
            return self._certain
        return self._certain * read.confidence / self._data.usual_confidence

    def _soft(self, bare: float, counts: float) -> float:
        """A bare ratio, softened.

        None goes beyond the inverse of `listed_wrong`: it would rest on the share of a rare make, which is
        little known, and on make and colour not going together, which for rare makes they do.
        """
        return min(1 + counts * (bare - 1), self.most)

    def _compared(self, read: Vehicle, alert: Vehicle, country: str | None) -> list[_Compared]:
        country = country if country in self._reads else ""
        found: list[_Compared] = []
        kind: int | None = None
        make: int | None = None
        given: tuple[tuple[What, str | None, str | None], ...] = (
            ("type", read.type, alert.type),
            ("make", read.make, alert.make),
            ("colour", read.colour, alert.colour),
        )
        for what, seen, described in given:
            if seen is None or described is None:
                continue
            names = self._data.names[what]
            at, true = names.place(seen), names.place(described)
            if at is None or true is None:
                continue
            chance, other = self._chances[what][true][at], self._other(country, what, at, kind, make)
            # Red is sometimes read as orange, so a rare orange does speak for a listed red. The figures are
            # not good enough to let a contradiction raise a posterior.
            ratio = chance / other if at == true else min(chance / other, 1.0)
            found.append(_Compared(what, at, true, chance, other, ratio))
            if what == "type":
                kind = at
            elif what == "make":
                make = at
        return found

    def _share(self, country: str, what: What, at: int, kind: int | None, make: int | None) -> float:
        """How many vehicles of a country are read so, of those read as the type and make given."""
        reads = self._reads[country]
        weights = self._data.fleets[country].types
        if kind is not None:
            weights = weights * reads["type"][:, kind]
        if make is not None:
            weights = weights * reads["make"][:, make]
        return float(weights @ reads[what][:, at] / weights.sum())

    def _model_ratio(self, read: str, listed: str) -> float | None:
        """A model among those of its make: there is no list of them, so only the same words are the same."""
        row = self._data.model
        if row.says_nothing(read) or row.says_nothing(listed):
            return None
        return (1 - row.error) / row.share if same_model(read, listed) else row.error / (1 - row.share)


def looks_tell(basis: Basis) -> bool:
    """Whether an alert of a legal basis describes the vehicle that would carry the plate.

    Regulation (EU) 2018/1862, article 38(2)(m), is about plates that were stolen or lost: the plate may be on
    any vehicle, so what is listed of the vehicle it came from says nothing, neither for nor against.
    """
    return basis != "SIS-38-plate"


def contradictions_of(parts: list[LookPart], below: float = CONTRADICTS) -> list[Contradiction]:
    """The parts that speak against the alert so much that the officer is to be told; models never do."""
    return [
        Contradiction(part.what, part.read, part.listed, part.words)
        for part in parts
        if part.what != "model" and part.ratio < below
    ]
