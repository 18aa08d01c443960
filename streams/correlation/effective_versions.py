"""The effective version of each sighted alert, and when it ends."""

from typing import Final

from msgspec import Struct

from streams.alerts.alert_keys import supersedes
from streams.alerts.index import Index
from streams.records.alert import Alert, alert_key
from streams.records.hit import Retraction
from streams.records.times import Millis, to_ms


class EffectiveVersion(Struct, frozen=True, gc=False):
    """The version of an alert that counts.

    `ends_ms` is the first instant at which it has no active hits any more, by its validity period or its
    withdrawal.
    """

    alert: Alert
    withdrawn_ms: Millis | None
    ends_ms: Millis
    ends_early: bool
    """True if it ends by withdrawal, before the end of its validity period."""

    def end_reason(self) -> Retraction:
        """Return why the hits of this version are retracted once it has ended."""
        return Retraction("alert-withdrawn" if self.ends_early else "alert-expired")


class Versions:
    """The versions of alerts in `index`, and when they end."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._validity_stop_ms: Millis | None = None

    def effective(self, alert: Alert) -> EffectiveVersion:
        """Return a version that counts, with its end."""
        ends_ms = self._index.valid_until_ms(alert)
        ends_early = ends_ms < to_ms(alert.valid_until)
        withdrawn_ms = self._index.withdrawn_at_ms(alert)
        return EffectiveVersion(alert, withdrawn_ms, ends_ms, ends_early)

    def latest(self, alert: Alert, recorded: Alert | None) -> Alert:
        """Return the version that counts when this version of an alert has matched.

        That is the one of the index. A match is made by another worker, so this index may not have the alert
        yet; then the higher of the matched and the recorded version counts.
        """
        indexed = self._index.get(alert_key(alert))
        if indexed is not None:
            return indexed
        return alert if recorded is None or supersedes(alert, recorded) else recorded

    def stop_validity(self, at_ms: Millis) -> None:
        """Let no validity period end after a time: at the end of files, which only tell the past."""
        self._validity_stop_ms = at_ms

    def validity_now_ms(self, now_ms: Millis) -> Millis:
        """Return the time by which validity periods count as ended."""
        return now_ms if self._validity_stop_ms is None else self._validity_stop_ms

    def has_ended(self, version: EffectiveVersion, now_ms: Millis) -> bool:
        """True if a version has ended at a time."""
        return version.ends_ms <= (now_ms if version.ends_early else self.validity_now_ms(now_ms))


_MATCHING_FIELDS: Final = ("plate", "country", "vehicle", "match", "basis", "valid_from", "operation_id")


def matches_the_same_reads(alert: Alert, other: Alert) -> bool:
    """True if two versions of an alert match the same reads, so that hits of both differ only in content."""
    return all(getattr(alert, name) == getattr(other, name) for name in _MATCHING_FIELDS)
