"""Checks on plates with wildcards."""

from collections.abc import Iterable
from typing import ClassVar, Final

from streams.alerts.lint.finding import Check, Entry, Finding, Severity
from streams.alerts.lint.pattern_coverage import PatternCoverage
from streams.alerts.lint.settings import LintSettings
from streams.plates.normal_form import WILDCARDS
from streams.records.alert import MODE_RANK, Alert

BROAD_ONE_IN: Final = 2_000
"""A pattern is broad if it fits more than one in this many plates of a series. Three digits of a number with
three fit one in 1,000: at a border with 20,000 vehicles a day, one false hit an hour. One letter more fits
one in 20,000."""


class UnusedPattern(Check):
    """A pattern with fewer letters and digits than [matching] pattern_min_literals: it is never used."""

    id: ClassVar[str] = "unused-pattern"
    severity: ClassVar[Severity] = "error"

    def __init__(self, settings: LintSettings) -> None:
        self._min_literals = settings.pattern_min_literals

    def check_entry(self, entry: Entry) -> Iterable[Finding]:
        if not entry.is_pattern or count_literals(entry.plate) >= self._min_literals:
            return ()
        literals = _describe_literals(entry.plate)
        rule = (
            f"the pattern has {literals}, fewer than the {self._min_literals} of "
            "[matching] pattern_min_literals, so it is never used"
        )
        advice = "add the characters that are known, or lower [matching] pattern_min_literals"
        return (self.make_finding(entry.location, "plate", rule, literals, advice),)


class BroadPattern(Check):
    """A pattern that fits a large share of the plates of a series of its country, or of any country if it
    names none, estimated from the national formats. A country with unknown formats has no finding."""

    id: ClassVar[str] = "broad-pattern"
    severity: ClassVar[Severity] = "warning"

    def __init__(self, settings: LintSettings, coverage: PatternCoverage) -> None:
        self._min_literals = settings.pattern_min_literals
        self._coverage = coverage

    def check_entry(self, entry: Entry) -> Iterable[Finding]:
        alert = entry.record
        if (
            not entry.is_pattern
            or not isinstance(alert, Alert)
            or count_literals(entry.plate) < self._min_literals
        ):
            return ()
        widest = self._coverage.widest_series(entry.plate, alert.country)
        if widest is None or widest.share * BROAD_ONE_IN <= 1:
            return ()
        value = f"about 1 in {round(1 / widest.share):,} plates of {widest.series}"
        rule = f"the pattern is too broad: it fits {value}, and the limit is 1 in {BROAD_ONE_IN:,}"
        country = "" if alert.country else ", the country"
        advice = f"add letters or digits{country}, or write a ? for each character instead of a *"
        return (self.make_finding(entry.location, "plate", rule, value, advice),)


class PatternInExact(Check):
    """A pattern on a list or an alert whose mode is `exact`, in which it never matches."""

    id: ClassVar[str] = "pattern-in-exact"
    severity: ClassVar[Severity] = "error"

    def __init__(self, settings: LintSettings) -> None:
        self._settings = settings

    def check_entry(self, entry: Entry) -> Iterable[Finding]:
        alert = entry.record
        if not entry.is_pattern or not isinstance(alert, Alert):
            return ()
        alert_mode = alert.match.mode if alert.match else None
        list_mode = self._settings.list_mode(alert.list_id)
        if MODE_RANK[list_mode] < MODE_RANK["pattern"]:
            rule = f"a pattern never matches on a list with the mode {list_mode}"
            advice = f"set [lists.{alert.list_id}] mode to pattern, or list whole plates"
            return (self.make_finding(entry.location, "plate", rule, list_mode, advice),)
        if alert_mode is not None and MODE_RANK[alert_mode] < MODE_RANK["pattern"]:
            rule = f"a pattern never matches in the mode {alert_mode}"
            advice = "remove match.mode, or list whole plates"
            return (self.make_finding(entry.location, "match.mode", rule, alert_mode, advice),)
        return ()


def count_literals(plate: str) -> int:
    """Return the number of letters and digits in a normal form with wildcards."""
    return sum(char not in WILDCARDS for char in plate)


def _describe_literals(plate: str) -> str:
    count = count_literals(plate)
    return f"{count} letter or digit" if count == 1 else f"{count} letters and digits"
