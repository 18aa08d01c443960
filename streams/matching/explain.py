"""Explanation of a read: its normal form, the formats it fits, and which alerts it matches and why."""

from collections.abc import Iterable
from itertools import islice, product
from typing import Final

from msgspec import Struct

from streams.matching.matcher import Matcher
from streams.matching.no_match import NoMatch
from streams.plates.confusables import ConfusableClasses
from streams.plates.formats import FormatFit, Formats
from streams.plates.normal_form import fold_umlauts, normalise
from streams.records.alert import Alert
from streams.records.match import MatchResult
from streams.records.read import Read

_MAX_VARIANTS: Final = 4096
"""A plate of eight confusable characters has some thousand variants; nobody reads more."""


class MatchDecision(Struct, frozen=True, omit_defaults=True):
    """The decision on one alert: a match, or the rule by which there is none."""

    alert: Alert
    in_force: bool
    match: MatchResult | None = None
    rule: str = ""
    why_not: str = ""
    reasons: list[str] = []
    """The parts of a posterior that is too low; those of a match are in the match."""


class ExplainedFormat(Struct, frozen=True, omit_defaults=True):
    """A format that the plate fits, and the plate grouped as printed."""

    country: str
    format: str
    grouped: str
    free: bool = False
    settled: bool = False
    """True if the plate fits only after characters that are impossible at their position are replaced by
    confusable ones."""


class Explanation(Struct, frozen=True, omit_defaults=True):
    """The explanation of a read."""

    plate: str
    formats: list[ExplainedFormat]
    confusable: dict[str, str]
    """By character of the plate, its class of confusable characters, if it has one."""
    would_match: list[str]
    """Listed plates, possible in a country, that it would match in mode `confusable`; itself first."""
    rulings: list[MatchDecision]


def explain(
    read: Read,
    candidates: Iterable[tuple[Alert, bool]],
    matcher: Matcher,
    formats: Formats,
    classes: ConfusableClasses,
) -> Explanation:
    """Explain a read against candidate alerts, each with True if it is effective at the time of the read.

    Raises PlateError for an invalid plate.
    """
    plate = normalise(read.plate)
    return Explanation(
        plate,
        _find_formats(plate, read.country, formats),
        {char: classes.class_for(char) for char in dict.fromkeys(plate) if classes.class_for(char) != char},
        _matching_plates(plate, read, matcher, formats, classes),
        [_decide(read, alert, effective, matcher) for alert, effective in candidates],
    )


def _find_formats(plate: str, country: str | None, formats: Formats) -> list[ExplainedFormat]:
    countries = [country] if country else formats.countries
    exact = [
        _explain_fit(fit, settled=False)
        for country_code in countries
        for fit in formats.exact_fits(plate, country_code)
    ]
    settled = [
        _explain_fit(fit, settled=True)
        for country_code in countries
        if not formats.is_possible_as_read(plate, country_code)
        for fit in formats.settled_fits(plate, country_code)
        if not fit.format.free
    ]
    unique = {(fit.country, fit.format, fit.grouped): fit for fit in settled + exact}
    return list(unique.values())


def _explain_fit(fit: FormatFit, *, settled: bool) -> ExplainedFormat:
    return ExplainedFormat(fit.format.country, fit.format.name, fit.grouped, fit.format.free, settled)


def _matching_plates(
    plate: str, read: Read, matcher: Matcher, formats: Formats, classes: ConfusableClasses
) -> list[str]:
    countries = [read.country] if read.country else list(formats.countries)
    choices = [classes.class_for(char) for char in fold_umlauts(plate)]
    matching = [plate]
    for chars in islice(product(*choices), _MAX_VARIANTS):
        listed = "".join(chars)
        if listed != plate and any(
            formats.is_possible_as_read(listed, country)
            and not isinstance(matcher.compare(plate, listed, "confusable", country, country), NoMatch)
            for country in countries
        ):
            matching.append(listed)
    return matching


def _decide(read: Read, alert: Alert, effective: bool, matcher: Matcher) -> MatchDecision:
    answer = matcher.match(read, alert, with_reasons=True)
    if isinstance(answer, NoMatch):
        return MatchDecision(alert, effective, None, answer.rule, answer.text, list(answer.reasons))
    if not effective:
        return MatchDecision(
            alert,
            effective,
            answer,
            "alert.not-in-force",
            "the alert is not effective at the time of the read",
        )
    return MatchDecision(alert, effective, answer)
