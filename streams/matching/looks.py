"""Looks: how much the make, colour and type seen speak for the listed vehicle or against it.

    ratio = P(looks as seen | the listed vehicle) / P(looks as seen | another vehicle of the country)

Only what both the read and the alert say is weighed. The type is weighed first, then the make among vehicles
read as that type, then the colour among those: that a Scania is a lorry, or a van white, is not counted twice
(`streams.matching.appearance`). The product Q of the parts is softened:

    ratio = 1 + (1 - listed_wrong) * trust * (Q - 1)

With chance `listed_wrong` the description is not that of the vehicle with the plate (repainted, wrongly
entered, the plate on another vehicle), and the looks say nothing; so no ratio is below `listed_wrong`. With
chance 1 - trust the recogniser guessed. If the figures are right, the mean of the ratio over the vehicles of
the fleet is 1; a contradiction held to no more than 1, and the highest ratio, make it less.
"""

from functools import lru_cache
from typing import Annotated, Final, Literal, NamedTuple

from msgspec import Meta, Struct

from streams.matching.appearance import Appearance, Matrix, shipped_appearance
from streams.matching.looks_names import What, same_model
from streams.matching.looks_words import as_listed, not_as_listed
from streams.records.fields import Basis
from streams.records.match import Contradiction
from streams.records.read import Vehicle

CONTRADICTS: Final = 1 / 3
"""A part below this, three times as likely of another vehicle, is said to the officer as a contradiction."""

ErrorRate = Annotated[float, Meta(ge=0.001, le=0.5)]


class LooksPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """How far a vehicle's looks are to be trusted; docs/looks.md has where the defaults come from."""

    error_make: Annotated[
        ErrorRate, Meta(description="share of the makes read that are wrong; not read is not wrong")
    ] = 0.05
    error_colour: Annotated[
        ErrorRate,
        Meta(description="share of the colours read that are not as listed, day and night; silver is grey"),
    ] = 0.15
    error_type: Annotated[
        ErrorRate,
        Meta(description="share of the types read that are wrong; car and SUV are allowed for apart"),
    ] = 0.05
    listed_wrong: Annotated[
        float,
        Meta(
            ge=0.001,
            le=1,
            description="share of the alerts whose description is not that of the vehicle with the plate: "
            "repainted, wrongly entered, plate on another vehicle; with 1 looks are not weighed",
        ),
    ] = 0.02


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


class _Bare(NamedTuple):
    """Before softening: the product, and the parts."""

    product: float
    parts: tuple[LookPart, ...]


class Looks:
    """Weighs the looks of reads against those listed; the same for the same input, without state."""

    def __init__(self, policy: LooksPolicy | None = None, appearance: Appearance | None = None) -> None:
        policy = policy or LooksPolicy()
        self._data = data = appearance or shipped_appearance()
        self._most, self._highest = 1 - policy.listed_wrong, 1 / policy.listed_wrong
        self._confusions: dict[What, Matrix] = {
            "type": data.confusions("type", policy.error_type),
            "make": data.confusions("make", policy.error_make),
            "colour": data.confusions("colour", policy.error_colour),
        }
        # For each country and each true type: how often each type, make and colour is read.
        self._reads: dict[str, dict[What, Matrix]] = {
            country: {
                "type": self._confusions["type"],
                "make": fleet.makes @ self._confusions["make"],
                "colour": fleet.colours @ self._confusions["colour"],
            }
            for country, fleet in data.fleets.items()
        }
        # A hot path: the words of a batch's vehicles and alerts come again and again.
        self._bare = lru_cache(maxsize=1 << 16)(self._compared)

    def ratio(self, read: Vehicle | None, alert: Vehicle | None, country: str | None) -> float:
        """The ratio alone, as `weigh` gives it, for a tenth of the time: most candidates come to nothing."""
        if read is None or alert is None:
            return 1.0
        return self._soft(self._bare_of(read, alert, country).product, self._counts(read))

    def weigh(self, read: Vehicle | None, alert: Vehicle | None, country: str | None) -> LooksWeighed:
        """What the looks of a read say of an alert; its rivals are the fleet of `country`, that of the plate.

        A country that is not known has the general fleet. A read without confidence, or with more than usual,
        counts in full: the error rates are those of the average read.
        """
        if read is None or alert is None:
            return LooksWeighed(1.0, [])
        bare, counts = self._bare_of(read, alert, country), self._counts(read)
        parts = [
            LookPart(what, seen, listed, self._soft(ratio, counts), words)
            for what, seen, listed, ratio, words in bare.parts
        ]
        return LooksWeighed(self._soft(bare.product, counts), parts)

    def _bare_of(self, read: Vehicle, alert: Vehicle, country: str | None) -> _Bare:
        return self._bare(
            (read.type, read.make, read.model, read.colour),
            (alert.type, alert.make, alert.model, alert.colour),
            country if country in self._reads else "",
        )

    def _counts(self, read: Vehicle) -> float:
        """The chance, 0 to 1, that the looks say anything at all."""
        if read.confidence is None or read.confidence >= self._data.usual_confidence:
            return self._most
        return self._most * read.confidence / self._data.usual_confidence

    def _soft(self, bare: float, counts: float) -> float:
        """A bare ratio, softened.

        None goes beyond the inverse of `listed_wrong`: it would rest on the share of a rare make, which is
        little known, and on make and colour not going together, which for rare makes they do.
        """
        return min(1 + counts * (bare - 1), self._highest)

    def _compared(self, read: tuple[str | None, ...], listed: tuple[str | None, ...], country: str) -> _Bare:
        given = dict(zip(("type", "make", "model", "colour"), zip(read, listed, strict=True), strict=True))
        weights = self._data.fleets[country].types
        product = 1.0
        parts: list[LookPart] = []
        order: tuple[What, ...] = ("type", "make", "colour")
        for what in order:
            seen, described = given[what]
            if not seen or not described:
                continue
            names = self._data.names[what]
            at, true = names.place(seen), names.place(described)
            if at is None or true is None:
                continue
            before = float(weights.sum())
            weights = weights * self._reads[country][what][:, at]
            other = float(weights.sum()) / before
            chance = float(self._confusions[what][true, at])
            # Red is sometimes read as orange, so a rare orange does speak for a listed red. The figures are
            # not good enough to let a contradiction raise a posterior.
            if at == true:
                ratio = chance / other
                words = as_listed(what, names.rows[at], other, among_such=bool(parts))
            else:
                ratio = min(chance / other, 1.0)
                words = not_as_listed(what, names.rows[at], names.rows[true], chance)
            product *= ratio
            parts.append(LookPart(what, seen, described, ratio, words))
            if what == "make" and at == true and (model := self._model(*given["model"])):
                product *= model.ratio
                parts.append(model)
        return _Bare(product, tuple(parts))

    def _model(self, read: str | None, listed: str | None) -> LookPart | None:
        """A model among those of its make: there is no list of them, so only the same words are the same."""
        row = self._data.model
        if not read or not listed or row.says_nothing(read) or row.says_nothing(listed):
            return None
        if same_model(read, listed):
            words = f"model read as {read}, as listed"
            return LookPart("model", read, listed, (1 - row.error) / row.share, words)
        words = f"model read as {read}, listed as {listed}: often two names of one model"
        return LookPart("model", read, listed, row.error / (1 - row.share), words)


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
