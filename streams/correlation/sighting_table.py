"""The table of sightings: the passages of all vehicles, which grow, join, split and expire."""

from bisect import bisect_left
from collections.abc import Container, Sequence
from math import inf

from msgspec.structs import replace

from streams.correlation.config import CorrelationRules
from streams.correlation.hit_table import HitTable
from streams.correlation.passages import (
    MAX_SIGHTINGS,
    Passage,
    PlaceKey,
    Sighting,
    VehicleKey,
    connected,
    extend,
    merge,
    new_passage,
    pick_resend,
    split_passages,
)
from streams.correlation.tables import AlertState, PassageEnd, Timer, VehicleState
from streams.correlation.timers import Timers
from streams.correlation.touched import Touched
from streams.records.alert import Alert, AlertKey
from streams.records.times import MINUTE_MS, SECOND_MS, Millis


class SightingTable:
    """The passages of the vehicles of `alerts`, and the timers for their ends."""

    def __init__(
        self,
        alerts: dict[AlertKey, AlertState],
        hits: HitTable,
        timers: Timers[Timer],
        rules: CorrelationRules,
    ) -> None:
        self._alerts = alerts
        self._hits = hits
        self._timers = timers
        self._stay_ms = round(rules.config.stay_minutes * MINUTE_MS)
        self._gap_ms = rules.config.passage_gap_s * SECOND_MS
        self._gap_ms_by_place = {
            PlaceKey("site", site_id): site.passage_gap_s * SECOND_MS
            for site_id, site in rules.places.sites.items()
            if site.passage_gap_s is not None
        }
        self._input_ended_ms = -inf
        self._matched_in: dict[int, list[Passage]] = {}
        """The passages that had a match in a minute, so that expiry need not search all."""

    def end_input(self, now_ms: float) -> None:
        """Record that no read captured before a time comes any more."""
        self._input_ended_ms = now_ms

    def add_sighting(self, alert: AlertState, sighting: Sighting, touched: Touched) -> None:
        """Add a sighting to its passage, which may be new; what changed is added to `touched`.

        A read that was sent again replaces the one that was sent first if it is the better one.
        """
        holder = alert.reads.get(sighting.read_key)
        if holder is not None:
            stored = next(each for each in holder.retained() if each.read_key == sighting.read_key)
            if pick_resend(stored, sighting) is stored:
                return
            self._remove_sighting(alert, stored, holder, touched)
        vehicle = alert.vehicles.get(sighting.plate)
        if vehicle is None:
            key = VehicleKey(alert.key, sighting.plate)
            vehicle = alert.vehicles[sighting.plate] = VehicleState(key, {})
        self._put(alert, vehicle, sighting, touched)

    def replace_alert(self, passage: Passage, alert: Alert) -> None:
        """Let the sightings of a passage refer to another version of their alert, of the same vehicle."""
        replaced: dict[int, Sighting] = {}

        def updated(sighting: Sighting) -> Sighting:
            if id(sighting) not in replaced:
                replaced[id(sighting)] = replace(sighting, match=replace(sighting.match, alert=alert))
            return replaced[id(sighting)]

        passage.first = updated(passage.first)
        passage.sightings = tuple([updated(sighting) for sighting in passage.sightings])
        if passage.best_reliable is not None:
            passage.best_reliable = updated(passage.best_reliable)

    def remove_sightings(self, alert: AlertState, touched: Touched) -> list[Sighting]:
        """Remove all sightings of an alert; return those that were retained."""
        sightings: list[Sighting] = []
        for vehicle, passage in alert.all_passages():
            sightings += passage.retained()
            self._hits.release(passage.hit_id)
            touched.remove(vehicle, passage, None)
        for vehicle in alert.vehicles.values():
            vehicle.places = {}
        alert.reads.clear()
        return sightings

    def restore_first(self, passage: Passage, captured_ms: Millis) -> None:
        """Record when the first read of a passage was captured, if that read is missing."""
        if captured_ms < passage.first_ms:
            passage.first_ms = captured_ms
            passage.lacks_first = True

    def has_lookback(self, alert: AlertState) -> bool:
        """True if any retained sighting of an alert is of a lookback."""
        return any(
            sighting.match.lookback is not None
            for _, passage in alert.all_passages()
            for sighting in passage.retained()
        )

    def is_over(self, passage: Passage, now_ms: Millis) -> bool:
        """True if a passage is over: a read at a time would belong to another one.

        The gap must have passed since the latest match too: the next reads of a backlog may belong to it.
        """
        if passage.last_ms + self._gap_for(passage.place) < self._input_ended_ms:
            return True
        return now_ms >= self._over_ms(passage)

    def end_passage(self, vehicle: VehicleState, passage: Passage, now_ms: Millis) -> bool:
        """Return True if a passage is retained and over; if it is not over, schedule the next check."""
        hit = self._hits.get(passage.hit_id)
        if hit is None or hit.passage is not passage:
            return False
        if self.is_over(passage, now_ms):
            passage.is_end_scheduled = False
            return True
        self._schedule_check(vehicle, passage)
        return False

    def expire_passages(
        self, before_ms: Millis, max_passages: int, busy: Container[AlertKey]
    ) -> list[tuple[AlertState, VehicleState, Passage]] | None:
        """Remove and return passages of which all matches were made before the minute of a time.

        At most `max_passages` are looked at; None if none is left to look at. Those of `busy` alerts wait.
        Passages expire as a whole: otherwise a worse sighting would replace the best one.
        """
        minutes = [minute for minute in self._matched_in if (minute + 1) * MINUTE_MS <= before_ms]
        if not minutes:
            return None
        passages = self._matched_in[minutes[0]]
        expired: list[tuple[AlertState, VehicleState, Passage]] = []
        for _ in range(min(max_passages, len(passages))):
            passage = passages.pop()
            if passage.alert_key in busy:
                self._note_match(before_ms + MINUTE_MS, passage)
            else:
                expired += self._expire_passage(passage, before_ms)
        if not passages:
            del self._matched_in[minutes[0]]
        return expired

    def _expire_passage(
        self, passage: Passage, before_ms: Millis
    ) -> list[tuple[AlertState, VehicleState, Passage]]:
        alert = self._alerts.get(passage.alert_key)
        vehicle = alert.vehicles.get(passage.best.plate) if alert is not None else None
        if alert is None or vehicle is None or passage.matched_ms >= before_ms:
            return []
        passages = vehicle.places.get(passage.place, [])
        index = bisect_left(passages, passage.first_ms, key=lambda each: each.first_ms)
        if index == len(passages) or passages[index] is not passage:
            return []  # It was joined to another one.
        self._unindex(alert, passage)
        del passages[index]
        if not passages:
            del vehicle.places[passage.place]
        return [(alert, vehicle, passage)]

    def _put(self, alert: AlertState, vehicle: VehicleState, sighting: Sighting, touched: Touched) -> None:
        place = sighting.place
        passages = vehicle.places.get(place)
        if passages is None:
            passages = vehicle.places[place] = []
        begin, end = connected(passages, sighting.captured_ms, self._gap_for(place))
        if begin == end:
            passage = new_passage(sighting)
            passages.insert(begin, passage)
            self._note_match(sighting.matched_ms, passage)
            alert.reads[sighting.read_key] = passage
            touched.add(vehicle, passage)
            return
        passage = passages[begin]
        may_evict = end - begin == 2 or len(passage.sightings) == MAX_SIGHTINGS
        before: Sequence[Sighting] = passage.retained() if may_evict else ()
        if sighting.matched_ms // MINUTE_MS > passage.matched_ms // MINUTE_MS:
            self._note_match(sighting.matched_ms, passage)
        former_id, bounds = passage.hit_id, (passage.first_ms, passage.last_ms)
        changed = extend(passage, sighting)
        is_longer = bounds != (passage.first_ms, passage.last_ms)
        if not changed and is_longer and passage.is_stay(self._stay_ms):
            # The way to the next stop starts where the stay ended; nothing else depends on the bounds.
            changed = vehicle.itinerary is not None and not vehicle.itinerary.is_latest(passage)
        if changed or not self._hits.is_active(passage.hit_id):
            touched.add(vehicle, passage)
        if end - begin == 2:
            other = passages[begin + 1]
            before = [*before, *other.retained()]
            if other.matched_ms // MINUTE_MS > passage.matched_ms // MINUTE_MS:
                self._note_match(other.matched_ms, passage)
            merge(passage, other)
            del passages[begin + 1]
            self._hits.release(other.hit_id)
            touched.remove(vehicle, other, passage)
            touched.add(vehicle, passage)
        if passage.hit_id != former_id:
            self._hits.release(former_id)
            touched.rename(former_id, passage)
        self._schedule_passage_end(vehicle, passage)
        self._index(alert, passage, sighting, before)

    def _remove_sighting(
        self, alert: AlertState, sighting: Sighting, passage: Passage, touched: Touched
    ) -> None:
        """Remove a sighting from its passage; what is left may be several passages, or none."""
        vehicle, place = alert.vehicles[sighting.plate], passage.place
        remaining = [each for each in passage.retained() if each is not sighting]
        self._unindex(alert, passage)
        parts = split_passages(remaining, self._gap_for(place))
        if passage.is_truncated and parts:
            # Sightings between those retained are no longer known: the passage keeps its bounds.
            for part in parts[1:]:
                merge(parts[0], part)
            del parts[1:]
            parts[0].first_ms, parts[0].last_ms = passage.first_ms, passage.last_ms
            parts[0].is_truncated = True
        for part in parts:
            part.matched_ms = max(part.matched_ms, passage.matched_ms)
            self._note_match(part.matched_ms, part)
            touched.add(vehicle, part)
            self._schedule_passage_end(vehicle, part)
            for each in part.retained():
                alert.reads[each.read_key] = part
        others = [each for each in vehicle.places[place] if each is not passage]
        self._set_passages(vehicle, place, sorted([*others, *parts], key=lambda each: each.first_ms))
        self._hits.release(passage.hit_id)
        touched.remove(vehicle, passage, parts[0] if parts else None)

    def _note_match(self, at_ms: Millis, passage: Passage) -> None:
        minute = at_ms // MINUTE_MS
        passages = self._matched_in.get(minute)
        if passages is None:
            passages = self._matched_in[minute] = []
        passages.append(passage)

    def _schedule_passage_end(self, vehicle: VehicleState, passage: Passage) -> None:
        """Schedule a check whether a passage is over, whose hit then shows what all of its reads say."""
        if not passage.is_end_scheduled and passage.says_more(self._stay_ms):
            passage.is_end_scheduled = True
            self._schedule_check(vehicle, passage)

    def _schedule_check(self, vehicle: VehicleState, passage: Passage) -> None:
        end = PassageEnd(vehicle.key.alert, vehicle.key.plate, passage)
        self._timers.schedule(self._over_ms(passage), end)

    def _over_ms(self, passage: Passage) -> Millis:
        return max(passage.last_ms, passage.matched_ms) + int(self._gap_for(passage.place)) + 1

    def _gap_for(self, place: PlaceKey) -> float:
        return self._gap_ms_by_place.get(place, self._gap_ms) if self._gap_ms_by_place else self._gap_ms

    def _index(
        self, alert: AlertState, passage: Passage, sighting: Sighting, before: Sequence[Sighting]
    ) -> None:
        """Index the reads of a passage after a sighting was added; `before` may be retained no longer."""
        if not before:
            alert.reads[sighting.read_key] = passage
            return
        for each in before:
            alert.reads.pop(each.read_key, None)
        for each in passage.retained():
            alert.reads[each.read_key] = passage

    def _unindex(self, alert: AlertState, passage: Passage) -> None:
        for sighting in passage.retained():
            alert.reads.pop(sighting.read_key, None)

    def _set_passages(self, vehicle: VehicleState, place: PlaceKey, passages: list[Passage]) -> None:
        if passages:
            vehicle.places[place] = passages
        else:
            del vehicle.places[place]
