"""What a check examines and what it returns."""

from collections.abc import Iterable
from typing import ClassVar, Final, Literal, NamedTuple

from streams.records.alert import Alert, Withdrawal
from streams.records.faults import Fault

Severity = Literal["error", "warning"]
NOT_AN_ALERT: Final = "not-an-alert"
"""The id of the check for lines that are neither an alert nor a withdrawal."""


class Location(NamedTuple):
    """The line of an alert or a withdrawal, and its name `<list_id>/<alert_id>`, empty if unknown."""

    source: str
    line: int
    alert: str = ""

    def __str__(self) -> str:
        return f"{self.source}:{self.line}"


class Entry(NamedTuple):
    """A line that is an alert or a withdrawal; a withdrawal has the defaults."""

    source: str
    line: int
    record: Alert | Withdrawal
    plate: str = ""
    """The alert's plate in normal form, wildcards included."""
    is_pattern: bool = False
    """True if the plate has wildcards."""
    row: int = -1
    """The alert's row in the line store."""

    @property
    def location(self) -> Location:
        """The line and the name of the record."""
        return Location(self.source, self.line, f"{self.record.list_id}/{self.record.alert_id}")


class Finding(NamedTuple):
    """One fault: where it is, which check found it, and what to do.

    `rule` says what is wrong, the value included; in a finding of NOT_AN_ALERT it is a requirement, as in
    `Fault`. A finding never holds a plate or the text of a reason, which are personal data.
    """

    file: str
    line: int
    check: str
    severity: Severity
    alert: str
    field: str
    rule: str
    value: str
    advice: str

    def __str__(self) -> str:
        fault = Fault(self.field, self.rule, self.value if self.check == NOT_AN_ALERT else "")
        alert = f"{self.alert}: " if self.alert else ""
        advice = f"; {self.advice}" if self.advice else ""
        text = f"{self.file}:{self.line}: {self.severity} {self.check}: {alert}{fault}{advice}"
        # An id may hold anything; a line feed or an escape sequence in it must not reach a terminal.
        return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


class Check:
    """One check. A subclass has an id, a severity, and either `check_entry` or `check_all` or both."""

    id: ClassVar[str]
    severity: ClassVar[Severity]

    def check_entry(self, entry: Entry) -> Iterable[Finding]:  # noqa: ARG002 - for those that override it
        """Return the findings on one entry alone. Called once for each entry, in the order of the files."""
        return ()

    def check_all(self) -> Iterable[Finding]:
        """Return the findings on all entries together. Called after the last, with the lines closed."""
        return ()

    def make_finding(
        self, location: Location, field: str, rule: str, value: str = "", advice: str = ""
    ) -> Finding:
        """Return a finding of this check."""
        return Finding(
            location.source, location.line, self.id, self.severity, location.alert, field, rule, value, advice
        )
