"""What commands say of the false hits that lists are expected to cause."""

from typing import Any

from streams.cli.common.options import read_models
from streams.matching.config import ListConfig
from streams.matching.forecast.expectation import FalseHitForecast, ListForecast
from streams.matching.forecast.sample import PlateSamples
from streams.matching.forecast.traffic import REFERENCE_READS
from streams.matching.matcher import Matcher
from streams.settings.model import Settings


def build_forecast(settings: Settings) -> FalseHitForecast:
    """What says how many false hits to expect under settings.

    Ends the command as `models_of` does.
    """
    return FalseHitForecast(
        settings.matching_rules, Matcher(settings.matching_rules, models=read_models(settings))
    )


def format_number(value: float) -> str:
    """A number in two figures, without an exponent: `0.0031`, `4.2`, `1,300`."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{float(f'{value:.2g}'):.10f}".rstrip("0").rstrip(".")


def forecast_fields(policy: ListConfig, expected: ListForecast | None) -> dict[str, Any]:
    """The fields of a list's budget and of what is expected of it, for JSON."""
    return {
        "min_posterior": policy.effective_min_posterior,
        "false_hits_per_day": policy.false_hits_per_day,
        "expected": None
        if expected is None
        else {
            "false_hits_per_100k_reads": expected.false_hits,
            "standard_error": expected.standard_error,
            "false_hits_per_day": expected.false_hits_per_day,
            "fitting_per_100k_reads": expected.pattern_reads,
            "fitting_per_day": None
            if expected.day_factor is None
            else expected.pattern_reads * expected.day_factor,
        },
    }


def budget_warning(
    list_id: str,
    policy: ListConfig,
    expectation: FalseHitForecast,
    plates: PlateSamples,
    expected: ListForecast,
) -> str | None:
    """A warning if a list is expected to break its budget, with what would keep it; else None."""
    budget, per_day = policy.false_hits_per_day, expected.false_hits_per_day
    if budget is None or per_day is None or per_day <= budget:
        return None
    least = expectation.min_posterior_within(plates, budget)
    advice = (
        f"min_posterior = {least:g} would keep it"
        if least is not None
        else "no min_posterior up to 0.99 would keep it; a smaller list or mode would"
    )
    return (
        f"list {list_id}: {format_number(per_day)} false hits a day are expected, its budget is {budget:g} "
        f"(false_hits_per_day); {advice}"
    )


def describe_cost(policy: ListConfig, expected: ListForecast, partitions: int) -> str:
    """What a list costs and may cost, in words; `parts`: the partitions that its budget is split over."""
    least = (
        "any posterior"
        if policy.effective_min_posterior is None
        else f"posterior {policy.effective_min_posterior:g} or more"
    )
    found = [
        f"mode {policy.mode}, {least}: {format_number(expected.false_hits)} false hits per "
        f"{REFERENCE_READS:,} reads"
    ]
    if expected.false_hits_per_day is not None:
        found.append(f"{format_number(expected.false_hits_per_day)} a day")
    if expected.pattern_reads:
        found.append(f"and {format_number(expected.pattern_reads)} reads of vehicles that fit patterns")
    if policy.false_hits_per_day is not None:
        budget = f"budget {policy.false_hits_per_day:g} a day"
        if partitions > 1:
            budget += (
                f", {format_number(policy.false_hits_per_day / partitions)} for each of "
                f"{partitions} partitions"
            )
        found.append(budget)
        if enough := describe_sufficient_reads(policy, expected):
            found.append(f"enough for {enough}")
    return ", ".join(found)


def describe_sufficient_reads(policy: ListConfig, expected: ListForecast) -> str | None:
    """How many reads a day a budget lasts for, where nobody says how many there are."""
    if policy.false_hits_per_day is None or expected.day_factor is not None or not expected.false_hits:
        return None
    reads = policy.false_hits_per_day / expected.false_hits * REFERENCE_READS
    return f"{format_number(reads)} reads a day"
