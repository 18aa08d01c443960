"""Monitoring of all cameras: it shows a camera that gives no reads, or whose clock is wrong."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from streams.gateway.event import EventError, ParsedEvent, Reason
from streams.gateway.monitoring.baseline import GRACE_MINUTES
from streams.gateway.monitoring.camera_health import WINDOW_MINUTES, CameraHealth, HealthCounts, SavedHealth
from streams.records.times import MINUTE_MS, Millis

UNKNOWN_CAMERA: Final = ""
"""Id under which events of unknown senders are counted."""
_MAX_GAP_MINUTES: Final = GRACE_MINUTES
"""Minutes without a call after which the time counts as not observed: the process was suspended, or its clock
was set."""
_STATE_VERSION: Final = 1


class _StateVersion(Struct):
    version: int


class _SavedState(_StateVersion):
    cameras: dict[str, SavedHealth]


class CameraMonitor:
    """Observes the cameras of the settings; events of others are counted under UNKNOWN_CAMERA.

    It counts by the minute, and its memory is bounded for each camera. Time advances with each call. The
    gateway must call `blind_changes` every few seconds: 15 minutes without any call count as not observed.
    All times must come from one clock. For one thread.
    """

    def __init__(self, cameras: Iterable[str]) -> None:
        self._health = {camera_id: CameraHealth() for camera_id in (*cameras, UNKNOWN_CAMERA)}
        self._last_minute: int | None = None
        self._start_minute = 0
        """Minute in which observation began. It is not whole, so the next one is the first that counts."""

    @classmethod
    def restore(cls, cameras: Iterable[str], state: bytes) -> tuple["CameraMonitor", str]:
        """Return a monitor with the state that `encode_state` returned, for the cameras in the settings.

        If the state is damaged or of another version, the monitor starts without it, and the second value is
        a message for the log; otherwise that is empty. Counts start at 0, and the ratio is known after 15
        minutes.
        """
        monitor = cls(cameras)
        try:
            version = msgspec.json.decode(state, type=_StateVersion).version
            saved = (
                msgspec.json.decode(state, type=_SavedState).cameras if version == _STATE_VERSION else None
            )
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return monitor, _discarded_message("damaged")
        if saved is None:
            return monitor, _discarded_message(f"of version {version}, expected {_STATE_VERSION}")
        monitor._health |= {
            camera_id: CameraHealth(saved_health)
            for camera_id, saved_health in saved.items()
            if camera_id in monitor._health and camera_id != UNKNOWN_CAMERA
        }
        return monitor, ""

    def encode_state(self) -> bytes:
        """Return, as JSON, the baselines, the times of the last events, and which cameras are blind."""
        saved = {
            camera_id: health.saved
            for camera_id, health in self._health.items()
            if camera_id != UNKNOWN_CAMERA
        }
        return msgspec.json.encode(_SavedState(_STATE_VERSION, saved))

    def record_refused(self, camera_id: str, arrived_ms: Millis, reason: Reason) -> None:
        """Count an event that was refused unread."""
        self._advance(arrived_ms)
        health = self._health_for(camera_id)
        health.record_event(arrived_ms, "refused")
        health.rejects[reason] += 1

    def record_event(
        self, camera_id: str, arrived_ms: Millis, parsed: ParsedEvent, errors: Sequence[EventError] = ()
    ) -> None:
        """Count an event that was read: its reads and all its errors."""
        self._advance(arrived_ms)
        health = self._health_for(camera_id)
        health.record_event(arrived_ms, "refused" if errors else "taken" if parsed.reads else "passed")
        for error in errors:
            health.rejects[error.reason] += 1
        minute = arrived_ms // MINUTE_MS
        live_reads = health.record_reads(minute, arrived_ms, parsed)
        if live_reads and minute > self._start_minute:
            health.saved.baseline.record_reads(minute, live_reads)

    def counts(self, now_ms: Millis) -> list[HealthCounts]:
        """Return the figures of each camera, those of UNKNOWN_CAMERA last."""
        minute = self._advance(now_ms)
        return [
            health.counts(camera_id, minute, self._is_window_complete(minute))
            for camera_id, health in self._health.items()
        ]

    def blind_changes(self, now_ms: Millis) -> list[str]:
        """Return a message for each camera that became blind or no longer is, once for each change.

        A camera is blind if it gives less than a fifth of its expected reads where 20 or more are expected in
        15 minutes; or, while no baseline is known, if it gave no read for 15 minutes since the start. It
        stays blind until it gives two fifths of the expected reads; one read is enough where none are
        expected or their number is not known.
        """
        minute = self._advance(now_ms)
        messages = []
        for camera_id, health in self._health.items():
            if health.blind != health.saved.reported_blind:
                health.saved.reported_blind = health.blind
                messages.append(health.describe_change(camera_id, minute))
        return messages

    def _health_for(self, camera_id: str) -> CameraHealth:
        return self._health.get(camera_id) or self._health[UNKNOWN_CAMERA]

    def _is_window_complete(self, now_minute: int) -> bool:
        return now_minute - WINDOW_MINUTES > self._start_minute

    def _advance(self, now_ms: Millis) -> int:
        """Advance to a time; return the latest minute. An event that arrived late does not turn it back."""
        minute, last_minute = now_ms // MINUTE_MS, self._last_minute
        if last_minute is not None and last_minute - _MAX_GAP_MINUTES <= minute <= last_minute:
            return last_minute
        self._last_minute = minute
        gap = last_minute is None or abs(minute - last_minute) > _MAX_GAP_MINUTES
        if gap:
            self._start_minute = minute
        observed = (
            range(0)
            if gap or last_minute is None
            else range(max(last_minute, self._start_minute + 1), minute)
        )
        for camera_id, health in self._health.items():
            if gap:
                health.reset(now_ms)
            health.expire(minute)
            for observed_minute in observed:
                health.saved.baseline.record_minute(observed_minute)
            if camera_id != UNKNOWN_CAMERA and self._is_window_complete(minute):
                health.update_blind(minute)
            health.saved.baseline.learn(minute, health.blind)
        return minute


def _discarded_message(reason: str) -> str:
    return f"the saved baselines of the cameras are {reason}; they are learnt again, which takes a day"
