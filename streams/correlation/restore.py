"""Restoring the state of correlation from matches, hits and verdicts that were processed before."""

from collections.abc import Iterable, Sequence

from streams.alerts.index import Index
from streams.correlation.cold_state import ColdAlert
from streams.correlation.evaluation import Evaluator
from streams.correlation.passages import Pair, SightingFactory, VehicleKey
from streams.correlation.rematching import Rematcher
from streams.correlation.revisions import Revisions
from streams.correlation.state import State
from streams.records.alert import Alert, AlertKey
from streams.records.hit import Hit, Retraction
from streams.records.hit_header import read_hit_header
from streams.records.match import Match
from streams.records.read import Read
from streams.records.times import Millis, to_ms
from streams.records.verdict import Verdict


class Restorer:
    """Restores state: records are added in any order, then `finish` is called.

    The records stay cold until their alert is hydrated; only then are its hits compared with what was
    emitted.
    """

    def __init__(
        self,
        state: State,
        index: Index,
        sighting_factory: SightingFactory,
        rematcher: Rematcher,
        evaluator: Evaluator,
        revisions: Revisions,
    ) -> None:
        self._state = state
        self._index = index
        self._sighting_factory = sighting_factory
        self._rematcher = rematcher
        self._evaluator = evaluator
        self._revisions = revisions

    def add_match(self, key: AlertKey, record: bytes, matched_ms: Millis) -> None:
        """Add a processed match of an alert as JSON, and the time at which it was made."""
        self._state.cold_alerts.add_match(key, record, matched_ms)

    def add_hit(self, record: bytes) -> None:
        """Add an emitted revision as JSON; a record that is no hit is ignored.

        Its match need not be among those added: it may still come with the live stream.
        """
        header = read_hit_header(record)
        if header is not None:
            self._state.cold_alerts.add_hit(header, record)

    def add_pair(self, record: bytes) -> None:
        """Add the read-alert pair of an emitted revision, as JSON, of which only a verdict is retained."""
        header = read_hit_header(record)
        if header is not None and header.handover is None:
            pair = Pair(header.match.read_plate, header.alert_key, header.alert.version)
            self._state.verdicts.set_pair(header.hit_id, pair)

    def finish(self, now_ms: Millis) -> list[Hit]:
        """Hydrate the alerts for which a verdict, the index or the time shows that revisions may be due.

        Return those revisions. The other alerts stay cold, and are scheduled for their end.
        """
        state = self._state
        state.advance(now_ms)
        due: list[AlertKey] = []
        for _, entry in state.timers.pop_due(now_ms):
            if isinstance(entry, Verdict):
                state.record_verdict(entry)
                pair = state.verdicts.pair_for(entry.hit_id)
                due += [] if pair is None else [pair.alert]
                cold_key = state.cold_alerts.key_for_hit(entry.hit_id)
                due += [] if cold_key is None else [cold_key]
        # The budget used by a list is known only when all its hits are decoded.
        due += [key for key in state.cold_alerts.sorted_keys() if state.budgets.has_budget(key[0])]
        for key, at_ms in state.cold_alerts.evaluation_times(self._index):
            if at_ms <= now_ms:
                due.append(key)
            else:
                state.timers.schedule(at_ms, key)
        return self.hydrate(dict.fromkeys(due), now_ms)

    def hydrate(self, keys: Iterable[AlertKey], now_ms: Millis) -> list[Hit]:
        """Decode the records of cold alerts; return the revisions to emit.

        All of them are decoded before any is evaluated, because budgets depend on all hits of a list.
        """
        emitted = {
            key: self._decode(key, cold)
            for key in keys
            if (cold := self._state.cold_alerts.pop(key)) is not None
        }
        return [hit for key, hits in emitted.items() for hit in self._revise(key, hits, now_ms)]

    def _decode(self, key: AlertKey, cold: ColdAlert) -> list[Hit]:
        """Put the records of an alert into the state; return its emitted hits."""
        # The index is asked once for all records: its alerts lie on disk.
        indexed_alert = self._index.get(key)
        if indexed_alert is not None:
            self._state.versions.record(indexed_alert)
        for match, matched_ms in cold.matches():
            self._restore_match(match, matched_ms, indexed_alert)
        hits = list(cold.hits())
        for hit in hits:
            self._restore_hit(hit, indexed_alert)
        return hits

    def _revise(self, key: AlertKey, emitted: Sequence[Hit], now_ms: Millis) -> list[Hit]:
        """Return the revisions to emit for an alert, given its emitted hits."""
        state, hits = self._state, list[Hit]()
        version = state.versions.get(key)
        self._evaluator.restoring = True
        if version is not None and state.sightings.places_for(key):
            state.record_version(version.alert)
            hits += self._evaluator.evaluate_alert(key, now_ms)
        hits += self._evaluator.evaluate_alert_handovers(key, now_ms)
        self._evaluator.restoring = False
        latest = self._index.get(key)
        for hit in emitted:
            is_replaced = latest is not None and latest.version != hit.alert.version
            is_unsighted = hit.handover is None and hit.hit_id not in state.sightings
            if is_replaced and is_unsighted and self._revisions.is_active(hit.hit_id):
                reason, verdict = Retraction("alert-replaced"), state.verdicts.latest_for(hit.hit_id)
                hits.append(self._revisions.retract(hit.hit_id, reason, verdict, now_ms))
        return hits

    def _restore_match(self, match: Match, matched_ms: Millis, indexed_alert: Alert | None) -> None:
        latest = indexed_alert
        if latest is None:
            latest = self._state.versions.version_for(match.alert)
            self._state.versions.record(latest)
        if match.alert == latest:
            # All sightings share one alert object, as in `Correlator.handle_match`.
            match = Match(match.read, latest, match.result, match.lookback)
        self._state.record_sighting(self._sighting_factory.from_match(match, matched_ms))
        if match.alert is not latest and match.lookback is None:
            self._restore_rematch(match.read, latest, matched_ms)

    def _restore_hit(self, hit: Hit, indexed_alert: Alert | None) -> None:
        key = hit.alert.list_id, hit.alert.alert_id
        if hit.handover is not None:
            # Its read, and verdicts on that, belong to the hit of a passage.
            plate = hit.match.read_plate if hit.match.class_ == "pattern" else ""
            self._evaluator.restore_handover(VehicleKey(key, plate), hit)
            return
        self._revisions.restore(hit)
        stored = self._state.sightings.get(hit.hit_id)
        is_restored = stored is not None and stored[1].match.read == hit.read
        if indexed_alert is not None and hit.lookback is None and not is_restored:
            self._restore_rematch(hit.read, indexed_alert, to_ms(hit.emitted_at))
        if hit.hit_id not in self._state.sightings:
            pair = Pair(hit.match.read_plate, key, hit.alert.version)
            self._state.verdicts.set_pair(hit.hit_id, pair)

    def _restore_rematch(self, read: Read, latest: Alert, matched_ms: Millis) -> None:
        match = self._rematcher.rematch(read, latest)
        if match is not None:
            self._state.record_sighting(self._sighting_factory.from_match(match, matched_ms))
