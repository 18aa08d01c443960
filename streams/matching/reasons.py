"""Reasons: what a posterior is made of, in words that an officer can read."""

from functools import lru_cache
from math import exp
from typing import Final

from streams.confusions.evidence import CODE
from streams.confusions.features import Slip
from streams.confusions.model import Model
from streams.matching.scoring.posterior import Weighed
from streams.matching.scoring.scorer import Sight
from streams.plates.normal_form import normal
from streams.records.alert import Alert

_MOST: Final = 0.9999
"""No evidence of a camera makes it surer than this."""
_SEEN_AS_LISTED: Final = "read as listed, character for character"
_SEEN_BUT_UMLAUTS: Final = "read as listed, but for how an umlaut is written"
_DOUBTFUL: Final = 0.95
_FEW: Final = 0.02


def rounded(weighed: Weighed | None) -> float:
    """The posterior as it is told; 0 where the read was too far to be weighed."""
    return min(round(weighed.posterior, 4), _MOST) if weighed is not None else 0.0


def reasons_of(sight: Sight, weighed: Weighed, alert: Alert) -> list[str]:
    """The parts of a posterior, one sentence each."""
    evidence, model = sight.evidence, sight.weigher.model
    found = [_slip(model, slip) for slip in weighed.slips]
    found += [
        f"the reader was {exp(evidence.sure[slip.at]):.2f} sure of the {slip.read}"
        + (
            f", and gave {exp(evidence.others[slip.at][CODE[slip.true]]):.2f} to {slip.true}"
            if slip.named
            else ""
        )
        for slip in weighed.slips
        if slip.at is not None and evidence.kind in ("full", "characters")
    ]
    if weighed.whole is not None:
        found.append(f"the reader thought the listed plate possible as a whole, with {weighed.whole:.2f}")
    if found:
        found.append(_there(sight))
    else:
        same = normal(sight.read.plate) == normal(alert.plate)
        found.append(_SEEN_AS_LISTED if same else _SEEN_BUT_UMLAUTS)
        least = min(evidence.sure)
        if least < 0 and exp(least) < _DOUBTFUL and evidence.kind in ("full", "characters"):
            char = evidence.plate[evidence.sure.index(least)]
            found.append(f"the reader was only {exp(least):.2f} sure of the {char}")
    if evidence.kind == "plate" and sight.read.confidence is not None:
        found.append(f"the reader was {sight.read.confidence:.2f} sure of the whole plate")
    total = weighed.listed + weighed.others + weighed.far
    for weight, which in ((weighed.others, "a plate like it"), (weighed.far, "quite another plate")):
        if weight > _FEW * total:
            found.append(f"{_chance(weight / total)} that it is another vehicle with {which}")
    return found


def _there(sight: Sight) -> str:
    """Whether there are vehicles with the plate as it was read, in the country read or else in any."""
    plate, country = sight.evidence.plate, sight.read.country
    where = country or "any country known"
    chance = sight.weigher.exists(plate, country)
    if not chance:
        return f"there is no plate {plate} in {where}"
    if country is None:
        where = "some country"
    return (
        f"the plate as read, {plate}, is possible in {where}: {_chance(chance)} that there is such a vehicle"
    )


@lru_cache(maxsize=8192)
def _words(true: str, read: str, one_in: float | None) -> str:
    if not true:
        what = f"a {read} was read where the listed plate has nothing"
    elif not read:
        what = f"the {true} of the listed plate was not read"
    else:
        what = f"{true} was read as {read}"
    if one_in is None:
        return f"{what}: rare, not seen in what the model was learnt from"
    return f"{what}: one {true or read} in {one_in:,.0f}"


def _slip(model: Model, slip: Slip) -> str:
    if slip.true:
        one_in = model.one_in(slip.true, slip.read or "-")
    else:
        one_in = None
        count = model.counts.get("+" + slip.read, 0)
        if count:
            one_in = sum(model.seen.values()) / count
            return (
                f"a {slip.read} was read where the listed plate has nothing: once in {one_in:,.0f} characters"
            )
    return _words(slip.true, slip.read, one_in)


def _chance(share: float) -> str:
    """A probability in words: `a chance of 3 %`."""
    if share < 0.001:
        return "a chance of less than 0.1 %"
    if share > 0.999:
        return "a chance of more than 99.9 %"  # 100 % would be more than is known
    return f"a chance of {share * 100:.{0 if 0.1 <= share < 0.995 else 1}f} %"
