"""The queue of lookbacks: which alerts ask for one that is not done.

It knows no Kafka: records of the topics of alerts and lookbacks are added in any order.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

from streams.records.alert import Alert, AlertKey, alert_key
from streams.records.lookback import LookbackRun
from streams.records.times import SAFE_RANGE_START, Millis, to_ms

_MIN_MS: Final = to_ms(SAFE_RANGE_START)


class QueuedLookback(NamedTuple):
    """An alert that asks for a lookback, and the time of the request."""

    alert: Alert
    asked_ms: Millis


def arrival_ms(timestamp_ms: Millis, now_ms: Millis) -> Millis:
    """Return the time at which an alert arrived: that of its record, or now if that is not a valid time."""
    return timestamp_ms if _MIN_MS <= timestamp_ms <= now_ms else now_ms


class _LatestRun(NamedTuple):
    """The content of the latest record of an alert's lookback."""

    version: int
    hours: float
    asked_ms: Millis
    is_done: bool


class LookbackQueue:
    """The alerts whose lookback is not done."""

    def __init__(self) -> None:
        self._queued: dict[AlertKey, QueuedLookback] = {}
        self._latest_runs: dict[AlertKey, _LatestRun] = {}

    def __contains__(self, key: object) -> bool:
        return key in self._queued

    def __len__(self) -> int:
        return len(self._queued)

    def add_alert(self, alert: Alert, asked_ms: Millis) -> None:
        """Add the present version of an alert; `asked_ms` is the time of its arrival."""
        key = alert_key(alert)
        if alert.lookback_hours:
            self._queued[key] = QueuedLookback(alert, asked_ms)
            self._reconcile(key)
        else:
            self.remove(key)

    def remove(self, key: AlertKey) -> None:
        """Remove an alert that was withdrawn or does not ask for a lookback any more."""
        self._queued.pop(key, None)

    def record(self, run: LookbackRun) -> None:
        """Record that a lookback has begun or is done."""
        self._latest_runs[run.alert_key] = _LatestRun(
            run.version, run.hours, to_ms(run.asked_at), run.done_at is not None
        )
        self._reconcile(run.alert_key)

    def due(self, is_owned: Callable[[AlertKey], bool], now: datetime) -> list[QueuedLookback]:
        """Return the queued lookbacks that this worker owns, by time of request; drop expired alerts."""
        for key in [key for key, queued in self._queued.items() if queued.alert.valid_until <= now]:
            self.remove(key)
        owned = [queued for key, queued in self._queued.items() if is_owned(key)]
        return sorted(owned, key=lambda queued: (queued.asked_ms, alert_key(queued.alert)))

    def _reconcile(self, key: AlertKey) -> None:
        """Remove an alert whose lookback is done; give one that has begun the time of its first request."""
        queued, run = self._queued.get(key), self._latest_runs.get(key)
        if queued is None or run is None or run.version != queued.alert.version:
            return
        if run.is_done and run.hours >= (queued.alert.lookback_hours or 0):
            self.remove(key)
        elif not run.is_done:
            # It covers the same hours again, even if the alert's record was written again meanwhile.
            self._queued[key] = QueuedLookback(queued.alert, min(queued.asked_ms, run.asked_ms))
