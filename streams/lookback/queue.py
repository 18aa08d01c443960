"""The docket: which alerts ask to be looked back for, and for which of them it is not done.

It knows no Kafka: it is told what came from the topics of alerts and of look backs, in any order.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

from streams.records.alert import Alert, AlertKey, alert_key
from streams.records.lookback import LookbackRun
from streams.records.times import SAFE_RANGE_START, to_ms

_MIN_MS: Final = to_ms(SAFE_RANGE_START)


class QueuedLookback(NamedTuple):
    """An alert to be looked back for, and when it was asked for, in ms since 1970 UTC."""

    alert: Alert
    asked_ms: int


def arrival_ms(timestamp_ms: int, now_ms: int) -> int:
    """When an alert came, by its record's time; now for a time that is none. In ms since 1970 UTC."""
    return timestamp_ms if _MIN_MS <= timestamp_ms <= now_ms else now_ms


class _LatestRecord(NamedTuple):
    """What the latest record of a look back says."""

    version: int
    hours: float
    asked_ms: int
    done: bool


class LookbackQueue:
    """The alerts for which a look back is not done."""

    def __init__(self) -> None:
        self._queued: dict[AlertKey, QueuedLookback] = {}
        self._latest: dict[AlertKey, _LatestRecord] = {}

    def __contains__(self, key: object) -> bool:
        return key in self._queued

    def __len__(self) -> int:
        return len(self._queued)

    def add_alert(self, alert: Alert, asked_ms: int) -> None:
        """Takes an alert as it is now; `asked_at`, in ms since 1970 UTC, is when it came."""
        key = alert_key(alert)
        if alert.lookback_hours:
            self._queued[key] = QueuedLookback(alert, asked_ms)
            self._reconcile(key)
        else:
            self.remove(key)

    def remove(self, key: AlertKey) -> None:
        """Takes the news that an alert was withdrawn, or does not ask any more."""
        self._queued.pop(key, None)

    def record(self, lookback: LookbackRun) -> None:
        """Takes a record of a look back."""
        known = _LatestRecord(
            lookback.version, lookback.hours, to_ms(lookback.asked_at), lookback.done_at is not None
        )
        self._latest[lookback.alert_key] = known
        self._reconcile(lookback.alert_key)

    def due(self, is_owned: Callable[[AlertKey], bool], now: datetime) -> list[QueuedLookback]:
        """The look backs that are ours and not done, those asked for first in front.

        Those of alerts that have expired by now are let go.
        """
        for key in [key for key, each in self._queued.items() if each.alert.valid_until <= now]:
            self.remove(key)
        found = [each for key, each in self._queued.items() if is_owned(key)]
        return sorted(found, key=lambda each: (each.asked_ms, alert_key(each.alert)))

    def _reconcile(self, key: AlertKey) -> None:
        """Compares what is asked for with what is known of it."""
        due, known = self._queued.get(key), self._latest.get(key)
        if due is None or known is None or known.version != due.alert.version:
            return
        if known.done and known.hours >= (due.alert.lookback_hours or 0):
            self.remove(key)
        elif not known.done:
            # Begun before: over the same hours again, whatever has happened to the alert's record.
            self._queued[key] = QueuedLookback(due.alert, min(due.asked_ms, known.asked_ms))
