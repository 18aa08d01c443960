"""Sight: what is seen of one camera, minute by minute, and whether it is blind."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, NamedTuple, get_args

from msgspec import Meta, Struct

from streams.gateway.event import Reason, Taken
from streams.gateway.monitoring.baseline import Usual, nothing_usual
from streams.records.times import from_ms, rfc3339, to_ms

Outcome = Literal["taken", "passed", "refused"]
"""What an event came to: reads; nothing, though it is right; or it, or a part of it, was refused."""

WINDOW: Final = 15
"""Whole minutes over which reads are held against the usual."""
_DRIFT: Final = 10
_BLIND: Final = 0.2
_SEES: Final = 0.4
"""Share of the usual below which a camera is blind, and at which it no longer is: twice as much, so that one
between them is not told of again and again."""
_ENOUGH: Final = 20
"""Usual reads in the window below which a camera that gives few says nothing."""


class Seen(NamedTuple):
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
    last_event: int | None
    drift_ms: int | None
    recent: int
    usual: float | None
    ratio: float | None
    blind: bool


class Kept(Struct):
    """What of a camera outlives the process: its usual rates, when its last event came (ms since 1970 UTC),
    and whether it was said to be blind."""

    usual: Usual
    last_event: Annotated[int, Meta(ge=0, le=10**15)] | None = None
    told: bool = False


class _Minute:
    __slots__ = ("least", "reads")

    def __init__(self) -> None:
        self.reads = 0
        self.least: int | None = None


class Sight:
    """One camera's. Times are whole minutes since 1970 UTC, unless they say ms.

    It holds the minutes of the window and the one that goes on.
    """

    def __init__(self, kept: Kept | None = None) -> None:
        self.kept = kept or Kept(nothing_usual())
        self.events: dict[Outcome, int] = dict.fromkeys(get_args(Outcome), 0)
        self.rejects: dict[Reason, int] = dict.fromkeys(get_args(Reason), 0)
        self.blind = self.kept.told
        self._reads = 0
        self._late = 0
        self._minutes: dict[int, _Minute] = {}

    def event(self, arrived_ms: int, outcome: Outcome) -> None:
        """An event came."""
        self.events[outcome] += 1
        self.kept.last_event = max(arrived_ms, self.kept.last_event or 0)

    def took(self, minute: int, arrived_ms: int, taken: Taken) -> int:
        """Reads came in a minute; how many of them are not marked late."""
        delays = [arrived_ms - to_ms(read.captured_at) for read in taken.reads if not read.retransmitted]
        self._reads += len(taken.reads)
        self._late += len(taken.reads) - len(delays)
        if delays:
            at = self._minutes.setdefault(minute, _Minute())
            at.reads += len(delays)
            at.least = min(delays) if at.least is None else min(at.least, *delays)
        return len(delays)

    def reset(self, now_ms: int) -> None:
        """Nobody was watching, or the clock was set: forgets the minutes; no last event is to come."""
        self._minutes.clear()
        if self.kept.last_event is not None:
            self.kept.last_event = min(self.kept.last_event, now_ms)

    def forget(self, now: int) -> None:
        """Forgets the minutes before the window."""
        for minute in [minute for minute in self._minutes if minute < now - WINDOW]:
            del self._minutes[minute]

    def judge(self, now: int) -> None:
        """Whether it is blind, now that the whole window was watched."""
        recent, usual = self._recent(now), self._usual(now)
        if self.blind:
            # At a quiet hour a blind camera is as blind as before: only reads end it.
            self.blind = recent == 0 or recent < _SEES * (usual or 0)
        elif usual is None:
            self.blind = self._reads == self._late
        else:
            self.blind = usual >= _ENOUGH and recent < _BLIND * usual

    def seen(self, camera_id: str, now: int, whole: bool) -> Seen:
        """What is seen of it; `whole`: whether the whole window was watched."""
        recent, usual = self._recent(now), self._usual(now)
        leasts = [each.least for minute, each in self._minutes.items() if minute > now - _DRIFT]
        return Seen(
            camera_id=camera_id,
            events=dict(self.events),
            rejects=dict(self.rejects),
            reads=self._reads,
            late_reads=self._late,
            last_event=self.kept.last_event,
            drift_ms=min((least for least in leasts if least is not None), default=None),
            recent=recent,
            usual=usual,
            ratio=recent / usual if usual and whole else None,
            blind=self.blind,
        )

    def told(self, camera_id: str, now: int) -> str:
        """Words for the operator: that it is blind, or no longer is."""
        recent, usual, last = self._recent(now), self._usual(now), self.kept.last_event
        if not self.blind:
            return f"camera {camera_id}: sees again, {recent} reads in the last {WINDOW} minutes"
        few = "no read since the start" + (" but such as are sent late" if self._late else "")
        if usual is not None:
            few = f"{recent} reads in the last {WINDOW} minutes, {usual:.0f} are usual"
        event = "no event came of it" if last is None else f"its last event came at {rfc3339(from_ms(last))}"
        refused = f", {self.events['refused']} were refused since the start" if self.events["refused"] else ""
        return (
            f"camera {camera_id}: is blind, {few}; {event}{refused}. Check that it has power, a clear view, "
            "the network, and the form and login that the settings say"
        )

    def _recent(self, now: int) -> int:
        return sum(each.reads for minute, each in self._minutes.items() if now - WINDOW <= minute < now)

    def _usual(self, now: int) -> float | None:
        return self.kept.usual.reads(range(now - WINDOW, now))
