"""Samples: the plates of a list that are looked at, to say what the whole list will cost."""

from collections.abc import Iterable
from random import Random
from typing import Final

from streams.alerts.alert_keys import is_pattern
from streams.records.alert import Alert
from streams.records.times import from_ms
from streams.records.types import ActionCode

SAMPLE_TIME: Final = from_ms(1_000_000_000_000)
"""When made-up alerts begin and known reads are taken to be."""
_SAMPLE_END: Final = from_ms(1_000_000_000_001)
_SAMPLE_SIZE: Final = 150
"""Plates of a list and country that are looked at; some ms each."""


class Sample:
    """So many alerts of a list, drawn evenly from all that are added; the same each time."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._rng = Random(0)
        self.alerts: list[Alert] = []
        self.count = 0

    def add(self, alert: Alert) -> None:
        """Adds an alert."""
        self.count += 1
        if len(self.alerts) < self._size:
            self.alerts.append(alert)
        elif (place := self._rng.randrange(self.count)) < self._size:
            self.alerts[place] = alert


class PlateSamples:
    """The plates of a list by country ("" if none is said), and its patterns with wildcards; samples of each.

    Countries differ most in what their plates cost, so each has a sample of its own.
    """

    def __init__(self, size: int = _SAMPLE_SIZE) -> None:
        self._size = size
        self.by_country: dict[str, Sample] = {}
        self.patterns = Sample(size)

    def add(self, alert: Alert) -> None:
        """Adds an alert."""
        if is_pattern(alert.plate):
            self.patterns.add(alert)
        else:
            country = alert.country or ""
            sample = self.by_country.get(country)
            if sample is None:
                sample = self.by_country[country] = Sample(self._size)
            sample.add(alert)

    @property
    def count(self) -> int:
        """How many plates without wildcards there are."""
        return sum(sample.count for sample in self.by_country.values())


def sample_alerts(alerts: Iterable[Alert], size: int = _SAMPLE_SIZE) -> dict[str, PlateSamples]:
    """The plates of alerts by list, each a sample."""
    found: dict[str, PlateSamples] = {}
    for alert in alerts:
        found.setdefault(alert.list_id, PlateSamples(size)).add(alert)
    return found


def synthetic_alert(list_id: str, alert_id: str, plate: str, country: str) -> Alert:
    """An alert on a made-up plate, in force at the time of known reads, to ask what it would cost."""
    action: dict[str, ActionCode] = {"default": "inform"}
    return Alert(
        list_id, alert_id, 1, plate, "NATIONAL", "made up", action, SAMPLE_TIME, _SAMPLE_END, country
    )
