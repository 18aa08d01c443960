"""Checks on lines that repeat an alert and version."""

from collections.abc import Iterable
from typing import ClassVar

from streams.alerts.lint.finding import Check, Finding, Severity
from streams.alerts.lint.line_store import LineStore


class VersionConflict(Check):
    """Two lines with the same alert and version but different content: its owner cannot tell which counts."""

    id: ClassVar[str] = "version-conflict"
    severity: ClassVar[Severity] = "error"

    def __init__(self, lines: LineStore) -> None:
        self._lines = lines

    def check_all(self) -> Iterable[Finding]:
        for first_row, row, same_content in self._lines.repeated_versions():
            if not same_content:
                version, first = self._lines.version(row), self._lines.location(first_row)
                yield self.make_finding(
                    self._lines.location(row),
                    "version",
                    f"version {version} has different content at {first}",
                    f"{version}, with different content at {first}",
                    "give the content that is to count a higher version",
                )


class RepeatedLine(Check):
    """Two lines with the same alert, version and content, whatever the order of the fields."""

    id: ClassVar[str] = "repeated-line"
    severity: ClassVar[Severity] = "warning"

    def __init__(self, lines: LineStore) -> None:
        self._lines = lines

    def check_all(self) -> Iterable[Finding]:
        for first_row, row, same_content in self._lines.repeated_versions():
            if same_content:
                version, first = self._lines.version(row), self._lines.location(first_row)
                yield self.make_finding(
                    self._lines.location(row),
                    "version",
                    f"version {version} is already at {first}, with the same content",
                    f"{version}, the same at {first}",
                    "delete one of the lines",
                )
