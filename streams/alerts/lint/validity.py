"""Checks on validity periods and withdrawals."""

from collections.abc import Iterable
from typing import ClassVar

from streams.alerts.lint.finding import Check, Finding, Severity
from streams.alerts.lint.line_store import NEVER_MS, LineStore
from streams.records.times import Millis, from_ms, to_rfc3339


class Expired(Check):
    """An alert whose validity period is over and that was not withdrawn."""

    id: ClassVar[str] = "expired"
    severity: ClassVar[Severity] = "warning"

    def __init__(self, lines: LineStore, now_ms: Millis) -> None:
        self._lines = lines
        self._now_ms = now_ms

    def check_all(self) -> Iterable[Finding]:
        latest = self._lines.latest_rows
        is_expired = self._lines.valid_until_ms[latest] <= self._now_ms
        is_withdrawn = self._lines.withdrawn_ms[latest] != NEVER_MS
        for row in latest[is_expired & ~is_withdrawn].tolist():
            valid_until = _format_time(int(self._lines.valid_until_ms[row]))
            yield self.make_finding(
                self._lines.location(row),
                "valid_until",
                f"expired on {valid_until}",
                valid_until,
                "delete the line, or extend the alert by a higher version",
            )


class StaysWithdrawn(Check):
    """An alert meant to be listed again that stays withdrawn, because it begins before the withdrawal.

    A withdrawal ends every version that began before it, and files show only by their order which line was
    meant to follow which. So a version above 1 that comes after the withdrawal, in the order of files and
    lines, is taken for a new listing.
    """

    id: ClassVar[str] = "stays-withdrawn"
    severity: ClassVar[Severity] = "error"

    def __init__(self, lines: LineStore) -> None:
        self._lines = lines

    def check_all(self) -> Iterable[Finding]:
        lines = self._lines
        for name, withdrawals in lines.withdrawals.items():
            row = lines.latest_row(name)
            if row is None or lines.version(row) == 1:
                continue
            valid_from_ms, order = int(lines.valid_from_ms[row]), lines.row_order(row)
            ending = [
                line for line in withdrawals if line.withdrawn_ms > valid_from_ms and line.order < order
            ]
            if ending:
                last = max(ending)
                withdrawn = _format_time(last.withdrawn_ms)
                valid_from = _format_time(valid_from_ms)
                where = lines.withdrawal_location(name, last)
                yield self.make_finding(
                    lines.location(row),
                    "valid_from",
                    f"{valid_from} is before the withdrawal of the alert on {withdrawn} ({where}), "
                    "so the alert stays withdrawn",
                    f"{valid_from}, withdrawn on {withdrawn} at {where}",
                    f"to list it again, send version {lines.version(row) + 1} with a valid_from of "
                    f"{withdrawn} or later",
                )


class UnknownWithdrawal(Check):
    """A withdrawal of an alert that is in none of the files."""

    id: ClassVar[str] = "unknown-withdrawal"
    severity: ClassVar[Severity] = "warning"

    def __init__(self, lines: LineStore) -> None:
        self._lines = lines

    def check_all(self) -> Iterable[Finding]:
        for name, withdrawals in self._lines.withdrawals.items():
            if self._lines.latest_row(name) is None:
                for withdrawal in withdrawals:
                    yield self.make_finding(
                        self._lines.withdrawal_location(name, withdrawal),
                        "alert_id",
                        "withdraws an alert that is in none of the files",
                        "in none of the files",
                        "check list_id and alert_id; lint the files together if the alert is in another one",
                    )


def _format_time(time_ms: Millis) -> str:
    return to_rfc3339(from_ms(time_ms)).replace(".000Z", "Z")
