"""Checks on plates with wildcards."""

from collections.abc import Iterable
from typing import ClassVar, Final

from streams.alerts.lint.finding import Check, Entry, Finding, Severity
from streams.alerts.lint.pattern_coverage import PatternCoverage
from streams.alerts.lint.settings import MODE_RANK, LintSettings
from streams.plates.normal_form import WILDCARDS
from streams.records.alert import Alert

BROAD_ONE_IN: Final = 2_000
"""A pattern is broad if it fits more than one in so many plates of a series. Three digits of a number with
three fit one in 1,000: at a border with 20,000 vehicles a day, a false hit an hour. A letter more fits one
in 20,000."""


class UnusedPattern(Check):
    """A pattern with fewer letters and digits than [matching] pattern_min_literals: it is never used."""

    id: ClassVar[str] = "unused-pattern"
    severity: ClassVar[Severity] = "error"

    def __init__(self, settings: LintSettings) -> None:
        self._min_literals = settings.pattern_min_literals

    def check_entry(self, entry: Entry) -> Iterable[Finding]:
        if not entry.is_pattern or count_literals(entry.plate) >= self._min_literals:
            return ()
        rule = f"a plate with ? or * has at least {self._min_literals} letters and digits"
        advice = "it is never used: add what is known, or see [matching] pattern_min_literals"
        return (self.make_finding(entry.location, "plate", rule, _describe_literals(entry.plate), advice),)


class BroadPattern(Check):
    """A pattern that fits a large share of the plates of a series of its country (of any country, if it
    names none), estimated from the national formats. A country with unknown formats gives no finding."""

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
        return (
            self.make_finding(
                entry.location,
                "plate",
                f"fits at most 1 in {BROAD_ONE_IN:,} plates of a series",
                f"{_describe_literals(entry.plate)} that fit about 1 in {round(1 / widest.share):,} "
                f"of {widest.series}",
                "add letters, digits"
                + ("" if alert.country else ", the country")
                + " or a ? for each character instead of a *",
            ),
        )


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
        own = alert.match.mode if alert.match else None
        of_list = self._settings.list_mode(alert.list_id)
        rule = "a plate with ? or * needs the mode pattern or a wider one"
        if MODE_RANK[of_list] < MODE_RANK["pattern"]:
            advice = f"it never matches: set [lists.{alert.list_id}] mode to pattern, or list whole plates"
            return (
                self.make_finding(entry.location, "plate", rule, f"one, and its list has {of_list}", advice),
            )
        if own is not None and MODE_RANK[own] < MODE_RANK["pattern"]:
            advice = "it never matches: leave match.mode out, or list whole plates"
            return (self.make_finding(entry.location, "match.mode", rule, own, advice),)
        return ()


def count_literals(plate: str) -> int:
    """The letters and digits of a normal form with wildcards."""
    return sum(char not in WILDCARDS for char in plate)


def _describe_literals(plate: str) -> str:
    return f"one with {count_literals(plate)}"
