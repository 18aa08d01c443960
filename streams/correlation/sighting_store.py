"""The retained sightings, by hit, by place and by alert."""

from bisect import bisect_left
from collections.abc import Sequence

from streams.correlation.passages import PassageKey, Sighting, passage_key, split_passages
from streams.records.alert import AlertKey
from streams.records.times import MINUTE_MS, Millis


class SightingStore:
    """Sightings by hit id, by place and by alert; `gap_ms` is the maximum gap within a passage.

    The sightings at a place are a tuple: the garbage collector stops tracking a tuple of untracked objects
    after its first pass, but visits a list on every pass.
    """

    def __init__(self, gap_ms: float) -> None:
        self._gap_ms = gap_ms
        self._by_hit: dict[str, Sighting] = {}
        self._by_place: dict[PassageKey, tuple[Sighting, ...]] = {}
        self._places_by_alert: dict[AlertKey, set[PassageKey]] = {}
        self._places_by_minute: dict[int, set[PassageKey]] = {}
        """The places with matches made in a minute, so that expiry need not search all places."""

    def __len__(self) -> int:
        return len(self._by_hit)

    def __contains__(self, hit_id: object) -> bool:
        return hit_id in self._by_hit

    def get(self, hit_id: str) -> tuple[PassageKey, Sighting] | None:
        """Return the sighting of a hit with its place, if it is retained."""
        sighting = self._by_hit.get(hit_id)
        return None if sighting is None else (passage_key(sighting), sighting)

    def put(self, place: PassageKey, sighting: Sighting) -> PassageKey | None:
        """Store a sighting at its place, replacing an earlier one of the same hit.

        Return the place of the replaced sighting if it is another one.
        """
        replaced, previous_place = self.get(sighting.hit_id), None
        if replaced is not None:
            previous_place = replaced[0] if replaced[0] != place else None
            self._remove(*replaced)
        self._by_hit[sighting.hit_id] = sighting
        sightings = self._by_place.get(place)
        if sightings is None:
            self._by_place[place] = (sighting,)
            self._places_by_alert.setdefault(place.alert, set()).add(place)
        elif sightings[-1].captured_ms < sighting.captured_ms:
            self._by_place[place] = (*sightings, sighting)
        else:
            self._by_place[place] = tuple(sorted((*sightings, sighting), key=_sort_key))
        self._places_matched_in(sighting.matched_ms // MINUTE_MS).add(place)
        return previous_place

    def sightings_at(self, place: PassageKey) -> Sequence[Sighting]:
        """Return the sightings at a place, in event time."""
        return self._by_place.get(place, ())

    def connected_sightings(self, place: PassageKey, sighting: Sighting) -> Sequence[Sighting]:
        """Return the sightings at a place that are connected to one of them by gaps within the limit.

        They include every passage of that sighting, whichever of them count.
        """
        sightings = self._by_place[place]
        if len(sightings) == 1:
            return sightings
        first = last = bisect_left(sightings, _sort_key(sighting), key=_sort_key)
        while first > 0 and sightings[first].captured_ms - sightings[first - 1].captured_ms <= self._gap_ms:
            first -= 1
        while (
            last + 1 < len(sightings)
            and sightings[last + 1].captured_ms - sightings[last].captured_ms <= self._gap_ms
        ):
            last += 1
        return sightings[first : last + 1]

    def places_for(self, alert: AlertKey) -> list[PassageKey]:
        """Return the places at which an alert was sighted, in a fixed order."""
        return sorted(self._places_by_alert.get(alert, ()))

    def sightings_for(self, alert: AlertKey) -> list[Sighting]:
        """Return the sightings of all versions of an alert."""
        return [sighting for place in self.places_for(alert) for sighting in self._by_place[place]]

    def expire(self, before_ms: Millis) -> tuple[list[tuple[PassageKey, Sighting]], list[AlertKey]]:
        """Expire the passages of which all matches were made before a time.

        Return the expired sightings with their places, and the alerts without any sighting left. Passages
        expire as a whole: otherwise a worse sighting would replace the best one.
        """
        minutes = [minute for minute in self._places_by_minute if (minute + 1) * MINUTE_MS <= before_ms]
        places = {place for minute in minutes for place in self._places_by_minute.pop(minute)}
        expired: list[tuple[PassageKey, Sighting]] = []
        for place in sorted(places & self._by_place.keys()):
            for passage in split_passages(self._by_place[place], self._gap_ms):
                if max(sighting.matched_ms for sighting in passage) < before_ms:
                    expired += [(place, sighting) for sighting in passage]
        for place, sighting in expired:
            del self._by_hit[sighting.hit_id]
            self._remove(place, sighting)
        alerts = {place.alert for place in places} - self._places_by_alert.keys()
        return expired, sorted(alerts)

    def _places_matched_in(self, minute: int) -> set[PassageKey]:
        places = self._places_by_minute.get(minute)
        if places is None:
            places = self._places_by_minute[minute] = set()
        return places

    def _remove(self, place: PassageKey, sighting: Sighting) -> None:
        sightings = self._by_place[place]
        index = bisect_left(sightings, _sort_key(sighting), key=_sort_key)
        self._by_place[place] = (*sightings[:index], *sightings[index + 1 :])
        if len(sightings) == 1:
            del self._by_place[place]
            places = self._places_by_alert[place.alert]
            places.discard(place)
            if not places:
                del self._places_by_alert[place.alert]


def _sort_key(sighting: Sighting) -> tuple[int, str]:
    return sighting.captured_ms, sighting.hit_id
