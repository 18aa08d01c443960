"""Sight: what is seen of one camera, minute by minute, and whether it is blind."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, NamedTuple, get_args

from msgspec import Meta, Struct

from streams.gateway.event import ParsedEvent, Reason
from streams.gateway.monitoring.baseline import HourlyBaseline, empty_baseline
from streams.records.times import from_ms, to_ms, to_rfc3339

Outcome = Literal["taken", "passed", "refused"]
"""What an event came to: reads; nothing, though it is right; or it, or a part of it, was refused."""

WINDOW_MINUTES: Final = 15
"""Whole minutes over which reads are held against the usual."""
_DRIFT_MINUTES: Final = 10
_BLIND_BELOW: Final = 0.2
_RECOVERED_AT: Final = 0.4
"""Share of the usual below which a camera is blind, and at which it no longer is: twice as much, so that one
between them is not told of again and again."""
_MIN_EXPECTED_READS: Final = 20
"""Usual reads in the window below which a camera that gives few says nothing."""


class HealthCounts(NamedTuple):
    """What is seen of a camera; counts are since the start of the process.

    `rejects` count refused parts of events, of which an event may have several. `late_reads`, of the `reads`,
    are marked as sent late. `last_event`, in ms since 1970 UTC.

    `drift_ms` is the camera's clock held against the arrival of its reads: the least of (arrival - captured)
    over the reads of the last 10 minutes that are not marked late, for a delay is never negative. Below 0 the
    clock is ahead by at least as much. Far above 0 it is behind, or the way is slow: that cannot be told
    apart. Near whole hours it is the zone. It follows a clock that jumps ahead with the next read, one that
    jumps back within 10 minutes. Reads of more than 5 minutes ahead are refused, so they show as rejects for
    `time` instead. None without such reads.

    `recent` are the reads, not marked late, of the last 15 whole minutes; `usual` how many there are in these
    minutes of the day; None if that is not known yet. `ratio` is one by the other; None if nothing is known
    to be usual, or the 15 minutes were not all watched.
    """

    camera_id: str
    events: Mapping[Outcome, int]
    rejects: Mapping[Reason, int]
    reads: int
    late_reads: int
    last_event_ms: int | None
    drift_ms: int | None
    recent_reads: int
    expected_reads: float | None
    ratio: float | None
    blind: bool


class SavedHealth(Struct):
    """What of a camera outlives the process: its usual rates, when its last event came (ms since 1970 UTC),
    and whether it was said to be blind."""

    usual: HourlyBaseline
    last_event: Annotated[int, Meta(ge=0, le=10**15)] | None = None
    told: bool = False


class _Minute:
    __slots__ = ("min_delay_ms", "reads")

    def __init__(self) -> None:
        self.reads = 0
        self.min_delay_ms: int | None = None


class CameraHealth:
    """One camera's. Times are whole minutes since 1970 UTC, unless they say ms.

    It holds the minutes of the window and the one that goes on.
    """

    def __init__(self, saved: SavedHealth | None = None) -> None:
        self.saved = saved or SavedHealth(empty_baseline())
        self.events: dict[Outcome, int] = dict.fromkeys(get_args(Outcome), 0)
        self.rejects: dict[Reason, int] = dict.fromkeys(get_args(Reason), 0)
        self.blind = self.saved.told
        self._reads = 0
        self._late_reads = 0
        self._minutes: dict[int, _Minute] = {}

    def record_event(self, arrived_ms: int, outcome: Outcome) -> None:
        """An event came."""
        self.events[outcome] += 1
        self.saved.last_event = max(arrived_ms, self.saved.last_event or 0)

    def record_reads(self, minute: int, arrived_ms: int, parsed: ParsedEvent) -> int:
        """Reads came in a minute; how many of them are not marked late."""
        delays = [arrived_ms - to_ms(read.captured_at) for read in parsed.reads if not read.retransmitted]
        self._reads += len(parsed.reads)
        self._late_reads += len(parsed.reads) - len(delays)
        if delays:
            at = self._minutes.setdefault(minute, _Minute())
            at.reads += len(delays)
            at.min_delay_ms = min(delays) if at.min_delay_ms is None else min(at.min_delay_ms, *delays)
        return len(delays)

    def reset(self, now_ms: int) -> None:
        """Nobody was watching, or the clock was set: forgets the minutes; no last event is to come."""
        self._minutes.clear()
        if self.saved.last_event is not None:
            self.saved.last_event = min(self.saved.last_event, now_ms)

    def expire(self, now_minute: int) -> None:
        """Forgets the minutes before the window."""
        for minute in [minute for minute in self._minutes if minute < now_minute - WINDOW_MINUTES]:
            del self._minutes[minute]

    def update_blind(self, now_minute: int) -> None:
        """Whether it is blind, now that the whole window was watched."""
        recent, usual = self._recent_reads(now_minute), self._expected_reads(now_minute)
        if self.blind:
            # At a quiet hour a blind camera is as blind as before: only reads end it.
            self.blind = recent == 0 or recent < _RECOVERED_AT * (usual or 0)
        elif usual is None:
            self.blind = self._reads == self._late_reads
        else:
            self.blind = usual >= _MIN_EXPECTED_READS and recent < _BLIND_BELOW * usual

    def counts(self, camera_id: str, now_minute: int, window_complete: bool) -> HealthCounts:
        """What is seen of it; `whole`: whether the whole window was watched."""
        recent, usual = self._recent_reads(now_minute), self._expected_reads(now_minute)
        leasts = [
            each.min_delay_ms
            for minute, each in self._minutes.items()
            if minute > now_minute - _DRIFT_MINUTES
        ]
        return HealthCounts(
            camera_id=camera_id,
            events=dict(self.events),
            rejects=dict(self.rejects),
            reads=self._reads,
            late_reads=self._late_reads,
            last_event_ms=self.saved.last_event,
            drift_ms=min((least for least in leasts if least is not None), default=None),
            recent_reads=recent,
            expected_reads=usual,
            ratio=recent / usual if usual and window_complete else None,
            blind=self.blind,
        )

    def describe_change(self, camera_id: str, now_minute: int) -> str:
        """Words for the operator: that it is blind, or no longer is."""
        recent, usual, last = (
            self._recent_reads(now_minute),
            self._expected_reads(now_minute),
            self.saved.last_event,
        )
        if not self.blind:
            return f"camera {camera_id}: sees again, {recent} reads in the last {WINDOW_MINUTES} minutes"
        few = "no read since the start" + (" but such as are sent late" if self._late_reads else "")
        if usual is not None:
            few = f"{recent} reads in the last {WINDOW_MINUTES} minutes, {usual:.0f} are usual"
        event = (
            "no event came of it" if last is None else f"its last event came at {to_rfc3339(from_ms(last))}"
        )
        refused = f", {self.events['refused']} were refused since the start" if self.events["refused"] else ""
        return (
            f"camera {camera_id}: is blind, {few}; {event}{refused}. Check that it has power, a clear view, "
            "the network, and the form and login that the settings say"
        )

    def _recent_reads(self, now_minute: int) -> int:
        return sum(
            each.reads
            for minute, each in self._minutes.items()
            if now_minute - WINDOW_MINUTES <= minute < now_minute
        )

    def _expected_reads(self, now_minute: int) -> float | None:
        return self.saved.usual.expected_reads(range(now_minute - WINDOW_MINUTES, now_minute))
