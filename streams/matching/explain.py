"""Explaining a read: its normal form, the formats it fits, and what it would match and why."""

from collections.abc import Iterable
from itertools import islice, product
from typing import Final

from msgspec import Struct

from streams.matching.country_guard import NoMatch
from streams.matching.matcher import Matcher
from streams.plates.confusables import ConfusableClasses
from streams.plates.formats import FormatFit, Formats
from streams.plates.normal_form import fold_umlauts, normalise
from streams.records.alert import Alert
from streams.records.match import MatchResult
from streams.records.read import Read

_MAX_VARIANTS: Final = 4096
"""A plate of eight confusable characters has some thousand variants; more would help nobody."""


class MatchDecision(Struct, frozen=True, omit_defaults=True):
    """What matching says of one alert: a match, or the rule that refuses it."""

    alert: Alert
    in_force: bool
    match: MatchResult | None = None
    rule: str = ""
    why_not: str = ""
    reasons: list[str] = []
    """What the posterior of one refused for it is made of; of a match they are in the match."""


class ExplainedFormat(Struct, frozen=True, omit_defaults=True):
    """A format that the plate fits, and how it would be printed."""

    country: str
    format: str
    grouped: str
    free: bool = False
    settled: bool = False
    """Only once characters that cannot stand at their place are taken for their confusable kin."""


class Explanation(Struct, frozen=True, omit_defaults=True):
    """All that is said of a read."""

    plate: str
    formats: list[ExplainedFormat]
    confusable: dict[str, str]
    """For each character of the plate that has confusable kin, the whole class."""
    would_match: list[str]
    """Listed plates, possible in a country, that it would match in mode `confusable`, itself first."""
    rulings: list[MatchDecision]


def explain(
    read: Read,
    candidates: Iterable[tuple[Alert, bool]],
    matcher: Matcher,
    formats: Formats,
    classes: ConfusableClasses,
) -> Explanation:
    """What there is to say of a read against candidate alerts, each with whether it is in force.

    Raises PlateError for a plate that is none.
    """
    plate = normalise(read.plate)
    return Explanation(
        plate,
        _find_formats(plate, read.country, formats),
        {char: classes.class_for(char) for char in dict.fromkeys(plate) if classes.class_for(char) != char},
        _matching_plates(plate, read, matcher, formats, classes),
        [_decide(read, alert, in_force, matcher) for alert, in_force in candidates],
    )


def _find_formats(plate: str, country: str | None, formats: Formats) -> list[ExplainedFormat]:
    def row(fit: FormatFit, settled: bool) -> ExplainedFormat:
        return ExplainedFormat(fit.format.country, fit.format.name, fit.grouped, fit.format.free, settled)

    countries = [country] if country else formats.countries
    found = [row(fit, False) for each in countries for fit in formats.exact_fits(plate, each)]
    settled = [
        row(fit, True)
        for each in countries
        if not formats.is_possible_as_read(plate, each)
        for fit in formats.settled_fits(plate, each)
        if not fit.format.free
    ]
    unique = {(fit.country, fit.format, fit.grouped): fit for fit in settled + found}
    return list(unique.values())


def _matching_plates(
    plate: str, read: Read, matcher: Matcher, formats: Formats, classes: ConfusableClasses
) -> list[str]:
    countries = [read.country] if read.country else list(formats.countries)
    kin = [classes.class_for(char) for char in fold_umlauts(plate)]
    found = [plate]
    for chars in islice(product(*kin), _MAX_VARIANTS):
        listed = "".join(chars)
        if listed == plate:
            continue
        for country in countries:
            if formats.is_possible_as_read(listed, country) and not isinstance(
                matcher.compare(plate, listed, "confusable", country, country), NoMatch
            ):
                found.append(listed)
                break
    return found


def _decide(read: Read, alert: Alert, effective: bool, matcher: Matcher) -> MatchDecision:
    said = matcher.match(read, alert, with_reasons=True)
    if isinstance(said, NoMatch):
        return MatchDecision(alert, effective, None, said.rule, said.text, list(said.reasons))
    if not effective:
        return MatchDecision(
            alert, effective, said, "alert.not-in-force", "the alert is not in force at that time"
        )
    return MatchDecision(alert, effective, said)
