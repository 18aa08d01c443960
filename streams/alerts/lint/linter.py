"""The linter: all checks over all lines."""

from typing import ClassVar, Final

from streams.alerts.alert_keys import is_pattern
from streams.alerts.lint.finding import NOT_AN_ALERT, Check, Entry, Finding, Location, Severity
from streams.alerts.lint.line_store import LineStore
from streams.alerts.lint.pattern_coverage import PatternCoverage
from streams.alerts.lint.patterns import BroadPattern, PatternInExact, UnusedPattern
from streams.alerts.lint.plates import DuplicatePlate, ImpossiblePlate
from streams.alerts.lint.reason import NoReason
from streams.alerts.lint.settings import (
    LintSettings,
    UnknownCentre,
    UnknownList,
    UnknownOperation,
    UnusedFlag,
    WiderMode,
)
from streams.alerts.lint.validity import Expired, StaysWithdrawn, UnknownWithdrawal
from streams.alerts.lint.versions import RepeatedLine, VersionConflict
from streams.plates.formats import Formats, builtin_formats
from streams.plates.normal_form import PlateError, normalise
from streams.records.alert import Alert, Withdrawal
from streams.records.faults import Fault, shown_value


class NotAnAlert(Check):
    """A line that is neither an alert nor a withdrawal; it is left out when the lists are loaded."""

    id: ClassVar[str] = NOT_AN_ALERT
    severity: ClassVar[Severity] = "error"


_NOT_AN_ALERT: Final = NotAnAlert()


class Linter:
    """Takes the lines of alert lists one by one, in the order of the files, and then returns the findings.

    It reads no file and no clock: `settings` holds what the settings and the clock say. The work is linear in
    the number of lines, except for sorting.
    """

    def __init__(self, settings: LintSettings, formats: Formats | None = None) -> None:
        formats = formats if formats is not None else builtin_formats()
        coverage = PatternCoverage(formats)
        self._settings = settings
        self._lines = lines = LineStore()
        self._checks: tuple[Check, ...] = (
            VersionConflict(lines),
            RepeatedLine(lines),
            DuplicatePlate(lines, settings.now_ms),
            ImpossiblePlate(formats, coverage),
            UnusedPattern(settings),
            PatternInExact(settings),
            BroadPattern(settings, coverage),
            NoReason(),
            Expired(lines, settings.now_ms),
            StaysWithdrawn(lines),
            UnknownWithdrawal(lines),
            WiderMode(settings),
            UnknownCentre(settings),
            UnknownOperation(settings),
            UnusedFlag(),
            UnknownList(settings),
        )
        self._entry_checks = [
            check.check_entry for check in self._checks if type(check).check_entry is not Check.check_entry
        ]
        self._row_findings: list[tuple[int, Finding]] = []
        self._findings: list[Finding] = []
        self.alert_count = 0
        """Lines that are alerts."""
        self.withdrawal_count = 0
        """Lines that are withdrawals."""

    def add_line(self, source: str, line: int, record: Alert | Withdrawal | tuple[Fault, ...]) -> None:
        """Add a line, as `streams.records.decode.decode_alerts` decoded it."""
        if isinstance(record, Alert):
            self._add_alert(source, line, record)
        elif isinstance(record, Withdrawal):
            self.withdrawal_count += 1
            self._lines.add_withdrawal(source, line, record)
            self._findings.extend(self._check_entry(Entry(source, line, record)))
        else:
            self._reject(Location(source, line), record)

    def check_all(self) -> list[Finding]:
        """Return all findings, by file in the order first added, line and check."""
        self._lines.close()
        self._findings += [finding for row, finding in self._row_findings if self._is_correctable(row)]
        self._row_findings.clear()
        self._findings.extend(finding for check in self._checks for finding in check.check_all())
        return sorted(self._findings, key=self._sort_key)

    def _add_alert(self, source: str, line: int, alert: Alert) -> None:
        try:
            plate = normalise(alert.plate, wildcards=True)
        except PlateError as error:
            name = f"{alert.list_id}/{alert.alert_id}"
            fault = Fault("plate", str(error), shown_value(alert.plate, "plate"))
            self._reject(Location(source, line, name), (fault,))
            return
        self.alert_count += 1
        row = self._lines.add(source, line, alert)
        entry = Entry(source, line, alert, plate, is_pattern(plate), row)
        self._row_findings.extend((row, finding) for finding in self._check_entry(entry))

    def _check_entry(self, entry: Entry) -> list[Finding]:
        return [finding for check_entry in self._entry_checks for finding in check_entry(entry)]

    def _reject(self, location: Location, faults: tuple[Fault, ...]) -> None:
        self._lines.line_order(location.source, location.line)
        self._findings.extend(_NOT_AN_ALERT.make_finding(location, *fault) for fault in faults)

    def _is_correctable(self, row: int) -> bool:
        """True if a row can still be corrected: it has the highest version and is not withdrawn."""
        return bool(self._lines.is_latest[row]) and self._lines.withdrawn_ms[row] > self._settings.now_ms

    def _sort_key(self, finding: Finding) -> tuple[tuple[int, int], str]:
        return self._lines.line_order(finding.file, finding.line), finding.check
