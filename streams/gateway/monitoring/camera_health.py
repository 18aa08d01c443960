"""The health of one camera: its counts, minute by minute, its clock, and whether it is blind."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, NamedTuple, get_args

from msgspec import Meta, Struct

from streams.gateway.event import ParsedEvent, Reason
from streams.gateway.monitoring.baseline import HourlyBaseline, empty_baseline
from streams.records.times import Millis, from_ms, to_ms, to_rfc3339

Outcome = Literal["taken", "passed", "refused"]
"""Outcome of an event: reads; no reads though nothing is wrong; or it, or a part of it, was refused."""

WINDOW_MINUTES: Final = 15
"""Whole minutes over which reads are compared with the baseline."""
_DRIFT_MINUTES: Final = 10
_BLIND_BELOW: Final = 0.2
_RECOVERED_AT: Final = 0.4
"""Shares of the expected reads below which a camera is blind, and at which it no longer is. The second is
twice the first, so that a camera between the two does not change state again and again."""
_MIN_EXPECTED_READS: Final = 20
"""Expected reads in the window below which a low number of reads is not significant."""


class HealthCounts(NamedTuple):
    """Figures of one camera. Counts are since the start of the process.

    `rejects` counts refused parts of events, of which an event may have several. `late_reads` are those of
    the `reads` that are marked as sent late.

    `drift_ms` compares the camera's clock with the arrival of its reads: it is the least of (arrival -
    capture) over the reads of the last 10 minutes that are not marked late. As a delay is never negative, a
    value below 0 means that the clock is ahead by at least as much. A large value means that the clock is
    behind or the connection is slow: the two cannot be distinguished. A value near whole hours indicates a
    wrong zone. The value follows a clock that jumps ahead with the next read, and one that jumps back within
    10 minutes. Reads more than 5 minutes ahead are refused, so they show as rejects for `time` instead. None
    without such reads.

    `recent_reads` are the reads, not marked late, of the last 15 whole minutes; `expected_reads` is their
    usual number, None if that is not known yet. `ratio` is the first divided by the second; None if the
    second is 0 or unknown, or the 15 minutes were not all observed.
    """

    camera_id: str
    events: Mapping[Outcome, int]
    rejects: Mapping[Reason, int]
    reads: int
    late_reads: int
    last_event_ms: Millis | None
    drift_ms: int | None
    recent_reads: int
    expected_reads: float | None
    ratio: float | None
    blind: bool


class SavedHealth(
    Struct, rename={"baseline": "usual", "last_event_ms": "last_event", "reported_blind": "told"}
):
    """What outlives the process: the baseline, the arrival of the last event, and the blindness reported."""

    baseline: HourlyBaseline
    last_event_ms: Annotated[int, Meta(ge=0, le=10**15)] | None = None
    reported_blind: bool = False


class _Minute:
    __slots__ = ("min_delay_ms", "reads")

    def __init__(self) -> None:
        self.reads = 0
        self.min_delay_ms: int | None = None


class CameraHealth:
    """Figures of one camera over a sliding window; minutes are whole minutes since 1970-01-01 UTC.

    Only the minutes of the window and the one in progress are held.
    """

    def __init__(self, saved: SavedHealth | None = None) -> None:
        self.saved = saved or SavedHealth(empty_baseline())
        self.events: dict[Outcome, int] = dict.fromkeys(get_args(Outcome), 0)
        self.rejects: dict[Reason, int] = dict.fromkeys(get_args(Reason), 0)
        self.blind = self.saved.reported_blind
        self._reads = 0
        self._late_reads = 0
        self._minutes: dict[int, _Minute] = {}

    def record_event(self, arrived_ms: Millis, outcome: Outcome) -> None:
        """Count an event."""
        self.events[outcome] += 1
        self.saved.last_event_ms = max(arrived_ms, self.saved.last_event_ms or 0)

    def record_reads(self, minute: int, arrived_ms: Millis, parsed: ParsedEvent) -> int:
        """Count the reads of an event in a minute; return how many of them are not marked late."""
        delays_ms = [arrived_ms - to_ms(read.captured_at) for read in parsed.reads if not read.retransmitted]
        self._reads += len(parsed.reads)
        self._late_reads += len(parsed.reads) - len(delays_ms)
        if delays_ms:
            current = self._minutes.setdefault(minute, _Minute())
            current.reads += len(delays_ms)
            least_ms = min(delays_ms)
            if current.min_delay_ms is None or least_ms < current.min_delay_ms:
                current.min_delay_ms = least_ms
        return len(delays_ms)

    def reset(self, now_ms: Millis) -> None:
        """Drop the window after a gap in observation or a change of the clock.

        The last event is moved to the present if it lies in the future of the changed clock.
        """
        self._minutes.clear()
        if self.saved.last_event_ms is not None:
            self.saved.last_event_ms = min(self.saved.last_event_ms, now_ms)

    def expire(self, now_minute: int) -> None:
        """Drop the minutes before the window."""
        for minute in [minute for minute in self._minutes if minute < now_minute - WINDOW_MINUTES]:
            del self._minutes[minute]

    def update_blind(self, now_minute: int) -> None:
        """Decide whether the camera is blind; call it only if the whole window was observed."""
        recent, expected = self._recent_reads(now_minute), self._expected_reads(now_minute)
        if self.blind:
            # In a quiet hour a blind camera stays blind: only reads end it.
            self.blind = recent == 0 or recent < _RECOVERED_AT * (expected or 0)
        elif expected is None:
            self.blind = self._reads == self._late_reads
        else:
            self.blind = expected >= _MIN_EXPECTED_READS and recent < _BLIND_BELOW * expected

    def counts(self, camera_id: str, now_minute: int, window_complete: bool) -> HealthCounts:
        """Return the present figures; `window_complete` if the whole window was observed."""
        recent, expected = self._recent_reads(now_minute), self._expected_reads(now_minute)
        delays_ms = [
            counted.min_delay_ms
            for minute, counted in self._minutes.items()
            if minute > now_minute - _DRIFT_MINUTES and counted.min_delay_ms is not None
        ]
        return HealthCounts(
            camera_id=camera_id,
            events=dict(self.events),
            rejects=dict(self.rejects),
            reads=self._reads,
            late_reads=self._late_reads,
            last_event_ms=self.saved.last_event_ms,
            drift_ms=min(delays_ms, default=None),
            recent_reads=recent,
            expected_reads=expected,
            ratio=recent / expected if expected and window_complete else None,
            blind=self.blind,
        )

    def describe_change(self, camera_id: str, now_minute: int) -> str:
        """Return a message for the operator: the camera is blind, or no longer is."""
        recent = f"{self._recent_reads(now_minute)} reads in the last {WINDOW_MINUTES} minutes"
        if not self.blind:
            return f"camera {camera_id}: no longer blind, {recent}"
        expected, last_event_ms = self._expected_reads(now_minute), self.saved.last_event_ms
        if expected is not None:
            reads = f"{recent}, {expected:.0f} expected"
        else:
            reads = "no read since the start" + (" except late ones" if self._late_reads else "")
        event = "no event" if last_event_ms is None else f"last event at {to_rfc3339(from_ms(last_event_ms))}"
        refused = self.events["refused"]
        rejects = f", {refused} refused since the start" if refused else ""
        return (
            f"camera {camera_id}: blind: {reads}; {event}{rejects}. Check its power, its view, the network, "
            "and `maker`, `auth` and secret in its settings"
        )

    def _recent_reads(self, now_minute: int) -> int:
        return sum(
            counted.reads
            for minute, counted in self._minutes.items()
            if now_minute - WINDOW_MINUTES <= minute < now_minute
        )

    def _expected_reads(self, now_minute: int) -> float | None:
        return self.saved.baseline.expected_reads(range(now_minute - WINDOW_MINUTES, now_minute))
