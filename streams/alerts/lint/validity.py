"""Checks on when alerts count: terms and withdrawals."""

from collections.abc import Iterable
from typing import ClassVar

from streams.alerts.lint.finding import Check, Finding, Severity
from streams.alerts.lint.line_store import NEVER_MS, LineStore
from streams.records.times import from_ms, to_rfc3339


class Expired(Check):
    """An alert whose term is over; one whose term lies ahead is no finding, nor is one withdrawn."""

    id: ClassVar[str] = "expired"
    severity: ClassVar[Severity] = "warning"

    def __init__(self, lines: LineStore, now_ms: int) -> None:
        self._lines = lines
        self._now_ms = now_ms

    def check_all(self) -> Iterable[Finding]:
        ledger = self._lines
        rule = f"lies after now ({_format_time(self._now_ms)})"
        latest = ledger.latest_rows
        for row in latest[
            (ledger.valid_until_ms[latest] <= self._now_ms) & (ledger.withdrawn_ms[latest] == NEVER_MS)
        ].tolist():
            yield self.make_finding(
                ledger.location(row),
                "valid_until",
                rule,
                _format_time(int(ledger.valid_until_ms[row])),
                "delete the line, or prolong the alert by a higher version",
            )


class StaysWithdrawn(Check):
    """An alert meant to be listed again that stays withdrawn, because it begins before the withdrawal.

    A withdrawal ends every version that began before it, and files do not say which line was meant to come
    after which but by their order. So a version above 1 that stands behind the withdrawal, in the order of
    files and lines given, is taken for a new listing.
    """

    id: ClassVar[str] = "stays-withdrawn"
    severity: ClassVar[Severity] = "error"

    def __init__(self, lines: LineStore) -> None:
        self._lines = lines

    def check_all(self) -> Iterable[Finding]:
        ledger = self._lines
        for name, times in ledger.withdrawals.items():
            row = ledger.latest_row(name)
            if row is None or ledger.version(row) == 1:
                continue
            begins, order = int(ledger.valid_from_ms[row]), ledger.row_order(row)
            ending = [each for each in times if each.withdrawn_ms > begins and each.order < order]
            if ending:
                last = max(ending)
                yield self.make_finding(
                    ledger.location(row),
                    "valid_from",
                    "an alert listed again begins at or after its withdrawal",
                    f"{_format_time(begins)}, and {ledger.withdrawal_location(name, last)} withdraws "
                    "what began before "
                    f"{_format_time(last.withdrawn_ms)}",
                    f"to list it again, send version {ledger.version(row) + 1} with a valid_from from "
                    f"{_format_time(last.withdrawn_ms)} on; until then it stays withdrawn",
                )


class UnknownWithdrawal(Check):
    """A withdrawal of an alert that is in none of the files."""

    id: ClassVar[str] = "unknown-withdrawal"
    severity: ClassVar[Severity] = "warning"

    def __init__(self, lines: LineStore) -> None:
        self._lines = lines

    def check_all(self) -> Iterable[Finding]:
        for name, times in self._lines.withdrawals.items():
            if self._lines.latest_row(name) is None:
                for each in times:
                    yield self.make_finding(
                        self._lines.withdrawal_location(name, each),
                        "alert_id",
                        "a withdrawal names an alert of these files",
                        "in none of them",
                        "check list_id and alert_id; if the alert is elsewhere, lint the files together",
                    )


def _format_time(ms: int) -> str:
    return to_rfc3339(from_ms(ms)).replace(".000Z", "Z")
