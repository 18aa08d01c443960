"""What a check looks at and what it gives."""

from collections.abc import Iterable
from typing import ClassVar, Literal, NamedTuple

from streams.records.alert import Alert, Withdrawal

Severity = Literal["error", "warning"]


class Location(NamedTuple):
    """Where an alert or a withdrawal stands, and its name `<list_id>/<alert_id>`, empty if unknown."""

    source: str
    line: int
    alert: str = ""

    def __str__(self) -> str:
        return f"{self.source}:{self.line}"


class Entry(NamedTuple):
    """A line that is an alert or a withdrawal.

    `plate` is the alert's plate in normal form, wildcards kept, and `pattern` whether it has any; `row` is
    the alert's place in the ledger. A withdrawal has the defaults.
    """

    source: str
    line: int
    record: Alert | Withdrawal
    plate: str = ""
    is_pattern: bool = False
    row: int = -1

    @property
    def location(self) -> Location:
        """Where it stands."""
        return Location(self.source, self.line, f"{self.record.list_id}/{self.record.alert_id}")


class Finding(NamedTuple):
    """One thing that is wrong: where, by which check, the rule it breaks, the value, and what to do.

    It never holds a plate or the text of a reason, which are personal data.
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
        head = ": ".join(part for part in (self.alert, self.field, self.rule) if part)
        value = f"; it is {self.value}" if self.value else ""
        advice = f"; {self.advice}" if self.advice else ""
        text = f"{self.file}:{self.line}: {self.severity} {self.check}: {head}{value}{advice}"
        # An id may hold anything; a line feed or an escape in it must not reach a terminal.
        return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


class Check:
    """One check. A class below says its id, its severity and either `see` or `finish` or both."""

    id: ClassVar[str]
    severity: ClassVar[Severity]

    def check_entry(self, entry: Entry) -> Iterable[Finding]:  # noqa: ARG002 - for those that override it
        """The findings on one entry alone. It is called once for each, in the order of the files."""
        return ()

    def check_all(self) -> Iterable[Finding]:
        """The findings on all entries together, after the last; the ledger is closed by then."""
        return ()

    def make_finding(
        self, location: Location, field: str, rule: str, value: str = "", advice: str = ""
    ) -> Finding:
        """A finding of this check."""
        return Finding(
            location.source, location.line, self.id, self.severity, location.alert, field, rule, value, advice
        )
