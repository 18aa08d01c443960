"""Admission: which operations a hit belongs to, and how well their crews can intercept the vehicle.

An operation admits a hit if the alert's list is one of its lists, the read was captured in one of its
windows, and the place of the read belongs to it: all three. An alert bound to an operation by its
`operation_id` is admitted by no other, and by that one on the same terms.

**Chance.** A vehicle comes by a crew's site within an arrival window, taken to be as likely at any of its
instants; the journey says when that is, and what share of vehicles come there. A crew must be told some
minutes before, so only the part of the window counts that lies `setup_minutes` or more after the read:

    chance = share x (part of the arrival window in which the crew is ready)

and that of an operation is the chance of its best site, for a vehicle is stopped once. Where the vehicle was
read it is there now: on a road it is gone at once, so the window is the instant of the read, and only a crew
that needs no notice (`setup_minutes = 0`) has a chance, of 1. At a station, a port or a terminal it stays
`stay_minutes`, which is its window there, with a share of 1.

**Score.** weight of the priority x posterior x chance, from 0 to 1: the most is to be expected of the vehicle
with the highest. The weights are 1, 0.8, 0.6, 0.4, 0.2 for priorities 1 to 5. A match of a pattern has no
posterior; its vehicle is what was asked for, so it counts 1.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from streams.network.config import SiteConfig
from streams.operations.area import LatLon, OperationArea
from streams.operations.config import OperationConfig
from streams.records.journey import Admission, NextSite
from streams.records.times import MINUTE_MS, from_ms, to_ms

PRIORITY_WEIGHTS: Final[Mapping[int, float]] = {1: 1.0, 2: 0.8, 3: 0.6, 4: 0.4, 5: 0.2}
"""What a priority counts in a score."""
_DIGITS: Final = 4


class _Arrival(NamedTuple):
    """When a vehicle comes by a site, in ms since 1970 UTC, and the share of vehicles that come there."""

    site_id: str
    earliest_ms: int
    latest_ms: int
    share: float

    def chance(self, ready_ms: float) -> float:
        """The chance that it comes, and not before a time in ms since 1970 UTC."""
        if self.latest_ms <= self.earliest_ms:
            return self.share if self.earliest_ms >= ready_ms else 0.0
        part = (self.latest_ms - max(self.earliest_ms, ready_ms)) / (self.latest_ms - self.earliest_ms)
        return self.share * max(part, 0.0)


class _PreparedOperation(NamedTuple):
    """An operation, made ready for being asked often."""

    windows_ms: tuple[tuple[int, int], ...]
    list_ids: frozenset[str]
    area: OperationArea
    crew_sites: frozenset[str]
    setup_ms: float
    stay_ms: float
    talkgroup: str | None


class Operations:
    """All operations. Sites that are not known have no place of their own: they belong only where named."""

    def __init__(self, operations: Mapping[str, OperationConfig], sites: Mapping[str, SiteConfig]) -> None:
        self._sites = sites
        self._operations = {
            operation_id: _prepare(operation, sites) for operation_id, operation in sorted(operations.items())
        }
        self._by_list: dict[str, list[str]] = {}
        for operation_id, known in self._operations.items():
            for list_id in known.list_ids:
                self._by_list.setdefault(list_id, []).append(operation_id)

    def has_operation(self, operation_id: str) -> bool:
        """Whether there is an operation of that id, so that an alert may be bound to it."""
        return operation_id in self._operations

    def admitting_operations(
        self,
        list_id: str,
        operation_id: str | None,
        position: LatLon | None,
        site_id: str | None,
        captured_ms: int,
    ) -> list[str]:
        """The ids of the operations that admit a hit, in order.

        `operation_id` is that of the alert, `position` and `site_id` are the camera's at the read, and
        `captured_ms` is in ms since 1970 UTC.
        """
        return [
            each
            for each in self._by_list.get(list_id, ())
            if operation_id in (None, each) and self.covers(each, position, site_id, captured_ms)
        ]

    def covers(
        self, operation_id: str, position: LatLon | None, site_id: str | None, captured_ms: int
    ) -> bool:
        """Whether a read is of an operation's place and time, whatever its list.

        The operation is known; the rest is as in `admitting`.
        """
        known = self._operations[operation_id]
        on = any(begins <= captured_ms < ends for begins, ends in known.windows_ms)
        return on and known.area.contains(site_id, position)

    def build_admission(
        self,
        operation_id: str,
        priority: int,
        posterior: float | None,
        site_id: str | None,
        captured_ms: int,
        next_sites: Sequence[NextSite],
    ) -> Admission:
        """What a hit that an operation admits says of it: its score, and where and when to intercept.

        `priority` is 1 to 5, `posterior` None for a match of a pattern, `site_id` where the vehicle was read
        at `captured_ms` (ms since 1970 UTC), `ahead` where it may come to from there. Of sites with the same
        chance the one it comes to first counts, then the first by id. Without any chance there is no site.
        """
        known = self._operations[operation_id]
        ready = captured_ms + known.setup_ms
        arrivals = [
            each for each in self._arrivals(known, site_id, captured_ms, next_sites) if each.chance(ready)
        ]
        if not arrivals:
            return Admission(operation_id, score=0.0, chance=0.0, talkgroup=known.talkgroup)
        best = min(arrivals, key=lambda each: (-each.chance(ready), each.earliest_ms, each.site_id))
        chance = best.chance(ready)
        return Admission(
            operation_id,
            score=round(
                PRIORITY_WEIGHTS[priority] * (1.0 if posterior is None else posterior) * chance, _DIGITS
            ),
            chance=round(chance, _DIGITS),
            site_id=best.site_id,
            earliest=from_ms(best.earliest_ms),
            latest=from_ms(best.latest_ms),
            talkgroup=known.talkgroup,
        )

    def _arrivals(
        self,
        operation: _PreparedOperation,
        site_id: str | None,
        captured_ms: int,
        next_sites: Sequence[NextSite],
    ) -> Iterator[_Arrival]:
        if site_id is not None and site_id in operation.crew_sites:
            site = self._sites.get(site_id)
            stay = 0 if site is None or site.kind == "road" else round(operation.stay_ms)
            yield _Arrival(site_id, captured_ms, captured_ms + stay, 1.0)
        for each in next_sites:
            if each.site_id in operation.crew_sites:
                yield _Arrival(each.site_id, to_ms(each.earliest), to_ms(each.latest), each.share)


def crew_site_ids(operation: OperationConfig, sites: Mapping[str, SiteConfig]) -> list[str]:
    """The sites where an operation's crews stand, one named twice twice: those set, or else its sites."""
    return OperationArea(operation, sites).sites if operation.crews is None else sorted(operation.crews)


def _prepare(operation: OperationConfig, sites: Mapping[str, SiteConfig]) -> _PreparedOperation:
    return _PreparedOperation(
        tuple((to_ms(each.from_), to_ms(each.until)) for each in operation.windows),
        frozenset(operation.lists),
        OperationArea(operation, sites),
        frozenset(crew_site_ids(operation, sites)),
        operation.setup_minutes * MINUTE_MS,
        operation.stay_minutes * MINUTE_MS,
        operation.talkgroup,
    )
