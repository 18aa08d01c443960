"""The events of one alert: each is applied to the state, and what it touched is settled."""

from typing import Final

from streams.alerts.index import Index
from streams.correlation.effective_versions import matches_the_same_reads
from streams.correlation.passages import Passage, VehicleKey
from streams.correlation.rematching import Rematcher
from streams.correlation.settlement import SLICE_SIZE, Settler, Work
from streams.correlation.sighting_factory import SightingFactory
from streams.correlation.state import State
from streams.correlation.tables import AlertState, PassageEnd, Timer, VehicleState, pair_of
from streams.correlation.touched import Touched
from streams.records.alert import Alert, AlertKey, alert_key
from streams.records.hit import Retraction
from streams.records.match import Match
from streams.records.times import Millis
from streams.records.verdict import Verdict

_ALERT_REPLACED: Final = Retraction("alert-replaced")


class AlertEvents:
    """The work of each event of one alert that is neither cold nor busy."""

    def __init__(
        self,
        state: State,
        index: Index,
        rematcher: Rematcher,
        sighting_factory: SightingFactory,
        settler: Settler,
    ) -> None:
        self._state = state
        self._index = index
        self._rematcher = rematcher
        self._sighting_factory = sighting_factory
        self._settler = settler

    def match(self, match: Match, now_ms: Millis) -> Work:
        """Handle a match, after a change of the version if there is one."""
        state = self._state
        alert = state.alerts.get(alert_key(match.alert))
        recorded = alert.version.alert if alert is not None else None
        latest = state.versions.latest(match.alert, recorded)
        if alert is None:
            alert = state.record_version(latest)
        elif latest != recorded:
            yield from self._set_version(alert, latest, now_ms)
            alert = state.alerts.get(alert.key) or state.record_version(latest)
        touched = Touched()
        self.apply_match(alert, match, now_ms, touched)
        if not alert.vehicles:
            state.drop_empty_vehicles(alert)
        if touched:
            yield from self._settler.settle(alert, touched, now_ms)

    def change_alert(self, key: AlertKey, now_ms: Millis) -> Work:
        alert = self._state.alerts.get(key)
        if alert is not None:
            yield from self._set_version(alert, self._index.get(key) or alert.version.alert, now_ms)

    def judge(self, key: AlertKey, verdict: Verdict, now_ms: Millis) -> Work:
        """Record a verdict on a hit of an alert, and settle what that changes."""
        state = self._state
        pair = state.hits.pair_for(verdict.hit_id)
        was_rejected = pair is not None and state.hits.is_pair_rejected(pair)
        is_newer = state.hits.judge(verdict)
        hit, alert = state.hits.get(verdict.hit_id), state.alerts.get(key)
        if not is_newer or hit is None or alert is None:
            return
        if hit.emitted is not None and hit.emitted.handover is not None:
            vehicle = alert.vehicle_of(hit.emitted.match)
            if vehicle is not None:
                yield from self._settler.revise_handovers(alert, vehicle, now_ms)
            return
        touched = Touched()
        vehicle = None if pair is None else alert.vehicles.get(pair.plate) or alert.vehicles.get("")
        if pair is not None and vehicle is not None and state.hits.is_pair_rejected(pair) != was_rejected:
            for passage in vehicle.passages():
                if passage.best.match.result.read_plate == pair.plate and pair_of(passage) == pair:
                    touched.add(vehicle, passage)
        elif vehicle is not None and hit.passage is not None:
            touched.add(vehicle, hit.passage)
        yield from self._settler.settle(alert, touched, now_ms)

    def check(self, key: AlertKey, entry: Timer, now_ms: Millis) -> Work:
        """Do what a timer of an alert was set for."""
        state = self._state
        alert = state.alerts.get(key)
        if alert is None:
            return
        if isinstance(entry, VehicleKey):
            vehicle = alert.vehicles.get(entry.plate)
            if vehicle is not None:
                yield from self._settler.revise_handovers(alert, vehicle, now_ms)
        elif isinstance(entry, PassageEnd):
            vehicle = alert.vehicles.get(entry.plate)
            if vehicle is not None and state.sightings.end_passage(vehicle, entry.passage, now_ms):
                yield from self._settle_passage(alert, vehicle, entry.passage, now_ms)
        else:
            yield from self._end_alert(alert, now_ms)

    def apply_match(self, alert: AlertState, match: Match, matched_ms: Millis, touched: Touched) -> None:
        """Add the sighting of a match, if it counts."""
        version = alert.version
        latest = version.alert
        if match.alert is not latest:
            if match.alert == latest:
                # All sightings share one alert object; each match was decoded with a copy.
                match = Match(match.read, latest, match.result, match.lookback)
            else:
                # A lookback was permitted for its own version of the alert only.
                rematch = self._rematcher.rematch(match.read, latest) if match.lookback is None else None
                if rematch is None:
                    return
                match = rematch
        sighting = self._sighting_factory.from_match(match, matched_ms)
        is_in_time = version.withdrawn_ms is None or sighting.captured_ms < version.withdrawn_ms
        if is_in_time and self._sighting_factory.is_admitted(sighting):
            self._state.sightings.add_sighting(alert, sighting, touched)

    def _set_version(self, alert: AlertState, latest: Alert, now_ms: Millis) -> Work:
        """Record the effective version of a sighted alert, and settle what that changes."""
        state, previous = self._state, alert.version
        state.record_version(latest)
        if alert.version == previous:
            return
        touched = Touched()
        is_same = latest == previous.alert or matches_the_same_reads(latest, previous.alert)
        if is_same and not state.sightings.has_lookback(alert):
            for count, (_, passage) in enumerate(list(alert.all_passages()), 1):
                state.sightings.replace_alert(passage, latest)
                if count % SLICE_SIZE == 0:
                    yield None
        else:
            for count, sighting in enumerate(state.sightings.remove_sightings(alert, touched), 1):
                self.apply_match(alert, sighting.match, sighting.matched_ms, touched)
                if count % SLICE_SIZE == 0:
                    yield None
        touched.add_all(alert)
        yield from self._settler.settle(alert, touched, now_ms, _ALERT_REPLACED)
        state.drop_empty_vehicles(alert)

    def _end_alert(self, alert: AlertState, now_ms: Millis) -> Work:
        """Settle the end of an alert, unless it has been prolonged or the time was only a check."""
        if not self._state.versions.has_ended(alert.version, now_ms):
            self._state.schedule_end(alert.key, alert.version.ends_ms)
            return
        touched = Touched()
        touched.add_all(alert)
        yield from self._settler.settle(alert, touched, now_ms)

    def _settle_passage(
        self, alert: AlertState, vehicle: VehicleState, passage: Passage, now_ms: Millis
    ) -> Work:
        hits = self._settler.settle_passage(alert, vehicle, passage, now_ms)
        if hits is not None:
            yield from hits
            return
        touched = Touched()
        touched.add(vehicle, passage)
        yield from self._settler.settle(alert, touched, now_ms)
