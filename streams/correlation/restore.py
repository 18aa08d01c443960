"""Restoring the state of correlation from matches, hits and verdicts that were processed before."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

from streams.alerts.index import Index
from streams.correlation.cold_state import ColdAlert
from streams.correlation.rematching import Rematcher
from streams.correlation.settlement import SLICE_SIZE, Settler, Work
from streams.correlation.state import State
from streams.correlation.tables import AlertState, Pair
from streams.correlation.touched import Touched
from streams.records.alert import Alert, AlertKey
from streams.records.hit import Hit, Retraction, identity_digest
from streams.records.hit_header import read_hit_header
from streams.records.match import Match
from streams.records.times import Millis, to_ms
from streams.records.verdict import Verdict
from streams.rules.verdicts import JudgedHit

ApplyMatch = Callable[[AlertState, Match, Millis, Touched], None]
"""Adds the sighting of a match, which was made at a time, to the state of its alert."""


class Restorer:
    """Restores state: records are added in any order, then `finish` is called.

    The records stay cold until their alert is hydrated; only then are its hits compared with what was
    emitted.
    """

    def __init__(
        self, state: State, index: Index, rematcher: Rematcher, apply_match: ApplyMatch, settler: Settler
    ) -> None:
        self._state = state
        self._index = index
        self._rematcher = rematcher
        self._apply_match = apply_match
        self._settler = settler
        self._judged: dict[str, JudgedHit] = {}
        """What decides who may judge the hits of which only a verdict is retained."""

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
            identity = identity_digest(header.alert)
            captured_ms = to_ms(header.read.captured_at)
            self._judged[header.hit_id] = JudgedHit(header.alert.list_id, header.audience, captured_ms)
            self._state.hits.set_pair(
                header.hit_id, Pair(header.alert_key, identity, header.match.read_plate)
            )

    def finish(self, now_ms: Millis) -> list[Hit]:
        """Hydrate the alerts for which a verdict, the index or the time shows that revisions may be due.

        Return those revisions. The other alerts stay cold, and are scheduled for their end.
        """
        return [hit for hit in self.finish_in_slices(now_ms) if hit is not None]

    def finish_in_slices(self, now_ms: Millis) -> Work:
        """Yield the revisions that `finish` returns; between two slices, other work may be done."""
        state = self._state
        state.advance(now_ms)
        due: list[AlertKey] = []
        while state.timers.has_due(now_ms):
            for _, entry in state.timers.pop_due(now_ms, SLICE_SIZE):
                if isinstance(entry, Verdict):
                    due += self._restore_verdict(entry)
            yield None
        # The budget used by a list is known only when all its hits are decoded.
        due += [key for key in state.cold_alerts.sorted_keys() if state.budgets.has_budget(key[0])]
        for count, (key, at_ms) in enumerate(state.cold_alerts.evaluation_times(self._index), 1):
            if at_ms <= now_ms:
                due.append(key)
            else:
                state.schedule_end(key, at_ms)
            if count % SLICE_SIZE == 0:
                yield None
        yield from self.hydrate(dict.fromkeys(due), now_ms)

    def _restore_verdict(self, verdict: Verdict) -> list[AlertKey]:
        """Restore a verdict; return the alert that it concerns, if it is known."""
        state = self._state
        cold_key = state.cold_alerts.key_for_hit(verdict.hit_id)
        pair = state.hits.pair_for(verdict.hit_id)
        if cold_key is None and pair is not None:
            state.hits.judge(verdict, self._judged.get(verdict.hit_id))
            return [pair.alert]
        # It is judged when the hit is decoded.
        state.hits.add_pending(verdict)
        return [] if cold_key is None else [cold_key]

    def hydrate(self, keys: Iterable[AlertKey], now_ms: Millis) -> Work:
        """Decode the records of cold alerts; yield the revisions to emit.

        All of them are decoded before any is evaluated, because budgets depend on all hits of a list.
        """
        emitted: dict[AlertKey, list[Hit]] = {}
        for count, key in enumerate(keys, 1):
            cold = self._state.cold_alerts.pop(key)
            if cold is not None:
                emitted[key] = yield from self._decode(key, cold)
            if count % SLICE_SIZE == 0:
                yield None
        for count, (key, hits) in enumerate(emitted.items(), 1):
            yield from self._revise(key, hits, now_ms)
            if count % SLICE_SIZE == 0:
                yield None

    def _decode(self, key: AlertKey, cold: ColdAlert) -> Generator[None, None, list[Hit]]:
        """Put the records of an alert into the state, in slices; return its emitted hits."""
        state = self._state
        # The index is asked once for all records: its alerts lie on disk.
        indexed = self._index.get(key)
        alert = state.record_version(indexed) if indexed is not None else None
        touched = Touched()
        for count, (match, matched_ms) in enumerate(cold.matches(), 1):
            if indexed is None:
                recorded = alert.version.alert if alert is not None else None
                latest = state.versions.latest(match.alert, recorded)
                if alert is None or latest is not recorded:
                    alert = self._change_version(latest, alert, touched)
            assert alert is not None, "recorded above"
            self._apply_match(alert, match, matched_ms, touched)
            if count % SLICE_SIZE == 0:
                yield None
        hits: list[Hit] = []
        for hit in cold.hits():
            state.hits.restore_emitted(hit)
            hits.append(hit)
            if len(hits) % SLICE_SIZE == 0:
                yield None
        hits.sort(key=lambda hit: hit.hit_id)
        if alert is not None:
            for steps in (self._restore_reads(alert, hits), self._adopt_ids(alert, hits)):
                yield from steps
        for hit in hits:
            self._restore_rest(alert, hit)
        return hits

    def _change_version(self, latest: Alert, alert: AlertState | None, touched: Touched) -> AlertState:
        """Record another version of an alert that the index does not have; apply the matches so far to it."""
        state = self._state
        sightings = state.sightings.remove_sightings(alert, touched) if alert is not None else []
        alert = state.record_version(latest)
        for sighting in sightings:
            self._apply_match(alert, sighting.match, sighting.matched_ms, touched)
        return alert

    def _restore_reads(self, alert: AlertState, hits: Iterable[Hit]) -> Iterator[None]:
        """Add the reads of emitted hits whose matches are missing: they may still come."""
        for count, hit in enumerate(hits, 1):
            if count % SLICE_SIZE == 0:
                yield None
            if hit.handover is not None or hit.lookback is not None:
                continue
            if (hit.read.camera_id, hit.read.read_id) not in alert.reads:
                match = self._rematcher.rematch(hit.read, alert.version.alert)
                if match is not None:
                    self._apply_match(alert, match, to_ms(hit.emitted_at), Touched())

    def _adopt_ids(self, alert: AlertState, hits: Iterable[Hit]) -> Iterator[None]:
        """Let passages keep the ids of their emitted hits, although their first reads are missing."""
        state, identity = self._state, identity_digest(alert.version.alert)
        for count, (_, passage) in enumerate(list(alert.all_passages()), 1):
            state.hits.set_passage(passage)
            if count % SLICE_SIZE == 0:
                yield None
        for hit in hits:
            taken = alert.reads.get((hit.read.camera_id, hit.read.read_id))
            if hit.handover is not None or taken is None or hit.kind == "withdrawn":
                continue
            if identity_digest(hit.alert) != identity:
                continue  # It is of a version that describes another vehicle.
            if taken.hit_id != hit.hit_id and not state.hits.is_active(taken.hit_id):
                state.hits.rename(taken, hit.hit_id)
            if taken.hit_id == hit.hit_id and hit.journey is not None:
                # The first read may not have come again yet, but the journey has its time.
                state.sightings.restore_first(taken, to_ms(hit.journey.passages[-1].at))

    def _restore_rest(self, alert: AlertState | None, hit: Hit) -> None:
        if hit.handover is not None:
            # Its read, and verdicts on that, belong to the hit of a passage.
            plate = hit.match.read_plate if hit.match.class_ == "pattern" else ""
            if alert is not None:
                self._state.restore_handover(alert, plate, hit.hit_id)
            return
        hits = self._state.hits
        if hits.get_or_create(hit.hit_id).passage is None:
            key = hit.alert.list_id, hit.alert.alert_id
            hits.set_pair(hit.hit_id, Pair(key, identity_digest(hit.alert), hit.match.read_plate))

    def _revise(self, key: AlertKey, emitted: Sequence[Hit], now_ms: Millis) -> Work:
        """Yield the revisions to emit for an alert, given its emitted hits."""
        state = self._state
        alert = state.alerts.get(key)
        if alert is None:
            return
        touched = Touched()
        touched.add_all(alert)
        latest = self._index.get(key)
        for hit in emitted:
            is_gone = hit.handover is None and hit.kind != "withdrawn"
            if not is_gone or state.hits.get_or_create(hit.hit_id).passage is not None:
                continue
            if latest is not None and latest.version != hit.alert.version:
                touched.end(hit.hit_id)
            else:
                taken = alert.reads.get((hit.read.camera_id, hit.read.read_id))
                if taken is not None:
                    touched.rename(hit.hit_id, taken)
        yield from self._settler.settle(alert, touched, now_ms, Retraction("alert-replaced"), restored=True)
        for vehicle in list(alert.vehicles.values()):
            if not vehicle.places:
                yield from self._settler.revise_handovers(alert, vehicle, now_ms)
        state.drop_empty_vehicles(alert)
