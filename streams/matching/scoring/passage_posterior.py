"""The posterior of a passage: P(the vehicle is the listed one | the matched reads of its passage).

The reads of one passage are evidence of each other, but not independent. What makes a camera misread a plate
(dirt, a screw, the angle) is there in its next picture too, and the chance that the vehicle is the listed one
at all is in the posterior of each read, so it must not count as often as the vehicle was read. Therefore:

- Reads of the same text count as one, with the highest of their posteriors.
- A text that differs from the listed plate and was read more than once has lower odds than one that was read
  once: a misread recurs only if its cause does, while the plate of another vehicle recurs by itself. Which
  camera reads it again makes no difference.
- Of the other texts, each raises the log-odds of the likeliest one by a share of what it says for the listed
  vehicle beyond the prior odds. Different texts that all fit the listed plate are seldom another vehicle's.

The weights come from simulated passages (`tests/bench/frames.py`); docs/concepts/matching.md says how well
they do and where they fail. Above all, the reads of a vehicle that match no alert are not known here and
count for nothing: one match among ten reads counts as much as one match of one read, although the nine others
speak against it.
"""

from collections.abc import Sequence
from math import exp, log
from typing import Final, NamedTuple

from streams.matching.scoring.posterior import MAX_POSTERIOR
from streams.records.match import MatchResult

_MIN_POSTERIOR: Final = 1e-5
"""Lower posteriors are raised to this, which is still recorded as 0."""


class PassageWeights(NamedTuple):
    """How much the reads of one passage count. All but `further` are log-odds."""

    further: float = 0.25
    """The share, 0 to 1, that counts of what a further text says."""
    prior: float = -2.0
    """The odds of the listed vehicle before it is read; a text that says less says nothing."""
    recurring: float = 0.7
    """By how much a text other than the listed plate is less likely if it was read more than once."""


PASSAGE_WEIGHTS: Final = PassageWeights()


def passage_posterior(
    results: Sequence[MatchResult], weights: PassageWeights = PASSAGE_WEIGHTS
) -> float | None:
    """Return the posterior of a passage, 0 to 0.9999, from the matches of its reads with one alert.

    Each read counts once, so one sent twice must be passed once; the order does not matter. Return None if no
    match has a posterior. For a single match it is that of the match.
    """
    likeliest_exact = 0.0
    for result in results:
        if result.class_ != "exact" or result.posterior is None:
            break
        if result.posterior > likeliest_exact:
            likeliest_exact = result.posterior
    else:
        # The listed plate and nothing else was read, as in most passages: one text.
        return min(round(likeliest_exact, 4), MAX_POSTERIOR) if results else None
    best: dict[str, float] = {}
    recurring = set[str]()
    listed = set[str]()
    for result in results:
        if result.posterior is None:
            continue
        text = result.read_plate
        if text in best:
            recurring.add(text)
        best[text] = max(best.get(text, 0.0), result.posterior)
        if result.class_ == "exact":
            listed.add(text)
    if not best:
        return None
    log_odds = sorted(
        _log_odds(posterior) - (weights.recurring if text in recurring - listed else 0.0)
        for text, posterior in best.items()
    )
    likeliest = log_odds.pop()
    # Sorted, so that the sum is the same to the last bit in whatever order the reads come.
    further = sum(max(each - weights.prior, 0.0) for each in log_odds)
    posterior = 1 / (1 + exp(-likeliest - weights.further * further))
    return min(round(posterior, 4), MAX_POSTERIOR)


def _log_odds(posterior: float) -> float:
    posterior = min(max(posterior, _MIN_POSTERIOR), MAX_POSTERIOR)
    return log(posterior / (1 - posterior))
