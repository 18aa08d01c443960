"""Alerts with unfinished work, and the events that wait for it: a slow alert delays no other."""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from streams.correlation.settlement import Work
from streams.records.alert import AlertKey
from streams.records.hit import Hit
from streams.records.times import Millis

Event = Callable[[Millis], Work]
"""The work of an event of one alert, handled at a time."""


class _NumberedWork(NamedTuple):
    """Unfinished work, and its number."""

    number: int
    work: Work


class BusyAlerts:
    """The busy alerts. The events of each are handled one after the other, the alerts by turns."""

    def __init__(self) -> None:
        self._work: dict[AlertKey, _NumberedWork] = {}
        self._waiting: dict[AlertKey, deque[tuple[int, Event]]] = {}
        self.last_number = 0
        """The number of the latest unfinished or waiting work."""

    def __bool__(self) -> bool:
        return bool(self._work)

    def __contains__(self, key: object) -> bool:
        return key in self._work

    def is_finished(self, number: int) -> bool:
        """True if all work up to a number is finished."""
        return all(work.number > number for work in self._work.values())

    def add(self, key: AlertKey, work: Work) -> None:
        """Add the unfinished work of an alert that is not busy."""
        self.last_number += 1
        self._work[key] = _NumberedWork(self.last_number, work)

    def wait(self, key: AlertKey, event: Event) -> None:
        """Let an event of a busy alert wait until those before it are handled."""
        self.last_number += 1
        self._waiting.setdefault(key, deque()).append((self.last_number, event))

    def do_slice(self, now_ms: Millis) -> list[Hit]:
        """Do a slice of the work of the next busy alert; return its revisions."""
        key = next(iter(self._work))
        numbered = self._work.pop(key)
        hits: list[Hit] = []
        if not do_slice(numbered.work, hits):
            self._work[key] = numbered
            return hits
        waiting = self._waiting.get(key)
        if waiting:
            number, event = waiting.popleft()
            self._work[key] = _NumberedWork(number, event(now_ms))
            if not waiting:
                del self._waiting[key]
        return hits


def do_slice(work: Work, hits: list[Hit]) -> bool:
    """Do a slice of work, whose revisions are added to `hits`; return True if the work is finished."""
    for hit in work:
        if hit is None:
            return False
        hits.append(hit)
    return True
