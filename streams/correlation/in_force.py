"""In force: which version of each sighted alert counts, and when nothing of it stands any more."""

from streams.lists.entries import beats
from streams.lists.index import Index
from streams.records.alert import Alert, AlertKey, key_of
from streams.records.hit import Withdrawn
from streams.records.times import to_ms


class InForce:
    """The versions of sighted alerts that count; `index` has the lists as they are now."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._latest: dict[AlertKey, Alert] = {}
        self._terms_until: int | None = None

    def __contains__(self, key: object) -> bool:
        return key in self._latest

    def __getitem__(self, key: AlertKey) -> Alert:
        return self._latest[key]

    def get(self, key: AlertKey) -> Alert | None:
        """The version that counts, if the alert was sighted."""
        return self._latest.get(key)

    def note(self, alert: Alert) -> None:
        """Takes the version that counts from now on."""
        self._latest[key_of(alert)] = alert

    def forget(self, key: AlertKey) -> None:
        """Lets go of an alert of which nothing is remembered any more."""
        del self._latest[key]

    def version_for(self, alert: Alert) -> Alert:
        """The version that counts beside one that matched: as the index has it.

        The match was made elsewhere, so this index may not know the alert yet; then it is the greater one.
        """
        known = self._index.get(key_of(alert))
        if known is not None:
            return known
        latest = self._latest.get(key_of(alert))
        return alert if latest is None or beats(alert, latest) else latest

    def stop_terms(self, at: int) -> None:
        """No term is reached after a time, in ms since 1970 UTC: for the end of files."""
        self._terms_until = at

    def reached(self, now: int) -> int:
        """The time by which terms count as reached, in ms since 1970 UTC."""
        return now if self._terms_until is None else self._terms_until

    def has_ended(self, alert: Alert, now: int) -> bool:
        """Whether an alert has ended by a time, in ms since 1970 UTC."""
        ends = self._index.ends_at(alert)
        if self._terms_until is not None and ends == to_ms(alert.valid_until):
            now = self._terms_until
        return ends <= now

    def ends_early(self, alert: Alert) -> bool:
        """Whether an alert ends by withdrawal, before its term."""
        return self._index.ends_at(alert) < to_ms(alert.valid_until)

    def why(self, alert: Alert | None) -> Withdrawn:
        """Why nothing stands of an alert that has ended, or of one that is not known any more."""
        early = alert is not None and self.ends_early(alert)
        return Withdrawn("alert-withdrawn" if early else "alert-expired")
