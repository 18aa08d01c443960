"""The effective version of each sighted alert, and when it ends."""

from msgspec import Struct

from streams.alerts.alert_keys import supersedes
from streams.alerts.index import Index
from streams.records.alert import Alert, AlertKey, alert_key
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


class EffectiveVersions:
    """The effective versions of sighted alerts, as `index` had them when each was last recorded."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._versions: dict[AlertKey, EffectiveVersion] = {}
        self._expiry_stop_ms: Millis | None = None

    def __contains__(self, key: object) -> bool:
        return key in self._versions

    def __getitem__(self, key: AlertKey) -> EffectiveVersion:
        return self._versions[key]

    def get(self, key: AlertKey) -> EffectiveVersion | None:
        """Return the effective version of an alert, if it was sighted."""
        return self._versions.get(key)

    def record(self, alert: Alert) -> EffectiveVersion:
        """Record the version that counts from now on; return it with its end."""
        ends_ms = self._index.valid_until_ms(alert)
        ends_early = ends_ms < to_ms(alert.valid_until)
        version = EffectiveVersion(alert, self._index.withdrawn_at_ms(alert), ends_ms, ends_early)
        self._versions[alert_key(alert)] = version
        return version

    def expire(self, key: AlertKey) -> None:
        """Expire the version of an alert without retained sightings."""
        del self._versions[key]

    def version_for(self, alert: Alert) -> Alert:
        """Return the version that counts when this version of an alert has matched.

        That is the one of the index. A match is made by another worker, so this index may not have the alert
        yet; then the higher of the matched and the recorded version counts.
        """
        key = alert_key(alert)
        indexed = self._index.get(key)
        if indexed is not None:
            return indexed
        recorded = self._versions.get(key)
        return alert if recorded is None or supersedes(alert, recorded.alert) else recorded.alert

    def stop_expiry(self, at_ms: Millis) -> None:
        """Let no validity period end after a time: at the end of files, which only tell the past."""
        self._expiry_stop_ms = at_ms

    def expiry_ms(self, now_ms: Millis) -> Millis:
        """Return the time by which validity periods count as ended."""
        return now_ms if self._expiry_stop_ms is None else self._expiry_stop_ms

    def has_ended(self, version: EffectiveVersion, now_ms: Millis) -> bool:
        """True if a version has ended at a time."""
        return version.ends_ms <= (now_ms if version.ends_early else self.expiry_ms(now_ms))
