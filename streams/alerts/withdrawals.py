"""When alerts were withdrawn."""

from streams.records.alert import Alert, AlertKey, Withdrawal, alert_key
from streams.records.times import Millis, to_ms


class Withdrawals:
    """The withdrawals of alerts, from files and from a topic.

    A withdrawal in a file ends every version that began before it, so an alert has a list of them. A null
    value on a topic ends the alert whatever its version, until it is listed again.
    """

    def __init__(self) -> None:
        self._from_files: dict[AlertKey, list[Millis]] = {}
        self._from_topic: dict[AlertKey, Millis] = {}

    def add(self, withdrawal: Withdrawal) -> None:
        """Add a withdrawal from a file."""
        times = self._from_files.setdefault(alert_key(withdrawal), [])
        withdrawn_ms = to_ms(withdrawal.withdrawn_at)
        if withdrawn_ms not in times:
            times.append(withdrawn_ms)
            times.sort()

    def add_tombstone(self, key: AlertKey, withdrawn_ms: Millis) -> None:
        """Record the null value of an alert on a topic."""
        self._from_topic[key] = withdrawn_ms

    def clear(self, key: AlertKey) -> None:
        """Remove the withdrawals of an alert that is listed again on a topic."""
        self._from_files.pop(key, None)
        self._from_topic.pop(key, None)

    def withdrawn_at_ms(self, alert: Alert) -> Millis | None:
        """Return when an alert ended by withdrawal; None if it was not withdrawn."""
        key = alert_key(alert)
        withdrawn_ms = self._from_topic.get(key)
        if withdrawn_ms is not None:
            return withdrawn_ms
        times = self._from_files.get(key)
        if times is None:
            return None
        valid_from_ms = to_ms(alert.valid_from)
        return next((time for time in times if time > valid_from_ms), None)
