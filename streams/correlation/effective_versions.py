"""In force: which version of each sighted alert counts, and when nothing of it stands any more."""

from msgspec import Struct

from streams.alerts.alert_keys import beats
from streams.alerts.index import Index
from streams.records.alert import Alert, AlertKey, key_of
from streams.records.hit import Withdrawn
from streams.records.times import to_ms


class Version(Struct, frozen=True, gc=False):
    """The version of an alert that counts: when it was withdrawn, if it was, and the first instant at which
    nothing of it stands, by its term or its withdrawal; in ms since 1970 UTC."""

    alert: Alert
    withdrawn: int | None
    ends: int
    early: bool
    """Whether it ends by withdrawal, before its term."""

    def why(self) -> Withdrawn:
        """Why nothing stands of it once it has ended."""
        return Withdrawn("alert-withdrawn" if self.early else "alert-expired")


class InForce:
    """The versions of sighted alerts that count, as `index` had them when each was noted last."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._latest: dict[AlertKey, Version] = {}
        self._terms_until: int | None = None

    def __contains__(self, key: object) -> bool:
        return key in self._latest

    def __getitem__(self, key: AlertKey) -> Version:
        return self._latest[key]

    def get(self, key: AlertKey) -> Version | None:
        """The version that counts, if the alert was sighted."""
        return self._latest.get(key)

    def note(self, alert: Alert) -> Version:
        """Takes the version that counts from now on, and when it ends."""
        ends, term = self._index.ends_at(alert), to_ms(alert.valid_until)
        version = Version(alert, self._index.withdrawn_at(alert), ends, ends < term)
        self._latest[key_of(alert)] = version
        return version

    def forget(self, key: AlertKey) -> None:
        """Lets go of an alert of which nothing is remembered any more."""
        del self._latest[key]

    def version_for(self, alert: Alert) -> Alert:
        """The version that counts beside one that matched: as the index has it.

        The match was made elsewhere, so this index may not know the alert yet; then it is the greater one.
        """
        key = key_of(alert)
        known = self._index.get(key)
        if known is not None:
            return known
        latest = self._latest.get(key)
        return alert if latest is None or beats(alert, latest.alert) else latest.alert

    def stop_terms(self, at: int) -> None:
        """No term is reached after a time, in ms since 1970 UTC: for the end of files."""
        self._terms_until = at

    def reached(self, now: int) -> int:
        """The time by which terms count as reached, in ms since 1970 UTC."""
        return now if self._terms_until is None else self._terms_until

    def has_ended(self, version: Version, now: int) -> bool:
        """Whether nothing of an alert stands any more at a time, in ms since 1970 UTC."""
        return version.ends <= (now if version.early else self.reached(now))
