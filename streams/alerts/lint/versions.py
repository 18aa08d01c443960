"""Checks on versions: of lines with the same alert and version one too many."""

from collections.abc import Iterable
from typing import ClassVar

from streams.alerts.lint.finding import Check, Finding, Severity
from streams.alerts.lint.line_store import Ledger


class VersionConflict(Check):
    """A version of an alert twice with different content: which of them counts, its owner cannot tell."""

    id: ClassVar[str] = "version-conflict"
    severity: ClassVar[Severity] = "error"

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def finish(self) -> Iterable[Finding]:
        for first, other, same in self._ledger.repeats():
            if not same:
                yield self.finding(
                    self._ledger.place(other),
                    "version",
                    "one version of an alert has one content",
                    f"{self._ledger.version(other)}, with other content at {self._ledger.place(first)}",
                    "give the content that is to count a higher version",
                )


class RepeatedLine(Check):
    """A version of an alert twice with the same content, whatever the order of the fields."""

    id: ClassVar[str] = "repeated-line"
    severity: ClassVar[Severity] = "warning"

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def finish(self) -> Iterable[Finding]:
        for first, other, same in self._ledger.repeats():
            if same:
                yield self.finding(
                    self._ledger.place(other),
                    "version",
                    "a version of an alert is listed once",
                    f"{self._ledger.version(other)}, the same at {self._ledger.place(first)}",
                    "delete one of the lines",
                )
