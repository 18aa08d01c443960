"""Lint: what is wrong with alert lists, found before they are used.

`Lint` takes the lines of all files and gives the findings. Each check is a small class with an id and a
severity (pySigma's shape). An `error` is an alert that does not do what its owner wants, a `warning` one that
probably does not. Of several versions of an alert only the highest is looked at, and of an alert that is
withdrawn only what concerns versions and withdrawals: nothing else can be put right any more.
"""

from streams.alerts.lint.finding import Finding, Location, Severity
from streams.alerts.lint.linter import Linter
from streams.alerts.lint.settings import LintSettings

__all__ = ["Finding", "LintSettings", "Linter", "Location", "Severity"]
