"""Expected false hits of lists and their budgets, as text and as JSON."""

from typing import Any

from streams.cli.common.options import read_models
from streams.matching.config import ListConfig
from streams.matching.forecast.expectation import FalseHitForecast, ListForecast
from streams.matching.forecast.sample import PlateSamples
from streams.matching.forecast.traffic import REFERENCE_READS
from streams.matching.matcher import Matcher
from streams.settings.model import Settings


def build_forecast(settings: Settings) -> FalseHitForecast:
    """Return the forecast of false hits under settings. Raises OperatorError as `read_models` does."""
    return FalseHitForecast(
        settings.matching_rules, Matcher(settings.matching_rules, models=read_models(settings))
    )


def format_number(value: float) -> str:
    """Return a number in two significant figures, without an exponent: `0.0031`, `4.2`, `1,300`."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{float(f'{value:.2g}'):.10f}".rstrip("0").rstrip(".")


def forecast_fields(config: ListConfig, forecast: ListForecast | None) -> dict[str, Any]:
    """Return the budget of a list and its forecast, for JSON."""
    return {
        "min_posterior": config.effective_min_posterior,
        "false_hits_per_day": config.false_hits_per_day,
        "expected": None
        if forecast is None
        else {
            "false_hits_per_100k_reads": forecast.false_hits,
            "standard_error": forecast.standard_error,
            "false_hits_per_day": forecast.false_hits_per_day,
            "fitting_per_100k_reads": forecast.pattern_reads,
            "fitting_per_day": None
            if forecast.day_factor is None
            else forecast.pattern_reads * forecast.day_factor,
        },
    }


def budget_warning(
    list_id: str,
    config: ListConfig,
    forecasts: FalseHitForecast,
    plates: PlateSamples,
    forecast: ListForecast,
) -> str | None:
    """Return a warning, with what to change, if a list is expected to exceed its budget; else None."""
    budget, per_day = config.false_hits_per_day, forecast.false_hits_per_day
    if budget is None or per_day is None or per_day <= budget:
        return None
    min_posterior = forecasts.min_posterior_within(plates, budget)
    advice = (
        f"min_posterior = {min_posterior:g} would keep it"
        if min_posterior is not None
        else "no min_posterior up to 0.99 would keep it; a smaller list or a stricter mode would"
    )
    return (
        f"list {list_id}: {format_number(per_day)} false hits a day are expected, its budget is {budget:g} "
        f"(false_hits_per_day); {advice}"
    )


def describe_cost(config: ListConfig, forecast: ListForecast, partitions: int) -> str:
    """Return the expected false hits of a list and its budget, which is split over `partitions`."""
    min_posterior = config.effective_min_posterior
    posterior = "any posterior" if min_posterior is None else f"posterior {min_posterior:g} or more"
    parts = [
        f"mode {config.mode}, {posterior}: {format_number(forecast.false_hits)} false hits per "
        f"{REFERENCE_READS:,} reads"
    ]
    if forecast.false_hits_per_day is not None:
        parts.append(f"{format_number(forecast.false_hits_per_day)} a day")
    if forecast.pattern_reads:
        parts.append(f"and {format_number(forecast.pattern_reads)} reads of vehicles that fit patterns")
    if config.false_hits_per_day is not None:
        budget = f"budget {config.false_hits_per_day:g} a day"
        if partitions > 1:
            share = format_number(config.false_hits_per_day / partitions)
            budget += f", {share} for each of {partitions} partitions"
        parts.append(budget)
        if sufficient := describe_sufficient_reads(config, forecast):
            parts.append(f"enough for {sufficient}")
    return ", ".join(parts)


def describe_sufficient_reads(config: ListConfig, forecast: ListForecast) -> str | None:
    """Return how many reads a day a budget is enough for, if the settings do not say how many there are."""
    if config.false_hits_per_day is None or forecast.day_factor is not None or not forecast.false_hits:
        return None
    reads = config.false_hits_per_day / forecast.false_hits * REFERENCE_READS
    return f"{format_number(reads)} reads a day"
