"""Reasons: the parts of a posterior as sentences for officers."""

from collections.abc import Iterator
from functools import lru_cache
from math import exp
from typing import Final

from streams.confusions.evidence import CHAR_CODES
from streams.confusions.features import Misread
from streams.confusions.model import ConfusionModel
from streams.matching.scoring.posterior import MAX_POSTERIOR, Score
from streams.matching.scoring.scorer import ReadScorer
from streams.plates.normal_form import normalise
from streams.records.alert import Alert

_READ_AS_LISTED: Final = "read as listed, character for character"
_READ_BUT_UMLAUTS: Final = "read as listed, but for how an umlaut is written"
_DOUBTFUL_CONFIDENCE: Final = 0.95
_MIN_SHARE: Final = 0.02


def round_posterior(score: Score | None) -> float:
    """Return the posterior of a match as recorded; 0 if the read was too far from the plate to be scored."""
    return min(round(score.posterior, 4), MAX_POSTERIOR) if score is not None else 0.0


def explain_score(read_scorer: ReadScorer, score: Score, alert: Alert) -> list[str]:
    """Return the parts of a posterior, one sentence each."""
    differences = [*_difference_reasons(read_scorer, score)]
    if differences:
        differences.append(_existence_text(read_scorer))
    return [
        *(differences or _agreement_reasons(read_scorer, alert)),
        *_plate_confidence_reasons(read_scorer),
        *_other_vehicle_reasons(score),
    ]


def _difference_reasons(read_scorer: ReadScorer, score: Score) -> Iterator[str]:
    """Explain the character errors: how common they are, and what the recogniser reported."""
    evidence, model = read_scorer.evidence, read_scorer.posterior_model.model
    for error in score.character_errors:
        yield _error_text(model, error)
    for error in score.character_errors:
        if error.read_position is not None and evidence.kind in ("full", "characters"):
            confidence = exp(evidence.log_confidences[error.read_position])
            text = f"the reader was {confidence:.2f} sure of the {error.read}"
            if error.named:
                share = exp(evidence.log_alternatives[error.read_position][CHAR_CODES[error.true]])
                text += f", and gave {share:.2f} to {error.true}"
            yield text
    if score.text_probability is not None:
        yield f"the reader thought the listed plate possible as a whole, with {score.text_probability:.2f}"


def _agreement_reasons(read_scorer: ReadScorer, alert: Alert) -> Iterator[str]:
    """State that the plate was read as listed, and the least certain character if it is doubtful."""
    evidence = read_scorer.evidence
    same = normalise(read_scorer.read.plate) == normalise(alert.plate)
    yield _READ_AS_LISTED if same else _READ_BUT_UMLAUTS
    lowest = min(evidence.log_confidences)
    if lowest < 0 and exp(lowest) < _DOUBTFUL_CONFIDENCE and evidence.kind in ("full", "characters"):
        char = evidence.plate[evidence.log_confidences.index(lowest)]
        yield f"the reader was only {exp(lowest):.2f} sure of the {char}"


def _plate_confidence_reasons(read_scorer: ReadScorer) -> Iterator[str]:
    confidence = read_scorer.read.confidence
    if read_scorer.evidence.kind == "plate" and confidence is not None:
        yield f"the reader was {confidence:.2f} sure of the whole plate"


def _other_vehicle_reasons(score: Score) -> Iterator[str]:
    """State the probability of other vehicles, where it is not negligible."""
    total = score.listed_weight + score.others_weight + score.far_weight
    for weight, plate_text in (
        (score.others_weight, "a plate like it"),
        (score.far_weight, "quite another plate"),
    ):
        if weight > _MIN_SHARE * total:
            yield f"{_chance_text(weight / total)} that it is another vehicle with {plate_text}"


def _existence_text(read_scorer: ReadScorer) -> str:
    """State the probability that the plate exists as it was read, in the country read or in any."""
    plate, country = read_scorer.evidence.plate, read_scorer.read.country
    chance = read_scorer.posterior_model.existence_probability(plate, country)
    if not chance:
        return f"there is no plate {plate} in {country or 'any country known'}"
    where = country or "some country"
    return (
        f"the plate as read, {plate}, is possible in {where}: {_chance_text(chance)} that there is such a "
        "vehicle"
    )


@lru_cache(maxsize=8192)
def _frequency_text(true: str, read: str, one_in: float | None) -> str:
    if not true:
        misread = f"a {read} was read where the listed plate has nothing"
    elif not read:
        misread = f"the {true} of the listed plate was not read"
    else:
        misread = f"{true} was read as {read}"
    if one_in is None:
        return f"{misread}: rare, not seen in what the model was learnt from"
    return f"{misread}: one {true or read} in {one_in:,.0f}"


def _error_text(model: ConfusionModel, error: Misread) -> str:
    """State a character error and how common it is."""
    if error.true:
        return _frequency_text(error.true, error.read, model.seen_per_misread(error.true, error.read or "-"))
    count = model.counts.get("+" + error.read, 0)
    if not count:
        return _frequency_text(error.true, error.read, None)
    characters_per_extra = sum(model.seen.values()) / count
    return (
        f"a {error.read} was read where the listed plate has nothing: once in "
        f"{characters_per_extra:,.0f} characters"
    )


def _chance_text(share: float) -> str:
    """Return a probability in words: `a chance of 3 %`."""
    if share < 0.001:
        return "a chance of less than 0.1 %"
    if share > 0.999:
        return "a chance of more than 99.9 %"  # 100 % would claim more than is known
    return f"a chance of {share * 100:.{0 if 0.1 <= share < 0.995 else 1}f} %"
