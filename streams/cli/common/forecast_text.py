"""What commands say of the false hits that lists are expected to cause."""

from typing import Any

from streams.cli.common.options import models_of
from streams.matching.config import ListPolicy
from streams.matching.forecast.expectation import Expectation, Expected
from streams.matching.forecast.sample import Plates
from streams.matching.forecast.traffic import PER_READS
from streams.matching.matcher import Judge
from streams.settings.model import Settings


def expectation_of(settings: Settings) -> Expectation:
    """What says how many false hits to expect under settings.

    Ends the command as `models_of` does.
    """
    return Expectation(settings.policies, Judge(settings.policies, models=models_of(settings)))


def number(value: float) -> str:
    """A number in two figures, without an exponent: `0.0031`, `4.2`, `1,300`."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{float(f'{value:.2g}'):.10f}".rstrip("0").rstrip(".")


def fields(policy: ListPolicy, expected: Expected | None) -> dict[str, Any]:
    """The fields of a list's budget and of what is expected of it, for JSON."""
    return {
        "min_posterior": policy.least,
        "false_hits_per_day": policy.false_hits_per_day,
        "expected": None
        if expected is None
        else {
            "false_hits_per_100k_reads": expected.false_hits,
            "standard_error": expected.spread,
            "false_hits_per_day": expected.per_day,
            "fitting_per_100k_reads": expected.fitting,
            "fitting_per_day": None if expected.day is None else expected.fitting * expected.day,
        },
    }


def above(
    list_id: str, policy: ListPolicy, expectation: Expectation, plates: Plates, expected: Expected
) -> str | None:
    """A warning if a list is expected to break its budget, with what would keep it; else None."""
    budget, per_day = policy.false_hits_per_day, expected.per_day
    if budget is None or per_day is None or per_day <= budget:
        return None
    least = expectation.least_within(plates, budget)
    advice = (
        f"min_posterior = {least:g} would keep it"
        if least is not None
        else "no min_posterior up to 0.99 would keep it; a smaller list or mode would"
    )
    return (
        f"list {list_id}: {number(per_day)} false hits a day are expected, its budget is {budget:g} "
        f"(false_hits_per_day); {advice}"
    )


def cost_words(policy: ListPolicy, expected: Expected, parts: int) -> str:
    """What a list costs and may cost, in words; `parts`: the partitions that its budget is split over."""
    least = "any posterior" if policy.least is None else f"posterior {policy.least:g} or more"
    found = [f"mode {policy.mode}, {least}: {number(expected.false_hits)} false hits per {PER_READS:,} reads"]
    if expected.per_day is not None:
        found.append(f"{number(expected.per_day)} a day")
    if expected.fitting:
        found.append(f"and {number(expected.fitting)} reads of vehicles that fit patterns")
    if policy.false_hits_per_day is not None:
        budget = f"budget {policy.false_hits_per_day:g} a day"
        if parts > 1:
            budget += f", {number(policy.false_hits_per_day / parts)} for each of {parts} partitions"
        found.append(budget)
        if enough := enough_for(policy, expected):
            found.append(f"enough for {enough}")
    return ", ".join(found)


def enough_for(policy: ListPolicy, expected: Expected) -> str | None:
    """How many reads a day a budget lasts for, where nobody says how many there are."""
    if policy.false_hits_per_day is None or expected.day is not None or not expected.false_hits:
        return None
    reads = policy.false_hits_per_day / expected.false_hits * PER_READS
    return f"{number(reads)} reads a day"
