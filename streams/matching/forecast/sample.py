"""Samples of the plates of a list, from which the cost of the whole list is estimated."""

from collections.abc import Iterable
from random import Random
from typing import Final

from streams.alerts.alert_keys import is_pattern
from streams.records.alert import Alert
from streams.records.times import from_ms
from streams.records.types import ActionCode

SAMPLE_TIME: Final = from_ms(1_000_000_000_000)
"""The start of validity of synthetic alerts, and the capture time of known reads."""
_SAMPLE_END: Final = from_ms(1_000_000_000_001)
_SAMPLE_SIZE: Final = 150
"""Plates in the sample of a list and country; each takes some ms to forecast."""


class Sample:
    """A uniform sample of up to `size` of the alerts added (reservoir sampling); the same on each run."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._rng = Random(0)
        self.alerts: list[Alert] = []
        self.count = 0

    def add(self, alert: Alert) -> None:
        """Add an alert."""
        self.count += 1
        if len(self.alerts) < self._size:
            self.alerts.append(alert)
        elif (index := self._rng.randrange(self.count)) < self._size:
            self.alerts[index] = alert


class PlateSamples:
    """Samples of the plates of a list, by country ("" if the alert has none), and of its patterns.

    The cost of a plate depends most on its country, so each country has a sample of its own.
    """

    def __init__(self, size: int = _SAMPLE_SIZE) -> None:
        self._size = size
        self.by_country: dict[str, Sample] = {}
        self.patterns = Sample(size)

    def add(self, alert: Alert) -> None:
        """Add an alert."""
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
        """The number of plates without wildcards."""
        return sum(sample.count for sample in self.by_country.values())


def sample_alerts(alerts: Iterable[Alert], size: int = _SAMPLE_SIZE) -> dict[str, PlateSamples]:
    """Sample the plates of alerts, by list."""
    samples: dict[str, PlateSamples] = {}
    for alert in alerts:
        samples.setdefault(alert.list_id, PlateSamples(size)).add(alert)
    return samples


def synthetic_alert(list_id: str, alert_id: str, plate: str, country: str) -> Alert:
    """Return a synthetic alert on a plate, effective at SAMPLE_TIME, to forecast its cost."""
    action: dict[str, ActionCode] = {"default": "inform"}
    return Alert(
        list_id, alert_id, 1, plate, "NATIONAL", "made up", action, SAMPLE_TIME, _SAMPLE_END, country
    )
