"""Roads: vehicles that drive over the built-in network, their reads as sent, and what is due of them.

Which handovers stand goes by the clock, so half of the vehicles have driven hours ago and half will in some
hours: no handover ends while the test runs, however slow the machine is.
"""

import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from streams.network.config import Places
from streams.records.alert import Alert
from streams.records.read import Read
from streams.records.times import to_ms
from tests.bench.vehicles import made

_VEHICLES: Final = 36
_CLONES: Final = 4
"""So many of the vehicles drive with a copy of another one's plate."""
_RELIABLE_CONFIDENCE: Final = 0.99
_GAP: Final = timedelta(seconds=60)
_AGO: Final = timedelta(hours=4)
_AHEAD: Final = timedelta(hours=2)
_COPY_LATER: Final = timedelta(seconds=30)
_VEHICLE_OFFSET: Final = timedelta(minutes=7)
_LATE_SHARE: Final = 0.2
_LATE_BY: Final = 2.5
"""So many reads of the vehicle a late one comes after its turn."""

_RULES: Final = """[network]
shipped = "fr-be"
[handovers.north]
from = "FR"
to = "BE"
[handovers.south]
from = "BE"
to = "FR"
[matching]
max_ahead_s = 86400
[correlation]
journey_passages = 50
handover_minutes = 1440
"""


class Vehicle(NamedTuple):
    """A listed vehicle, and all reads of its plate in the order of their times; whether another has a copy of
    the plate."""

    alert: Alert
    reads: list[Read]
    is_cloned: bool


class BorderCrossing(NamedTuple):
    """The border that a vehicle crossed last: the territories, and the first site across."""

    from_: str | None
    to: str | None
    site_id: str


class RoadTraffic:
    """Vehicles that drive around a time; the same for the same seed and time."""

    def __init__(self, now: datetime, seed: int) -> None:
        found = made(_VEHICLES + _CLONES, seed)
        self._rng = random.Random(seed)
        self._places: Places = found.places
        by_number: dict[str, list[Read]] = defaultdict(list)
        for _, match in found.matches:
            by_number[match.alert.alert_id].append(match.read)
        self.vehicles: list[Vehicle] = []
        for number, alert in enumerate(found.alerts[:_VEHICLES]):
            own, copy = by_number[str(number)], by_number.get(str(_VEHICLES + number))
            listed = replace(alert, valid_from=now - timedelta(days=7), valid_until=now + timedelta(days=7))
            if copy is None:
                # It is handed over by a read that is likely of it.
                last = self._site(own[-1])
                own = [
                    replace(read, confidence=_RELIABLE_CONFIDENCE) if self._site(read) == last else read
                    for read in own
                ]
                self.vehicles.append(Vehicle(listed, _shift(own, now, number), is_cloned=False))
            else:
                # Doubts are of sure reads only.
                copy = [replace(read, plate=alert.plate) for read in copy]
                both = _shift(own, now, number) + _shift(copy, now + _COPY_LATER, number)
                sure = [replace(read, confidence=_RELIABLE_CONFIDENCE) for read in both]
                self.vehicles.append(Vehicle(listed, sorted(sure, key=_read_order), is_cloned=True))

    def settings(self) -> str:
        """The sections of the settings that say where the cameras are and what is handed over."""
        used = sorted({read.camera_id for vehicle in self.vehicles for read in vehicle.reads})
        cameras = self._places.cameras
        return _RULES + "".join(f'[cameras."{name}"]\nsite = "{cameras[name].site}"\n' for name in used)

    def reads_to_send(self) -> list[Read]:
        """All reads in the order in which they are sent: each vehicle is on its way all the time, and some
        reads come after later ones."""
        order: list[tuple[float, Read]] = []
        for vehicle in self.vehicles:
            for number, read in enumerate(vehicle.reads):
                late = _LATE_BY if self._rng.random() < _LATE_SHARE else 0.0
                order.append(((number + self._rng.random() + late) / len(vehicle.reads), read))
        return [read for _, read in sorted(order, key=lambda each: (each[0], each[1].read_id))]

    def passed_sites(self, vehicle: Vehicle) -> list[str]:
        """The sites that a plate passed, in order of time: reads soon after one another are one passage."""
        began: list[tuple[datetime, str]] = []
        last: dict[str, datetime] = {}
        for read in vehicle.reads:
            site = self._site(read)
            if site not in last or read.captured_at - last[site] > _GAP:
                began.append((read.captured_at, site))
            last[site] = read.captured_at
        return [site for _, site in began]

    def crossed_borders(self, vehicle: Vehicle) -> list[BorderCrossing]:
        """The borders that a plate crossed, the last first, up to one at which nothing is handed over."""
        sites = self._places.sites
        placed = [site for site in self.passed_sites(vehicle) if sites[site].territory is not None]
        found: list[BorderCrossing] = []
        for one, other in reversed(list(pairwise(placed))):
            crossed = BorderCrossing(sites[one].territory, sites[other].territory, other)
            if crossed.from_ != crossed.to:
                if {crossed.from_, crossed.to} != {"FR", "BE"}:
                    break
                found.append(crossed)
        return found

    def _site(self, read: Read) -> str:
        site = self._places.site_at(read.camera_id, to_ms(read.captured_at))
        assert site is not None, "each camera has a site"
        return site


def count_late(sent: Iterable[Read]) -> int:
    """How many reads are sent after later ones of their plate."""
    newest: dict[str, datetime] = {}
    count = 0
    for read in sent:
        before = newest.setdefault(read.plate, read.captured_at)
        count += read.captured_at < before
        newest[read.plate] = max(before, read.captured_at)
    return count


def complete_journeys(hits: Iterable[dict[str, Any]]) -> dict[str, list[str]]:
    """The sites in the latest active hit of each alert, without handovers; only of journeys that are
    complete in it."""
    latest: dict[str, dict[str, Any]] = {}
    for hit in hits:
        known = latest.get(hit["alert"]["alert_id"])
        if "handover" not in hit and (known is None or _hit_order(known) < _hit_order(hit)):
            latest[hit["alert"]["alert_id"]] = hit
    return {
        alert: [passed["site_id"] for passed in hit["journey"]["passages"]]
        for alert, hit in latest.items()
        if not hit["journey"].get("longer") and not hit["journey"].get("doubtful")
    }


def active_handovers(hits: Iterable[dict[str, Any]], state: str) -> dict[str, list[BorderCrossing]]:
    """The handovers of a state that stand, by alert."""
    found: dict[str, list[BorderCrossing]] = defaultdict(list)
    for hit in hits:
        handover = hit.get("handover")
        if handover is not None and handover["state"] == state:
            found[hit["alert"]["alert_id"]].append(
                BorderCrossing(handover["from"], handover["to"], handover["site_id"])
            )
    return dict(found)


def _shift(reads: list[Read], now: datetime, number: int) -> list[Read]:
    """The reads of a trip that was, or that will be."""
    away = number // 2 * _VEHICLE_OFFSET
    by = now + _AHEAD + away - reads[0].captured_at
    if number % 2:
        by = now - _AGO - away - reads[-1].captured_at
    return [replace(read, captured_at=read.captured_at + by) for read in reads]


def _read_order(read: Read) -> tuple[datetime, str]:
    return read.captured_at, read.read_id


def _hit_order(hit: dict[str, Any]) -> tuple[str, str]:
    return hit["read"]["captured_at"], hit["hit_id"]
