"""The docket: which alerts ask to be looked back for, and for which of them it is not done.

It knows no Kafka: it is told what came from the topics of alerts and of look backs, in any order.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

from streams.records.alert import Alert, AlertKey, key_of
from streams.records.lookback import LookedBack
from streams.records.times import SURELY_AFTER, to_ms

_FIRST: Final = to_ms(SURELY_AFTER)


class Due(NamedTuple):
    """An alert to be looked back for, and when it was asked for, in ms since 1970 UTC."""

    alert: Alert
    asked_at: int


def came(timestamp: int, now: int) -> int:
    """When an alert came, by its record's time; now for a time that is none. In ms since 1970 UTC."""
    return timestamp if _FIRST <= timestamp <= now else now


class _Known(NamedTuple):
    """What the latest record of a look back says."""

    version: int
    hours: float
    asked_at: int
    done: bool


class Docket:
    """The alerts for which a look back is not done."""

    def __init__(self) -> None:
        self._due: dict[AlertKey, Due] = {}
        self._known: dict[AlertKey, _Known] = {}

    def __contains__(self, key: object) -> bool:
        return key in self._due

    def __len__(self) -> int:
        return len(self._due)

    def alert(self, alert: Alert, asked_at: int) -> None:
        """Takes an alert as it is now; `asked_at`, in ms since 1970 UTC, is when it came."""
        key = key_of(alert)
        if alert.lookback_hours:
            self._due[key] = Due(alert, asked_at)
            self._settle(key)
        else:
            self.drop(key)

    def drop(self, key: AlertKey) -> None:
        """Takes the news that an alert was withdrawn, or does not ask any more."""
        self._due.pop(key, None)

    def record(self, looked: LookedBack) -> None:
        """Takes a record of a look back."""
        known = _Known(looked.version, looked.hours, to_ms(looked.asked_at), looked.done_at is not None)
        self._known[looked.key] = known
        self._settle(looked.key)

    def due(self, ours: Callable[[AlertKey], bool], now: datetime) -> list[Due]:
        """The look backs that are ours and not done, those asked for first in front.

        Those of alerts that have expired by now are let go.
        """
        for key in [key for key, each in self._due.items() if each.alert.valid_until <= now]:
            self.drop(key)
        found = [each for key, each in self._due.items() if ours(key)]
        return sorted(found, key=lambda each: (each.asked_at, key_of(each.alert)))

    def _settle(self, key: AlertKey) -> None:
        """Compares what is asked for with what is known of it."""
        due, known = self._due.get(key), self._known.get(key)
        if due is None or known is None or known.version != due.alert.version:
            return
        if known.done and known.hours >= (due.alert.lookback_hours or 0):
            self.drop(key)
        elif not known.done:
            # Begun before: over the same hours again, whatever has happened to the alert's record.
            self._due[key] = Due(due.alert, min(due.asked_at, known.asked_at))
