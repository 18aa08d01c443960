"""Checks on versions: of lines with the same alert and version one too many."""

from collections.abc import Iterable
from typing import ClassVar

from streams.alerts.lint.finding import Check, Finding, Severity
from streams.alerts.lint.line_store import LineStore


class VersionConflict(Check):
    """A version of an alert twice with different content: which of them counts, its owner cannot tell."""

    id: ClassVar[str] = "version-conflict"
    severity: ClassVar[Severity] = "error"

    def __init__(self, lines: LineStore) -> None:
        self._lines = lines

    def check_all(self) -> Iterable[Finding]:
        for first, other, same in self._lines.repeated_versions():
            if not same:
                yield self.make_finding(
                    self._lines.location(other),
                    "version",
                    "one version of an alert has one content",
                    f"{self._lines.version(other)}, with other content at {self._lines.location(first)}",
                    "give the content that is to count a higher version",
                )


class RepeatedLine(Check):
    """A version of an alert twice with the same content, whatever the order of the fields."""

    id: ClassVar[str] = "repeated-line"
    severity: ClassVar[Severity] = "warning"

    def __init__(self, lines: LineStore) -> None:
        self._lines = lines

    def check_all(self) -> Iterable[Finding]:
        for first, other, same in self._lines.repeated_versions():
            if same:
                yield self.make_finding(
                    self._lines.location(other),
                    "version",
                    "a version of an alert is listed once",
                    f"{self._lines.version(other)}, the same at {self._lines.location(first)}",
                    "delete one of the lines",
                )
