"""The delta: alerts changed since the base was written, effective from the next batch on."""

from streams.alerts.alert_keys import build_alert_keys
from streams.alerts.bitmap import UInt64Array, mix_keys
from streams.alerts.values_by_hash import ValuesByHash
from streams.plates.confusables import ConfusableClasses
from streams.records.alert import Alert, AlertKey, alert_key


class Delta:
    """Alerts by key, and the mixed keys of their plates."""

    def __init__(self, classes: ConfusableClasses) -> None:
        self.alerts: dict[AlertKey, Alert] = {}
        self._classes = classes
        self._owners: ValuesByHash[AlertKey] = ValuesByHash()

    def put(self, alert: Alert) -> None:
        """Add an alert with a valid plate, or replace its earlier version."""
        key = alert_key(alert)
        earlier = self.alerts.get(key)
        if earlier is not None:
            for hash_ in self._plate_hashes(earlier):
                self._owners.discard(hash_, key)
        self.alerts[key] = alert
        for hash_ in self._plate_hashes(alert):
            self._owners.add(hash_, key)

    def find(self, hashes: UInt64Array) -> list[tuple[int, AlertKey]]:
        """Return the pairs (index in the batch, alert key) of a batch of mixed keys (uint64, n)."""
        return self._owners.find(hashes)

    def _plate_hashes(self, alert: Alert) -> list[int]:
        hashes: list[int] = mix_keys(build_alert_keys([alert], self._classes.code_table).keys).tolist()
        return hashes
