"""Plausible times: a read whose `captured_at` cannot be right is set aside before it is matched.

One camera whose clock runs ahead would otherwise move the present for all: live hits would become historical
and handovers would end. A read that is set aside moves no clock and leaves no trace; it is rejected with a
fault, like a record that is no read. Where the present is known, `KnownPresent` compares with it;
`streams.matching.estimated_present` estimates it from the reads of all cameras.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from streams.records.decode import DecodedReads, RejectedRecord
from streams.records.faults import Fault, shown_value
from streams.records.read import Read
from streams.records.times import HOUR_MS, Millis, from_ms, to_rfc3339

IMPLAUSIBLE_TIME: Final = "implausible-time"
"""The id of the rule, as its faults show it."""

_SECOND_MS: Final = 1000


class ImplausibleRead(NamedTuple):
    """A read that was set aside: its camera, and the record with its fault."""

    camera_id: str
    record: RejectedRecord


class SiftedReads(NamedTuple):
    """The reads to match, in this order, and those set aside."""

    reads: list[Read]
    set_aside: list[ImplausibleRead]


class HeldReads(NamedTuple):
    """What a check held at the end: records to match with their positions, and reads set aside."""

    records: list[bytes]
    positions: list[int]
    set_aside: list[ImplausibleRead]


class TimeCheck(Protocol):
    """A check of the times of reads. Its cost is that of the implausible reads, not of all."""

    def sift(
        self, decoded: DecodedReads, records: Sequence[bytes], positions: Sequence[int]
    ) -> SiftedReads | None:
        """Sift the decoded reads of some records; return None if all are to be matched, in their order.

        `positions[i]` is the position that a rejected `records[i]` is given. A read may be held back for a
        later call.
        """

    def finish(self) -> HeldReads:
        """Return, at the end of the input, what is still held."""


class KnownPresent:
    """The check where the present is known: the clock, or a time that was given.

    A read is set aside if it is later than the present by more than `max_ahead_s`, or earlier by more than
    `retained_hours`, the longest retention of what reads lead to; None where nothing ends with time.
    """

    def __init__(self, now_ms: Millis, max_ahead_s: float, retained_hours: float | None = None) -> None:
        now = to_rfc3339(from_ms(now_ms))
        self._latest = from_ms(now_ms + round(max_ahead_s * _SECOND_MS))
        self._ahead_rule = (
            f"must be at most {max_ahead_s:g} s after the present {now}, by [matching] max_ahead_s "
            f"({IMPLAUSIBLE_TIME}: correct the camera's clock)"
        )
        self._earliest = None
        self._behind_rule = ""
        if retained_hours is not None:
            self._earliest = from_ms(now_ms - round(retained_hours * HOUR_MS))
            self._behind_rule = (
                f"must be at most {retained_hours:g} h before the present {now}, the longest retention in "
                f"[topics] and [correlation] ({IMPLAUSIBLE_TIME}: correct the camera's clock)"
            )

    def sift(
        self, decoded: DecodedReads, records: Sequence[bytes], positions: Sequence[int]
    ) -> SiftedReads | None:
        """Set aside what is too far from the present; see `TimeCheck`."""
        if decoded.span is None:
            return None
        earliest, latest = self._earliest or decoded.span[0], self._latest
        if earliest <= decoded.span[0] and decoded.span[1] <= latest:
            return None
        reads: list[Read] = []
        set_aside: list[ImplausibleRead] = []
        for read, index in zip(decoded.reads, decoded.indices, strict=True):
            if earliest <= read.captured_at <= latest:
                reads.append(read)
            else:
                rule = self._ahead_rule if read.captured_at > latest else self._behind_rule
                set_aside.append(implausible_read(read, positions[index], records[index], rule))
        return SiftedReads(reads, set_aside)

    def finish(self) -> HeldReads:
        """Return nothing: no read is held back."""
        return HeldReads([], [], [])


def implausible_read(read: Read, position: int, raw: bytes, rule: str) -> ImplausibleRead:
    """Return a read as it is set aside, with the rule that its time breaks."""
    fault = Fault("captured_at", rule, shown_value(to_rfc3339(read.captured_at)))
    return ImplausibleRead(read.camera_id, RejectedRecord(position, (fault,), raw))
