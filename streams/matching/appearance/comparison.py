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

from streams.matching.appearance.config import AppearanceConfig as AppearanceConfig
from streams.matching.appearance.model import AppearanceModel, Matrix, builtin_appearance
from streams.matching.appearance.names import Attribute, is_same_model
from streams.matching.appearance.text import agreement_text, contradiction_text, model_text
from streams.records.match import Contradiction
from streams.records.read import Vehicle
from streams.records.types import Basis

CONTRADICTION_RATIO: Final = 1 / 3
"""A part below this, three times as likely of another vehicle, is said to the officer as a contradiction."""


class AttributeComparison(NamedTuple):
    """What one property says: `read` and `listed` as given; `ratio`, of this part alone, softened like the
    whole; `words` for an officer."""

    attribute: Literal["type", "make", "model", "colour"]
    read: str
    listed: str
    ratio: float
    text: str


class AppearanceScore(NamedTuple):
    """The ratio, from `listed_wrong` to its inverse, 1 where looks say nothing; and its parts, in the order
    type, make, model, colour, as far as both sides have them and their words are known."""

    ratio: float
    parts: list[AttributeComparison]


class _RawComparison(NamedTuple):
    """One property: the places of the names read and listed, P(read so | as listed), P(read so | another
    vehicle, as far as it agrees with the read in the properties before), and their ratio before softening."""

    attribute: Attribute
    read_index: int
    listed_index: int
    listed_probability: float
    other_probability: float
    ratio: float


class AppearanceComparer:
    """Weighs the looks of reads against those listed; the same for the same input."""

    def __init__(self, config: AppearanceConfig | None = None, model: AppearanceModel | None = None) -> None:
        config = config or AppearanceConfig()
        self._appearance = data = model or builtin_appearance()
        self._listed_right = 1 - config.listed_wrong
        self.max_ratio = 1 / config.listed_wrong
        """The highest ratio there is: what a sieve before this has to allow for."""
        confusions: dict[Attribute, Matrix] = {
            "type": data.confusion_matrix("type", config.error_type),
            "make": data.confusion_matrix("make", config.error_make),
            "colour": data.confusion_matrix("colour", config.error_colour),
        }
        # For each country and each true type: how often each type, make and colour is read.
        self._read_shares: dict[str, dict[Attribute, Matrix]] = {
            country: {
                "type": confusions["type"],
                "make": fleet.makes @ confusions["make"],
                "colour": fleet.colours @ confusions["colour"],
            }
            for country, fleet in data.fleets.items()
        }
        # A hot path: what does not depend on the alert is remembered, some ten thousand numbers.
        self._confusions: dict[Attribute, list[list[float]]] = {
            what: t.tolist() for what, t in confusions.items()
        }
        self._cached_share = lru_cache(maxsize=1 << 16)(self._compute_share)
        self._cached_model_ratio = lru_cache(maxsize=1 << 12)(self._model_ratio)
        self._cached_text = lru_cache(maxsize=1 << 12)(self._attribute_text)

    def ratio(self, read: Vehicle | None, alert: Vehicle | None, country: str | None) -> float:
        """The ratio alone, as `weigh` gives it, without its words: most candidates come to nothing."""
        if read is None or alert is None:
            return 1.0
        product = 1.0
        for each in self._compare(read, alert, country):
            product *= each.ratio
            if (
                each.attribute == "make"
                and each.read_index == each.listed_index
                and read.model
                and alert.model
            ):
                product *= self._cached_model_ratio(read.model, alert.model) or 1.0
        return self._soften(product, self._reliability(read))

    def score(self, read: Vehicle | None, alert: Vehicle | None, country: str | None) -> AppearanceScore:
        """What the looks of a read say of an alert; its rivals are the fleet of `country`, that of the plate.

        A country that is not known has the general fleet. A read without confidence, or with more than usual,
        counts in full: the error rates are those of the average read.
        """
        if read is None or alert is None:
            return AppearanceScore(1.0, [])
        counts = self._reliability(read)
        product = 1.0
        parts: list[AttributeComparison] = []
        for each in self._compare(read, alert, country):
            what = each.attribute
            product *= each.ratio
            seen, listed, words = (
                getattr(read, what),
                getattr(alert, what),
                self._cached_text(each, bool(parts)),
            )
            parts.append(AttributeComparison(what, seen, listed, self._soften(each.ratio, counts), words))
            if what == "make" and each.read_index == each.listed_index and read.model and alert.model:
                model = self._cached_model_ratio(read.model, alert.model)
                if model is not None:
                    product *= model
                    words = model_text(read.model, alert.model, agrees=model > 1)
                    parts.append(
                        AttributeComparison(
                            "model", read.model, alert.model, self._soften(model, counts), words
                        )
                    )
        return AppearanceScore(self._soften(product, counts), parts)

    def _attribute_text(self, compared: _RawComparison, among_similar: bool) -> str:
        rows = self._appearance.names[compared.attribute].rows
        if compared.read_index == compared.listed_index:
            return agreement_text(
                compared.attribute,
                rows[compared.read_index],
                compared.other_probability,
                among_similar=among_similar,
            )
        return contradiction_text(
            compared.attribute,
            rows[compared.read_index],
            rows[compared.listed_index],
            compared.listed_probability,
        )

    def _reliability(self, read: Vehicle) -> float:
        """The chance, 0 to 1, that the looks say anything at all."""
        if read.confidence is None or read.confidence >= self._appearance.usual_confidence:
            return self._listed_right
        return self._listed_right * read.confidence / self._appearance.usual_confidence

    def _soften(self, raw_ratio: float, reliability: float) -> float:
        """A bare ratio, softened.

        None goes beyond the inverse of `listed_wrong`: it would rest on the share of a rare make, which is
        little known, and on make and colour not going together, which for rare makes they do.
        """
        return min(1 + reliability * (raw_ratio - 1), self.max_ratio)

    def _compare(self, read: Vehicle, alert: Vehicle, country: str | None) -> list[_RawComparison]:
        country = country if country in self._read_shares else ""
        found: list[_RawComparison] = []
        kind: int | None = None
        make: int | None = None
        given: tuple[tuple[Attribute, str | None, str | None], ...] = (
            ("type", read.type, alert.type),
            ("make", read.make, alert.make),
            ("colour", read.colour, alert.colour),
        )
        for what, seen, described in given:
            if seen is None or described is None:
                continue
            names = self._appearance.names[what]
            at, true = names.find_index(seen), names.find_index(described)
            if at is None or true is None:
                continue
            chance, other = (
                self._confusions[what][true][at],
                self._cached_share(country, what, at, kind, make),
            )
            # Red is sometimes read as orange, so a rare orange does speak for a listed red. The figures are
            # not good enough to let a contradiction raise a posterior.
            ratio = chance / other if at == true else min(chance / other, 1.0)
            found.append(_RawComparison(what, at, true, chance, other, ratio))
            if what == "type":
                kind = at
            elif what == "make":
                make = at
        return found

    def _compute_share(
        self, country: str, attribute: Attribute, index: int, kind: int | None, make: int | None
    ) -> float:
        """How many vehicles of a country are read so, of those read as the type and make given."""
        reads = self._read_shares[country]
        weights = self._appearance.fleets[country].types
        if kind is not None:
            weights = weights * reads["type"][:, kind]
        if make is not None:
            weights = weights * reads["make"][:, make]
        return float(weights @ reads[attribute][:, index] / weights.sum())

    def _model_ratio(self, read: str, listed: str) -> float | None:
        """A model among those of its make: there is no list of them, so only the same words are the same."""
        row = self._appearance.model
        if row.is_unknown(read) or row.is_unknown(listed):
            return None
        return (1 - row.error) / row.share if is_same_model(read, listed) else row.error / (1 - row.share)


def describes_vehicle(basis: Basis) -> bool:
    """Whether an alert of a legal basis describes the vehicle that would carry the plate.

    Regulation (EU) 2018/1862, article 38(2)(m), is about plates that were stolen or lost: the plate may be on
    any vehicle, so what is listed of the vehicle it came from says nothing, neither for nor against.
    """
    return basis != "SIS-38-plate"


def find_contradictions(
    parts: list[AttributeComparison], max_ratio: float = CONTRADICTION_RATIO
) -> list[Contradiction]:
    """The parts that speak against the alert so much that the officer is to be told; models never do."""
    return [
        Contradiction(part.attribute, part.read, part.listed, part.text)
        for part in parts
        if part.attribute != "model" and part.ratio < max_ratio
    ]
