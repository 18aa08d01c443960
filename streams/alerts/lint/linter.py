"""All checks over all lines."""

from typing import ClassVar, Final

from streams.alerts.alert_keys import is_pattern
from streams.alerts.lint.finding import Check, Entry, Finding, Place, Severity
from streams.alerts.lint.line_store import Ledger
from streams.alerts.lint.pattern_coverage import Shares
from streams.alerts.lint.patterns import BroadPattern, PatternInExact, UnusedPattern
from streams.alerts.lint.plates import DuplicatePlate, ImpossiblePlate
from streams.alerts.lint.reason import NoReason
from streams.alerts.lint.settings import (
    Facts,
    UnknownCentre,
    UnknownList,
    UnknownOperation,
    UnusedFlag,
    WiderMode,
)
from streams.alerts.lint.validity import Expired, StaysWithdrawn, UnknownWithdrawal
from streams.alerts.lint.versions import RepeatedLine, VersionConflict
from streams.plates.formats import Formats, shipped
from streams.plates.normal_form import PlateError, normal
from streams.records.alert import Alert, Withdrawal
from streams.records.faults import Fault, shown


class NotAnAlert(Check):
    """A line that is no alert and no withdrawal; it is left out when the lists are loaded."""

    id: ClassVar[str] = "not-an-alert"
    severity: ClassVar[Severity] = "error"


_NOT_AN_ALERT: Final = NotAnAlert()


class Lint:
    """Takes the lines of alert lists, one by one in the order of the files, and then gives the findings.

    It knows no file and no clock: what the settings and the clock say is in `facts`. The work is linear in
    the lines, but for sorting.
    """

    def __init__(self, facts: Facts, formats: Formats | None = None) -> None:
        formats = formats if formats is not None else shipped()
        shares = Shares(formats)
        self._facts = facts
        self._ledger = ledger = Ledger()
        self._checks: tuple[Check, ...] = (
            VersionConflict(ledger),
            RepeatedLine(ledger),
            DuplicatePlate(ledger, facts.now),
            ImpossiblePlate(formats, shares),
            UnusedPattern(facts),
            PatternInExact(facts),
            BroadPattern(facts, shares),
            NoReason(),
            Expired(ledger, facts.now),
            StaysWithdrawn(ledger),
            UnknownWithdrawal(ledger),
            WiderMode(facts),
            UnknownCentre(facts),
            UnknownOperation(facts),
            UnusedFlag(),
            UnknownList(facts),
        )
        self._seeing = [check.see for check in self._checks if type(check).see is not Check.see]
        self._on_rows: list[tuple[int, Finding]] = []
        self._findings: list[Finding] = []
        self.alerts = 0
        """Lines that are alerts."""
        self.withdrawals = 0
        """Lines that are withdrawals."""

    def take(self, source: str, line: int, record: Alert | Withdrawal | tuple[Fault, ...]) -> None:
        """Takes a line: what `streams.records.decode.decode_alerts` made of it."""
        if isinstance(record, Alert):
            self._take_alert(source, line, record)
        elif isinstance(record, Withdrawal):
            self.withdrawals += 1
            self._ledger.withdraw(source, line, record)
            entry = Entry(source, line, record)
            self._findings.extend(finding for see in self._seeing for finding in see(entry))
        else:
            self._reject(Place(source, line), record)

    def finish(self) -> list[Finding]:
        """All findings, by file in the order first seen, line and check."""
        ledger = self._ledger
        ledger.close()
        self._findings += [finding for row, finding in self._on_rows if self._matters(row)]
        self._on_rows.clear()
        self._findings.extend(finding for check in self._checks for finding in check.finish())
        return sorted(self._findings, key=lambda each: (ledger.order(each.file, each.line), each.check))

    def _take_alert(self, source: str, line: int, alert: Alert) -> None:
        try:
            plate = normal(alert.plate, wildcards=True)
        except PlateError as error:
            name = f"{alert.list_id}/{alert.alert_id}"
            fault = Fault("plate", str(error), shown(alert.plate, "plate"))
            self._reject(Place(source, line, name), (fault,))
            return
        self.alerts += 1
        row = self._ledger.add(source, line, alert)
        entry = Entry(source, line, alert, plate, is_pattern(plate), row)
        for see in self._seeing:
            for finding in see(entry):
                self._on_rows.append((row, finding))

    def _reject(self, place: Place, faults: tuple[Fault, ...]) -> None:
        self._ledger.order(place.source, place.line)
        self._findings.extend(_NOT_AN_ALERT.finding(place, *fault) for fault in faults)

    def _matters(self, row: int) -> bool:
        """Whether a finding on a row can still be put right: its version counts and is not withdrawn."""
        return bool(self._ledger.counts[row]) and self._ledger.withdrawn[row] > self._facts.now
