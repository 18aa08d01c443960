"""The watch: what is seen of the cameras, so that one that sees nothing, or whose clock is wrong, shows."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from streams.gateway.event import EventError, ParsedEvent, Reason
from streams.gateway.monitoring.baseline import GRACE_MINUTES
from streams.gateway.monitoring.camera_health import WINDOW_MINUTES, CameraHealth, HealthCounts, SavedHealth
from streams.records.times import MINUTE_MS

UNKNOWN_CAMERA: Final = ""
"""The camera of events of nobody known."""
_MAX_GAP_MINUTES: Final = GRACE_MINUTES
"""Minutes without a sign after which nobody was watching: the process was held up, or its clock was set."""
_STATE_VERSION: Final = 1


class _StateVersion(Struct):
    version: int


class _SavedState(_StateVersion):
    cameras: dict[str, SavedHealth]


class CameraMonitor:
    """Watches the cameras of the settings; events of others count under an empty camera.

    All times are in ms since 1970 UTC, from one clock. It counts by the minute, and its memory is bounded for
    each camera. Time passes with each call; the gateway is to call `blind` every few seconds, for after 15
    minutes without a call it takes it that nobody was watching. For one thread.
    """

    def __init__(self, cameras: Iterable[str]) -> None:
        self._health = {name: CameraHealth() for name in (*cameras, UNKNOWN_CAMERA)}
        self._last_minute: int | None = None
        self._start_minute = 0
        """The minute in which watching began; it is not whole, so the next one is the first that counts."""

    @classmethod
    def restore(cls, cameras: Iterable[str], state: bytes) -> tuple["CameraMonitor", str]:
        """A watch that goes on from what `state` gave, as far as its cameras are in the settings.

        A state that is damaged or of another version is a fresh start: the words, for the log, say so; else
        they are empty. Counts begin at 0, and the ratio is known after 15 minutes.
        """
        watch = cls(cameras)
        try:
            version = msgspec.json.decode(state, type=_StateVersion).version
            known = (
                msgspec.json.decode(state, type=_SavedState).cameras if version == _STATE_VERSION else None
            )
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return watch, _discarded_message("is damaged")
        if known is None:
            return watch, _discarded_message(f"has version {version}, not {_STATE_VERSION}")
        watch._health |= {
            name: CameraHealth(kept)
            for name, kept in known.items()
            if name in watch._health and name != UNKNOWN_CAMERA
        }
        return watch, ""

    def encode_state(self) -> bytes:
        """The usual rates, the times of the last events, and who was said to be blind, as JSON."""
        kept = {name: sight.saved for name, sight in self._health.items() if name != UNKNOWN_CAMERA}
        return msgspec.json.encode(_SavedState(_STATE_VERSION, kept))

    def record_refused(self, camera_id: str, arrived_ms: int, reason: Reason) -> None:
        """An event was refused before it was looked into."""
        self._advance(arrived_ms)
        sight = self._health_for(camera_id)
        sight.record_event(arrived_ms, "refused")
        sight.rejects[reason] += 1

    def record_event(
        self, camera_id: str, arrived_ms: int, parsed: ParsedEvent, errors: Sequence[EventError] = ()
    ) -> None:
        """An event became reads, was passed over, or is wrong in whole or in part: `errors` are all of it."""
        self._advance(arrived_ms)
        sight = self._health_for(camera_id)
        sight.record_event(arrived_ms, "refused" if errors else "taken" if parsed.reads else "passed")
        for error in errors:
            sight.rejects[error.reason] += 1
        minute = arrived_ms // MINUTE_MS
        counted = sight.record_reads(minute, arrived_ms, parsed)
        if counted and minute > self._start_minute:
            sight.saved.usual.record_reads(minute, counted)

    def counts(self, now_ms: int) -> list[HealthCounts]:
        """What is seen of each camera, and last of the empty one."""
        minute = self._advance(now_ms)
        return [
            sight.counts(name, minute, self._is_window_complete(minute))
            for name, sight in self._health.items()
        ]

    def blind_changes(self, now_ms: int) -> list[str]:
        """Words for the operator about cameras that became blind, or no longer are; of each change once.

        Blind is a camera with less than a fifth of its usual reads where 20 or more are usual in 15 minutes;
        and, where it is not known yet what is usual, one without a read since the start, after 15 minutes. It
        is so until it gives two fifths of what is usual then; one read, where that is not known or nothing.
        """
        minute = self._advance(now_ms)
        words = []
        for name, sight in self._health.items():
            if sight.blind != sight.saved.told:
                sight.saved.told = sight.blind
                words.append(sight.describe_change(name, minute))
        return words

    def _health_for(self, camera_id: str) -> CameraHealth:
        return self._health.get(camera_id) or self._health[UNKNOWN_CAMERA]

    def _is_window_complete(self, now_minute: int) -> bool:
        return now_minute - WINDOW_MINUTES > self._start_minute

    def _advance(self, now_ms: int) -> int:
        """Lets time pass; the latest minute. An event that was long on its way turns nothing back."""
        minute, last = now_ms // MINUTE_MS, self._last_minute
        if last is not None and last - _MAX_GAP_MINUTES <= minute <= last:
            return last
        self._last_minute = minute
        gap = last is None or abs(minute - last) > _MAX_GAP_MINUTES
        if gap:
            self._start_minute = minute
        watched = range(0) if gap or last is None else range(max(last, self._start_minute + 1), minute)
        for name, sight in self._health.items():
            if gap:
                sight.reset(now_ms)
            sight.expire(minute)
            for each in watched:
                sight.saved.usual.record_minute(each)
            if name != UNKNOWN_CAMERA and self._is_window_complete(minute):
                sight.update_blind(minute)
            sight.saved.usual.learn(minute, sight.blind)
        return minute


def _discarded_message(reason: str) -> str:
    return f"what was kept of the cameras' usual rates {reason}: they are learnt anew, which takes a day"
