"""Seen: all sightings that are remembered, by hit, by place and by alert."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from streams.correlation.passages import PassageKey, Sighting, passage_key, split_passages
from streams.records.alert import AlertKey

_SLICE_MS: Final = 60_000
"""Places are looked at for what to forget in slices of this length, each once."""


class SightingStore:
    """Sightings by the id of their hit, by place and by alert; `gap_ms` as in `passages`.

    Those at a place are a tuple: the garbage collector looks at it once, at a list with each of its passes.
    """

    def __init__(self, gap_ms: float) -> None:
        self._gap_ms = gap_ms
        self._by_hit: dict[str, Sighting] = {}
        self._by_place: dict[PassageKey, tuple[Sighting, ...]] = {}
        self._places_by_alert: dict[AlertKey, set[PassageKey]] = {}
        self._slices: dict[int, set[PassageKey]] = {}

    def __len__(self) -> int:
        return len(self._by_hit)

    def __contains__(self, hit_id: object) -> bool:
        return hit_id in self._by_hit

    def get(self, hit_id: str) -> tuple[PassageKey, Sighting] | None:
        """The sighting of a hit and where it is kept, if it is remembered."""
        known = self._by_hit.get(hit_id)
        return None if known is None else (passage_key(known), known)

    def put(self, place: PassageKey, sighting: Sighting) -> PassageKey | None:
        """Keeps a sighting, whose place is given, instead of an earlier one of its hit; returns where that
        was, if elsewhere."""
        known, left = self.get(sighting.hit_id), None
        if known is not None:
            left = known[0] if known[0] != place else None
            self._remove(*known)
        self._by_hit[sighting.hit_id] = sighting
        here = self._by_place.get(place)
        if here is None:
            self._by_place[place] = (sighting,)
            self._places_by_alert.setdefault(place.alert, set()).add(place)
        elif here[-1].captured_ms < sighting.captured_ms:
            self._by_place[place] = (*here, sighting)
        else:
            self._by_place[place] = tuple(sorted((*here, sighting), key=_sort_key))
        self._get_slice(sighting.matched_ms // _SLICE_MS).add(place)
        return left

    def sightings_at(self, place: PassageKey) -> Sequence[Sighting]:
        """The sightings at one place, in event time."""
        return self._by_place.get(place, ())

    def connected_sightings(self, place: PassageKey, sighting: Sighting) -> Sequence[Sighting]:
        """Those of the sightings at a place that are joined to one of them by gaps no longer than the gap.

        What is a passage with it is among them, whichever of them count.
        """
        here = self._by_place[place]
        if len(here) == 1:
            return here
        begin = end = bisect_left(here, _sort_key(sighting), key=_sort_key)
        while begin > 0 and here[begin].captured_ms - here[begin - 1].captured_ms <= self._gap_ms:
            begin -= 1
        while end + 1 < len(here) and here[end + 1].captured_ms - here[end].captured_ms <= self._gap_ms:
            end += 1
        return here[begin : end + 1]

    def places_for(self, alert: AlertKey) -> list[PassageKey]:
        """The places at which an alert was sighted, in a fixed order."""
        return sorted(self._places_by_alert.get(alert, ()))

    def alert_keys(self) -> list[AlertKey]:
        """The alerts that were sighted, in a fixed order."""
        return sorted(self._places_by_alert)

    def sightings_for(self, alert: AlertKey) -> list[Sighting]:
        """The sightings of any version of an alert."""
        return [each for place in self.places_for(alert) for each in self._by_place[place]]

    def _get_slice(self, index: int) -> set[PassageKey]:
        found = self._slices.get(index)
        if found is None:
            found = self._slices[index] = set()
        return found

    def expire(self, before_ms: int) -> tuple[list[tuple[PassageKey, Sighting]], list[AlertKey]]:
        """Drops the passages whose last sighting was seen before a time, in ms since 1970 UTC.

        Returns the sightings dropped, with their places, and the alerts of which none is left. Passages go
        whole: what is left of one would stand in place of its best.
        """
        due = [number for number in self._slices if (number + 1) * _SLICE_MS <= before_ms]
        places = {place for number in due for place in self._slices.pop(number)}
        gone: list[tuple[PassageKey, Sighting]] = []
        for place in sorted(places & self._by_place.keys()):
            for passage in split_passages(self._by_place[place], self._gap_ms):
                if max(each.matched_ms for each in passage) < before_ms:
                    gone += [(place, each) for each in passage]
        for place, each in gone:
            del self._by_hit[each.hit_id]
            self._remove(place, each)
        alerts = {place.alert for place in places} - self._places_by_alert.keys()
        return gone, sorted(alerts)

    def _remove(self, place: PassageKey, sighting: Sighting) -> None:
        here = self._by_place[place]
        number = bisect_left(here, _sort_key(sighting), key=_sort_key)
        self._by_place[place] = (*here[:number], *here[number + 1 :])
        if len(here) == 1:
            del self._by_place[place]
            places = self._places_by_alert[place.alert]
            places.discard(place)
            if not places:
                del self._places_by_alert[place.alert]


def _sort_key(sighting: Sighting) -> tuple[int, str]:
    return sighting.captured_ms, sighting.hit_id
