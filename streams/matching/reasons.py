"""Reasons: what a posterior is made of, in words that an officer can read."""

from functools import lru_cache
from math import exp
from typing import Final

from streams.confusions.evidence import CHAR_CODES
from streams.confusions.features import Misread
from streams.confusions.model import ConfusionModel
from streams.matching.scoring.posterior import Score
from streams.matching.scoring.scorer import ReadScorer
from streams.plates.normal_form import normalise
from streams.records.alert import Alert

_MAX_POSTERIOR: Final = 0.9999
"""No evidence of a camera makes it surer than this."""
_READ_AS_LISTED: Final = "read as listed, character for character"
_READ_BUT_UMLAUTS: Final = "read as listed, but for how an umlaut is written"
_DOUBTFUL_CONFIDENCE: Final = 0.95
_MIN_SHARE: Final = 0.02


def round_posterior(score: Score | None) -> float:
    """The posterior as it is told; 0 where the read was too far to be weighed."""
    return min(round(score.posterior, 4), _MAX_POSTERIOR) if score is not None else 0.0


def explain_score(read_scorer: ReadScorer, score: Score, alert: Alert) -> list[str]:
    """The parts of a posterior, one sentence each."""
    evidence, model = read_scorer.evidence, read_scorer.posterior_model.model
    found = [_error_text(model, slip) for slip in score.character_errors]
    found += [
        f"the reader was {exp(evidence.log_confidences[slip.read_position]):.2f} sure of the {slip.read}"
        + (
            ", and gave "
            f"{exp(evidence.log_alternatives[slip.read_position][CHAR_CODES[slip.true]]):.2f} to {slip.true}"
            if slip.named
            else ""
        )
        for slip in score.character_errors
        if slip.read_position is not None and evidence.kind in ("full", "characters")
    ]
    if score.text_probability is not None:
        found.append(
            f"the reader thought the listed plate possible as a whole, with {score.text_probability:.2f}"
        )
    if found:
        found.append(_existence_text(read_scorer))
    else:
        same = normalise(read_scorer.read.plate) == normalise(alert.plate)
        found.append(_READ_AS_LISTED if same else _READ_BUT_UMLAUTS)
        least = min(evidence.log_confidences)
        if least < 0 and exp(least) < _DOUBTFUL_CONFIDENCE and evidence.kind in ("full", "characters"):
            char = evidence.plate[evidence.log_confidences.index(least)]
            found.append(f"the reader was only {exp(least):.2f} sure of the {char}")
    if evidence.kind == "plate" and read_scorer.read.confidence is not None:
        found.append(f"the reader was {read_scorer.read.confidence:.2f} sure of the whole plate")
    total = score.listed_weight + score.others_weight + score.far_weight
    for weight, which in (
        (score.others_weight, "a plate like it"),
        (score.far_weight, "quite another plate"),
    ):
        if weight > _MIN_SHARE * total:
            found.append(f"{_chance_text(weight / total)} that it is another vehicle with {which}")
    return found


def _existence_text(read_scorer: ReadScorer) -> str:
    """Whether there are vehicles with the plate as it was read, in the country read or else in any."""
    plate, country = read_scorer.evidence.plate, read_scorer.read.country
    where = country or "any country known"
    chance = read_scorer.posterior_model.existence_probability(plate, country)
    if not chance:
        return f"there is no plate {plate} in {where}"
    if country is None:
        where = "some country"
    return (
        f"the plate as read, {plate}, is possible in {where}: {_chance_text(chance)} that there is "
        "such a vehicle"
    )


@lru_cache(maxsize=8192)
def _frequency_text(true: str, read: str, one_in: float | None) -> str:
    if not true:
        what = f"a {read} was read where the listed plate has nothing"
    elif not read:
        what = f"the {true} of the listed plate was not read"
    else:
        what = f"{true} was read as {read}"
    if one_in is None:
        return f"{what}: rare, not seen in what the model was learnt from"
    return f"{what}: one {true or read} in {one_in:,.0f}"


def _error_text(model: ConfusionModel, error: Misread) -> str:
    if error.true:
        one_in = model.seen_per_misread(error.true, error.read or "-")
    else:
        one_in = None
        count = model.counts.get("+" + error.read, 0)
        if count:
            one_in = sum(model.seen.values()) / count
            return (
                f"a {error.read} was read where the listed plate has nothing: once in "
                f"{one_in:,.0f} characters"
            )
    return _frequency_text(error.true, error.read, one_in)


def _chance_text(share: float) -> str:
    """A probability in words: `a chance of 3 %`."""
    if share < 0.001:
        return "a chance of less than 0.1 %"
    if share > 0.999:
        return "a chance of more than 99.9 %"  # 100 % would be more than is known
    return f"a chance of {share * 100:.{0 if 0.1 <= share < 0.995 else 1}f} %"
