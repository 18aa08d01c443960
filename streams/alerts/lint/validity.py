"""Checks on when alerts count: terms and withdrawals."""

from collections.abc import Iterable
from typing import ClassVar

from streams.alerts.lint.finding import Check, Finding, Severity
from streams.alerts.lint.line_store import NEVER, Ledger
from streams.records.times import from_ms, rfc3339


class Expired(Check):
    """An alert whose term is over; one whose term lies ahead is no finding, nor is one withdrawn."""

    id: ClassVar[str] = "expired"
    severity: ClassVar[Severity] = "warning"

    def __init__(self, ledger: Ledger, now: int) -> None:
        self._ledger = ledger
        self._now = now

    def finish(self) -> Iterable[Finding]:
        ledger = self._ledger
        rule = f"lies after now ({_time(self._now)})"
        latest = ledger.latest
        for row in latest[(ledger.ends[latest] <= self._now) & (ledger.withdrawn[latest] == NEVER)].tolist():
            yield self.finding(
                ledger.place(row),
                "valid_until",
                rule,
                _time(int(ledger.ends[row])),
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

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def finish(self) -> Iterable[Finding]:
        ledger = self._ledger
        for name, times in ledger.withdrawals.items():
            row = ledger.row(name)
            if row is None or ledger.version(row) == 1:
                continue
            begins, order = int(ledger.begins[row]), ledger.order_of(row)
            ending = [each for each in times if each.at > begins and each.order < order]
            if ending:
                last = max(ending)
                yield self.finding(
                    ledger.place(row),
                    "valid_from",
                    "an alert listed again begins at or after its withdrawal",
                    f"{_time(begins)}, and {ledger.place_of(name, last)} withdraws what began before "
                    f"{_time(last.at)}",
                    f"to list it again, send version {ledger.version(row) + 1} with a valid_from from "
                    f"{_time(last.at)} on; until then it stays withdrawn",
                )


class UnknownWithdrawal(Check):
    """A withdrawal of an alert that is in none of the files."""

    id: ClassVar[str] = "unknown-withdrawal"
    severity: ClassVar[Severity] = "warning"

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def finish(self) -> Iterable[Finding]:
        for name, times in self._ledger.withdrawals.items():
            if self._ledger.row(name) is None:
                for each in times:
                    yield self.finding(
                        self._ledger.place_of(name, each),
                        "alert_id",
                        "a withdrawal names an alert of these files",
                        "in none of them",
                        "check list_id and alert_id; if the alert is elsewhere, lint the files together",
                    )


def _time(ms: int) -> str:
    return rfc3339(from_ms(ms)).replace(".000Z", "Z")
