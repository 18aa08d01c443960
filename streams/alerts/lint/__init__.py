"""Lint: faults of alert lists, found before the lists are used.

`Linter` takes the lines of all files and returns the findings. Each check is a small class with an id and a
severity. An `error` is an alert that does not do what its owner wants, a `warning` one that probably does
not. Of several versions of an alert only the highest is checked, and of a withdrawn alert only what concerns
versions and withdrawals: nothing else can be corrected any more.
"""

from streams.alerts.lint.finding import Finding, Location, Severity
from streams.alerts.lint.linter import Linter
from streams.alerts.lint.settings import LintSettings

__all__ = ["Finding", "LintSettings", "Linter", "Location", "Severity"]
