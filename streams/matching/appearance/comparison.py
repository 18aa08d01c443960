"""Comparison of the appearance read with that listed: make, model, colour and type.

    ratio = P(appearance as read | listed vehicle) / P(appearance as read | another vehicle of the country)

Only attributes that both the read and the alert have are compared: the type first, then the make among
vehicles read as that type, then the colour among those. Thus it is not counted twice that a Scania is a lorry
or that vans are white (`streams.matching.appearance.model`). The product Q of the attributes is softened:

    ratio = 1 + (1 - listed_wrong) * trust * (Q - 1)

With probability `listed_wrong` the description is not that of the vehicle with the plate (repainted, entered
wrongly, plate on another vehicle), and the appearance tells nothing; so no ratio is below `listed_wrong`.
With probability 1 - trust the recogniser guessed. If the figures are correct, the mean of the ratio over the
vehicles of the fleet is 1; limiting contradictions to 1, and the maximum ratio, reduce it.
"""

from functools import lru_cache
from typing import Final, Literal, NamedTuple

from streams.matching.appearance.config import AppearanceConfig
from streams.matching.appearance.model import AppearanceModel, Matrix, builtin_appearance
from streams.matching.appearance.names import Attribute, is_same_model
from streams.matching.appearance.text import agreement_text, contradiction_text, model_text
from streams.records.match import Contradiction
from streams.records.read import Vehicle
from streams.records.types import Basis

CONTRADICTION_RATIO: Final = 1 / 3
"""An attribute below this ratio, three times as likely for another vehicle, is shown as a contradiction."""


class AttributeComparison(NamedTuple):
    """One attribute: as read, as listed, its softened ratio, and a sentence for officers."""

    attribute: Literal["type", "make", "model", "colour"]
    read: str
    listed: str
    ratio: float
    text: str


class AppearanceScore(NamedTuple):
    """The ratio, from `listed_wrong` to its inverse, 1 if the appearance tells nothing; and its parts.

    The parts are in the order type, make, model, colour, as far as both sides have them in known words.
    """

    ratio: float
    parts: list[AttributeComparison]


class _RawComparison(NamedTuple):
    """One attribute before softening: the indices of the names, two probabilities, and their ratio.

    `listed_probability` is P(read this way | as listed), `other_probability` P(read this way | another
    vehicle that agrees with the read in the attributes before).
    """

    attribute: Attribute
    read_index: int
    listed_index: int
    listed_probability: float
    other_probability: float
    ratio: float


class AppearanceComparer:
    """Compares the appearance read with that listed; deterministic."""

    def __init__(self, config: AppearanceConfig | None = None, model: AppearanceModel | None = None) -> None:
        """Use the default settings and the built-in model where none are passed."""
        config = config or AppearanceConfig()
        self._appearance = model = model or builtin_appearance()
        self._listed_right = 1 - config.listed_wrong
        self.max_ratio = 1 / config.listed_wrong
        """The maximum ratio, which the prefilter has to allow for."""
        confusions: dict[Attribute, Matrix] = {
            "type": model.confusion_matrix("type", config.error_type),
            "make": model.confusion_matrix("make", config.error_make),
            "colour": model.confusion_matrix("colour", config.error_colour),
        }
        # By country and true type: how often each type, make and colour is read.
        self._read_shares: dict[str, dict[Attribute, Matrix]] = {
            country: {
                "type": confusions["type"],
                "make": fleet.makes @ confusions["make"],
                "colour": fleet.colours @ confusions["colour"],
            }
            for country, fleet in model.fleets.items()
        }
        # This is on the hot path: what does not depend on the alert is cached, some ten thousand numbers.
        self._confusions: dict[Attribute, list[list[float]]] = {
            attribute: matrix.tolist() for attribute, matrix in confusions.items()
        }
        self._cached_share = lru_cache(maxsize=1 << 16)(self._compute_share)
        self._cached_model_ratio = lru_cache(maxsize=1 << 12)(self._model_ratio)
        self._cached_text = lru_cache(maxsize=1 << 12)(self._attribute_text)

    def ratio(self, read: Vehicle | None, alert: Vehicle | None, country: str | None) -> float:
        """Return the ratio of `score` without its parts: most candidates do not become matches."""
        if read is None or alert is None:
            return 1.0
        product = 1.0
        for comparison in self._compare(read, alert, country):
            product *= comparison.ratio
            product *= self._model_ratio_within(comparison, read, alert) or 1.0
        return self._soften(product, self._reliability(read))

    def score(self, read: Vehicle | None, alert: Vehicle | None, country: str | None) -> AppearanceScore:
        """Compare the appearance of a read with that of an alert, against the fleet of the plate's country.

        An unknown country has the general fleet. A read without a confidence, or with more than the usual
        one, counts in full: the error rates are those of the average read.
        """
        if read is None or alert is None:
            return AppearanceScore(1.0, [])
        reliability = self._reliability(read)
        product = 1.0
        parts: list[AttributeComparison] = []
        for comparison in self._compare(read, alert, country):
            attribute = comparison.attribute
            product *= comparison.ratio
            text = self._cached_text(comparison, bool(parts))
            softened = self._soften(comparison.ratio, reliability)
            parts.append(
                AttributeComparison(
                    attribute, getattr(read, attribute), getattr(alert, attribute), softened, text
                )
            )
            model_ratio = self._model_ratio_within(comparison, read, alert)
            if model_ratio is not None and read.model and alert.model:
                product *= model_ratio
                text = model_text(read.model, alert.model, agrees=model_ratio > 1)
                softened = self._soften(model_ratio, reliability)
                parts.append(AttributeComparison("model", read.model, alert.model, softened, text))
        return AppearanceScore(self._soften(product, reliability), parts)

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
        """Return the probability, 0 to 1, that the appearance tells anything at all."""
        if read.confidence is None or read.confidence >= self._appearance.usual_confidence:
            return self._listed_right
        return self._listed_right * read.confidence / self._appearance.usual_confidence

    def _soften(self, raw_ratio: float, reliability: float) -> float:
        """Soften a ratio; the result is at most the inverse of `listed_wrong`.

        A higher ratio would rest on the share of a rare make, which is little known, and on make and colour
        being independent, which they are not for rare makes.
        """
        return min(1 + reliability * (raw_ratio - 1), self.max_ratio)

    def _compare(self, read: Vehicle, alert: Vehicle, country: str | None) -> list[_RawComparison]:
        fleet_country = country if country in self._read_shares else ""
        comparisons: list[_RawComparison] = []
        type_index: int | None = None
        make_index: int | None = None
        attributes: tuple[tuple[Attribute, str | None, str | None], ...] = (
            ("type", read.type, alert.type),
            ("make", read.make, alert.make),
            ("colour", read.colour, alert.colour),
        )
        for attribute, read_text, listed_text in attributes:
            if read_text is None or listed_text is None:
                continue
            names = self._appearance.names[attribute]
            read_index, listed_index = names.find_index(read_text), names.find_index(listed_text)
            if read_index is None or listed_index is None:
                continue
            listed_probability = self._confusions[attribute][listed_index][read_index]
            other_probability = self._cached_share(
                fleet_country, attribute, read_index, type_index, make_index
            )
            ratio = listed_probability / other_probability
            # Red is sometimes read as orange, so a rare orange is evidence for a listed red. The figures are
            # not good enough to let a contradiction raise a posterior.
            if read_index != listed_index:
                ratio = min(ratio, 1.0)
            comparisons.append(
                _RawComparison(
                    attribute, read_index, listed_index, listed_probability, other_probability, ratio
                )
            )
            if attribute == "type":
                type_index = read_index
            elif attribute == "make":
                make_index = read_index
        return comparisons

    def _compute_share(
        self, country: str, attribute: Attribute, index: int, type_index: int | None, make_index: int | None
    ) -> float:
        """Return the share of vehicles read as a name, among those of a country read as a type and make."""
        read_shares = self._read_shares[country]
        weights = self._appearance.fleets[country].types
        if type_index is not None:
            weights = weights * read_shares["type"][:, type_index]
        if make_index is not None:
            weights = weights * read_shares["make"][:, make_index]
        return float(weights @ read_shares[attribute][:, index] / weights.sum())

    def _model_ratio_within(self, comparison: _RawComparison, read: Vehicle, alert: Vehicle) -> float | None:
        """Return the ratio of the models if the comparison is of makes that agree; None if unknown."""
        if comparison.attribute != "make" or comparison.read_index != comparison.listed_index:
            return None
        return self._cached_model_ratio(read.model, alert.model) if read.model and alert.model else None

    def _model_ratio(self, read: str, listed: str) -> float | None:
        """Return the ratio of two models of a make; without a list of models, only the same words agree."""
        row = self._appearance.model
        if row.is_unknown(read) or row.is_unknown(listed):
            return None
        return (1 - row.error) / row.share if is_same_model(read, listed) else row.error / (1 - row.share)


def describes_vehicle(basis: Basis) -> bool:
    """True if an alert of a legal basis describes the vehicle that would carry the plate.

    Regulation (EU) 2018/1862, article 38(2)(m), is about stolen or lost plates: such a plate may be on any
    vehicle, so the description of the vehicle it came from is no evidence either way.
    """
    return basis != "SIS-38-plate"


def find_contradictions(
    parts: list[AttributeComparison], max_ratio: float = CONTRADICTION_RATIO
) -> list[Contradiction]:
    """Return the attributes that speak against the alert strongly enough for officers; never models."""
    return [
        Contradiction(part.attribute, part.read, part.listed, part.text)
        for part in parts
        if part.attribute != "model" and part.ratio < max_ratio
    ]
