"""Admission: the operations to which a hit belongs, and how well their crews can intercept the vehicle.

An operation admits a hit if the alert's list is one of its lists, the read was captured in one of its
windows, and the place of the read belongs to it. An alert bound to an operation by its `operation_id` is
admitted by that one only, on the same conditions.

**Chance.** A vehicle passes a crew's site within an arrival window, with each of its instants equally likely;
the journey gives the window and the share of vehicles that come there. A crew needs notice of some minutes
before, so only the part of the window counts that is `setup_minutes` or more after the read:

    chance = share x (part of the arrival window in which the crew is ready)

The chance of an operation is that of its best site, because a vehicle is stopped once. At the site of the
read the vehicle is present already. On a road it is gone at once, so the window is the instant of the read,
and only a crew that needs no notice (`setup_minutes = 0`) has a chance, of 1. At a station, a port or a
terminal it stays `stay_minutes`, which is its window there, with a share of 1.

**Score.** weight of the priority x posterior x chance, from 0 to 1: the highest score promises the most. The
weights are 1, 0.8, 0.6, 0.4, 0.2 for priorities 1 to 5. A match of a pattern has no posterior; any vehicle
that fits is what was asked for, so it counts 1.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from streams.network.config import SiteConfig
from streams.operations.area import LatLon, OperationArea
from streams.operations.config import OperationConfig
from streams.records.journey import Admission, NextSite
from streams.records.times import MINUTE_MS, Millis, from_ms, to_ms

PRIORITY_WEIGHTS: Final[Mapping[int, float]] = {1: 1.0, 2: 0.8, 3: 0.6, 4: 0.4, 5: 0.2}
"""The weight of each priority in a score."""
_DIGITS: Final = 4


class _Arrival(NamedTuple):
    """The arrival window of a vehicle at a site, and the share of vehicles that come there."""

    site_id: str
    earliest_ms: Millis
    latest_ms: Millis
    share: float

    def chance(self, ready_ms: float) -> float:
        """Return the chance that the vehicle comes when the crew is ready."""
        if self.latest_ms <= self.earliest_ms:
            return self.share if self.earliest_ms >= ready_ms else 0.0
        part = (self.latest_ms - max(self.earliest_ms, ready_ms)) / (self.latest_ms - self.earliest_ms)
        return self.share * max(part, 0.0)


class _PreparedOperation(NamedTuple):
    """An operation in the form in which it is evaluated for every hit."""

    windows_ms: tuple[tuple[int, int], ...]
    list_ids: frozenset[str]
    area: OperationArea
    crew_sites: frozenset[str]
    setup_ms: float
    stay_ms: float
    talkgroup: str | None


class Operations:
    """All operations. An unknown site has no position, so it belongs only to operations that name it."""

    def __init__(self, operations: Mapping[str, OperationConfig], sites: Mapping[str, SiteConfig]) -> None:
        self._sites = sites
        self._operations = {
            operation_id: _prepare(operation, sites) for operation_id, operation in sorted(operations.items())
        }
        self._by_list: dict[str, list[str]] = {}
        for operation_id, operation in self._operations.items():
            for list_id in operation.list_ids:
                self._by_list.setdefault(list_id, []).append(operation_id)

    def has_operation(self, operation_id: str) -> bool:
        """True if there is an operation with this id, to which an alert can be bound."""
        return operation_id in self._operations

    def admitting_operations(
        self,
        list_id: str,
        operation_id: str | None,
        position: LatLon | None,
        site_id: str | None,
        captured_ms: Millis,
    ) -> list[str]:
        """Return the sorted ids of the operations that admit a hit.

        `operation_id` is that of the alert, `position` and `site_id` are those of the camera at the read.
        """
        return [
            candidate
            for candidate in self._by_list.get(list_id, ())
            if operation_id in (None, candidate) and self.covers(candidate, position, site_id, captured_ms)
        ]

    def covers(
        self, operation_id: str, position: LatLon | None, site_id: str | None, captured_ms: Millis
    ) -> bool:
        """True if a read is in the area and the windows of an operation, whatever its list.

        Raises KeyError for an unknown operation.
        """
        operation = self._operations[operation_id]
        is_running = any(begins <= captured_ms < ends for begins, ends in operation.windows_ms)
        return is_running and operation.area.contains(site_id, position)

    def build_admission(
        self,
        operation_id: str,
        priority: int,
        posterior: float | None,
        site_id: str | None,
        captured_ms: Millis,
        next_sites: Sequence[NextSite],
    ) -> Admission:
        """Return the score of an admitted hit, and where and when crews can intercept the vehicle.

        `priority` is 1 to 5, `posterior` None for a match of a pattern; the vehicle was read at `site_id` and
        may come to `next_sites`. Of sites with the same chance the one with the earliest arrival counts, then
        the first by id. Without any chance there is no site.
        """
        operation = self._operations[operation_id]
        ready_ms = captured_ms + operation.setup_ms
        arrivals = [
            arrival
            for arrival in self._arrivals(operation, site_id, captured_ms, next_sites)
            if arrival.chance(ready_ms)
        ]
        if not arrivals:
            return Admission(operation_id, score=0.0, chance=0.0, talkgroup=operation.talkgroup)
        best = min(
            arrivals, key=lambda arrival: (-arrival.chance(ready_ms), arrival.earliest_ms, arrival.site_id)
        )
        chance = best.chance(ready_ms)
        return Admission(
            operation_id,
            score=round(
                PRIORITY_WEIGHTS[priority] * (1.0 if posterior is None else posterior) * chance, _DIGITS
            ),
            chance=round(chance, _DIGITS),
            site_id=best.site_id,
            earliest=from_ms(best.earliest_ms),
            latest=from_ms(best.latest_ms),
            talkgroup=operation.talkgroup,
        )

    def _arrivals(
        self,
        operation: _PreparedOperation,
        site_id: str | None,
        captured_ms: Millis,
        next_sites: Sequence[NextSite],
    ) -> Iterator[_Arrival]:
        if site_id is not None and site_id in operation.crew_sites:
            site = self._sites.get(site_id)
            stay_ms = 0 if site is None or site.kind == "road" else round(operation.stay_ms)
            yield _Arrival(site_id, captured_ms, captured_ms + stay_ms, 1.0)
        for next_site in next_sites:
            if next_site.site_id in operation.crew_sites:
                yield _Arrival(
                    next_site.site_id, to_ms(next_site.earliest), to_ms(next_site.latest), next_site.share
                )


def crew_site_ids(operation: OperationConfig, sites: Mapping[str, SiteConfig]) -> list[str]:
    """Return the site of each crew of an operation: those configured, or else all its sites."""
    return OperationArea(operation, sites).sites if operation.crews is None else sorted(operation.crews)


def _prepare(operation: OperationConfig, sites: Mapping[str, SiteConfig]) -> _PreparedOperation:
    return _PreparedOperation(
        tuple((to_ms(window.from_), to_ms(window.until)) for window in operation.windows),
        frozenset(operation.lists),
        OperationArea(operation, sites),
        frozenset(crew_site_ids(operation, sites)),
        operation.setup_minutes * MINUTE_MS,
        operation.stay_minutes * MINUTE_MS,
        operation.talkgroup,
    )
