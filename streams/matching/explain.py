"""Explaining a read: its normal form, the formats it fits, and what it would match and why."""

from collections.abc import Iterable
from itertools import islice, product
from typing import Final

from msgspec import Struct

from streams.matching.country_guard import Refusal
from streams.matching.matcher import Judge
from streams.plates.confusables import Classes
from streams.plates.formats import Fit, Formats
from streams.plates.normal_form import folded, normal
from streams.records.alert import Alert
from streams.records.match import MatchResult
from streams.records.read import Read

_MOST_VARIANTS: Final = 4096
"""A plate of eight confusable characters has some thousand variants; more would help nobody."""


class Ruling(Struct, frozen=True, omit_defaults=True):
    """What matching says of one alert: a match, or the rule that refuses it."""

    alert: Alert
    in_force: bool
    match: MatchResult | None = None
    rule: str = ""
    why_not: str = ""
    reasons: list[str] = []
    """What the posterior of one refused for it is made of; of a match they are in the match."""


class FormatFit(Struct, frozen=True, omit_defaults=True):
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
    formats: list[FormatFit]
    confusable: dict[str, str]
    """For each character of the plate that has confusable kin, the whole class."""
    would_match: list[str]
    """Listed plates, possible in a country, that it would match in mode `confusable`, itself first."""
    rulings: list[Ruling]


def explain(
    read: Read,
    candidates: Iterable[tuple[Alert, bool]],
    judge: Judge,
    formats: Formats,
    classes: Classes,
) -> Explanation:
    """What there is to say of a read against candidate alerts, each with whether it is in force.

    Raises PlateError for a plate that is none.
    """
    plate = normal(read.plate)
    return Explanation(
        plate,
        _fits(plate, read.country, formats),
        {char: classes.of(char) for char in dict.fromkeys(plate) if classes.of(char) != char},
        _would_match(plate, read, judge, formats, classes),
        [_ruling(read, alert, in_force, judge) for alert, in_force in candidates],
    )


def _fits(plate: str, country: str | None, formats: Formats) -> list[FormatFit]:
    def row(fit: Fit, settled: bool) -> FormatFit:
        return FormatFit(fit.format.country, fit.format.name, fit.grouped, fit.format.free, settled)

    countries = [country] if country else formats.countries
    found = [row(fit, False) for each in countries for fit in formats.fits(plate, each)]
    settled = [
        row(fit, True)
        for each in countries
        if not formats.possible_as_read(plate, each)
        for fit in formats.settled(plate, each)
        if not fit.format.free
    ]
    unique = {(fit.country, fit.format, fit.grouped): fit for fit in settled + found}
    return list(unique.values())


def _would_match(plate: str, read: Read, judge: Judge, formats: Formats, classes: Classes) -> list[str]:
    countries = [read.country] if read.country else list(formats.countries)
    kin = [classes.of(char) for char in folded(plate)]
    found = [plate]
    for chars in islice(product(*kin), _MOST_VARIANTS):
        listed = "".join(chars)
        if listed == plate:
            continue
        for country in countries:
            if formats.possible_as_read(listed, country) and not isinstance(
                judge.compare(plate, listed, "confusable", country, country), Refusal
            ):
                found.append(listed)
                break
    return found


def _ruling(read: Read, alert: Alert, in_force: bool, judge: Judge) -> Ruling:
    said = judge.judge(read, alert, why=True)
    if isinstance(said, Refusal):
        return Ruling(alert, in_force, None, said.rule, said.words, list(said.reasons))
    if not in_force:
        return Ruling(alert, in_force, said, "alert.not-in-force", "the alert is not in force at that time")
    return Ruling(alert, in_force, said)
