"""In force: which version of each sighted alert counts, and when nothing of it stands any more."""

from msgspec import Struct

from streams.alerts.alert_keys import supersedes
from streams.alerts.index import Index
from streams.records.alert import Alert, AlertKey, alert_key
from streams.records.hit import Retraction
from streams.records.times import to_ms


class EffectiveVersion(Struct, frozen=True, gc=False):
    """The version of an alert that counts: when it was withdrawn, if it was, and the first instant at which
    nothing of it stands, by its term or its withdrawal; in ms since 1970 UTC."""

    alert: Alert
    withdrawn_ms: int | None
    ends_ms: int
    ends_early: bool
    """Whether it ends by withdrawal, before its term."""

    def end_reason(self) -> Retraction:
        """Why nothing stands of it once it has ended."""
        return Retraction("alert-withdrawn" if self.ends_early else "alert-expired")


class EffectiveVersions:
    """The versions of sighted alerts that count, as `index` had them when each was noted last."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._versions: dict[AlertKey, EffectiveVersion] = {}
        self._expiry_stop_ms: int | None = None

    def __contains__(self, key: object) -> bool:
        return key in self._versions

    def __getitem__(self, key: AlertKey) -> EffectiveVersion:
        return self._versions[key]

    def get(self, key: AlertKey) -> EffectiveVersion | None:
        """The version that counts, if the alert was sighted."""
        return self._versions.get(key)

    def record(self, alert: Alert) -> EffectiveVersion:
        """Takes the version that counts from now on, and when it ends."""
        ends, term = self._index.valid_until_ms(alert), to_ms(alert.valid_until)
        version = EffectiveVersion(alert, self._index.withdrawn_at_ms(alert), ends, ends < term)
        self._versions[alert_key(alert)] = version
        return version

    def expire(self, key: AlertKey) -> None:
        """Lets go of an alert of which nothing is remembered any more."""
        del self._versions[key]

    def version_for(self, alert: Alert) -> Alert:
        """The version that counts beside one that matched: as the index has it.

        The match was made elsewhere, so this index may not know the alert yet; then it is the greater one.
        """
        key = alert_key(alert)
        known = self._index.get(key)
        if known is not None:
            return known
        latest = self._versions.get(key)
        return alert if latest is None or supersedes(alert, latest.alert) else latest.alert

    def stop_expiry(self, at_ms: int) -> None:
        """No term is reached after a time, in ms since 1970 UTC: for the end of files."""
        self._expiry_stop_ms = at_ms

    def expiry_ms(self, now_ms: int) -> int:
        """The time by which terms count as reached, in ms since 1970 UTC."""
        return now_ms if self._expiry_stop_ms is None else self._expiry_stop_ms

    def has_ended(self, version: EffectiveVersion, now_ms: int) -> bool:
        """Whether nothing of an alert stands any more at a time, in ms since 1970 UTC."""
        return version.ends_ms <= (now_ms if version.ends_early else self.expiry_ms(now_ms))
