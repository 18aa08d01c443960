"""The present estimated from the reads themselves, for a replay whose present nobody has given.

Two cameras agree if they have reads within a tolerance of one another. The present is at least the later read
of the latest such pair. What is later is held back until another camera comes near it. So one camera, however
wrong, moves the present by no more than the tolerance beyond the reads of the others, and two wrong cameras
that disagree with one another do not move it either; two that are wrong alike do.

At the end of the input the reads still held are settled. Those that continue the others without a gap longer
than the tolerance are of a camera that went on alone: they are matched, last. Those beyond a gap are set
aside. Where no two cameras ever agreed, as with a single camera, any two reads count as a pair; where no two
reads do, there is nothing to judge by, and all are matched.

Which reads are set aside depends on the reads alone, not on their order or repetition, as long as at most
`max_held` are held at a time; then they are settled early. Times are compared in whole hours (UTC), so that
only the first reads of an hour cost work.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final, NamedTuple

from streams.matching.plausible_time import (
    IMPLAUSIBLE_TIME,
    HeldReads,
    ImplausibleRead,
    SiftedReads,
    implausible_read,
)
from streams.records.decode import DecodedReads
from streams.records.read import Read
from streams.records.times import HOUR_MS, from_ms, to_ms, to_rfc3339

MAX_HELD: Final = 100_000
"""Reads held at most, some 70 MB; enough for a camera's reads of days."""
_NEVER: Final = -1
"""An hour before all reads, which are of the years from 2000 on."""


class _Held(NamedTuple):
    """A read that is held back, its hour, and its record with the position that it was given."""

    read: Read
    hour: int
    position: int
    raw: bytes


class EstimatedPresent:
    """The check of times without a given present; see the module. `tolerance` is in hours."""

    def __init__(self, tolerance: int, max_held: int = MAX_HELD) -> None:
        self._tolerance = tolerance
        self._max_held = max_held
        self._latest = _LatestHours()
        self._held: list[_Held] = []
        self._held_hours: dict[str, set[int]] = {}

    def sift(
        self, decoded: DecodedReads, records: Sequence[bytes], positions: Sequence[int]
    ) -> SiftedReads | None:
        """Hold back what no other camera comes near, release what one does; see `TimeCheck`.

        A read that is released comes before the read that released it.
        """
        if decoded.span is None or self._is_plausible(last := _hour_of(decoded.span[1])):
            return None
        latest, sifted = self._latest, SiftedReads([], [])
        for row, (read, index) in enumerate(zip(decoded.reads, decoded.indices, strict=True)):
            hour, before = _hour_of(read.captured_at), latest.hour
            self._observe(read.camera_id, hour)
            if latest.hour > before:
                sifted.reads.extend(self._release())
            if hour > latest.hour:
                self._held.append(_Held(read, hour, positions[index], records[index]))
                if len(self._held) >= self._max_held:
                    released, set_aside = self._settle()
                    sifted.reads.extend(entry.read for entry in released)
                    sifted.set_aside.extend(set_aside)
                continue
            sifted.reads.append(read)
            if self._is_plausible(last):
                sifted.reads.extend(decoded.reads[row + 1 :])
                break
        return None if sifted.reads == decoded.reads else sifted

    def finish(self) -> HeldReads:
        """Settle, at the end of the input, the reads that are still held."""
        released, set_aside = self._settle()
        return HeldReads([entry.raw for entry in released], [entry.position for entry in released], set_aside)

    def _is_plausible(self, last: int) -> bool:
        """True if all reads up to an hour are plausible, and none of them can tell more."""
        # Two cameras in the present hour support whatever follows; what is earlier supports nothing more.
        return last <= self._latest.hour == self._latest.other_hour

    def _observe(self, camera: str, hour: int) -> None:
        """Take in a read; the present rises if another camera supports it, or it supports another's."""
        latest = self._latest
        if hour <= latest.hour or latest.of_others(camera) >= hour - self._tolerance:
            if latest.add(camera, hour) and self._held_hours:
                self._absorb_supported()
            return
        hours = self._held_hours.setdefault(camera, set())
        if hour in hours:
            return
        hours.add(hour)
        reach = max(
            (
                max(hour, other)
                for held_camera, others in self._held_hours.items()
                if held_camera != camera
                for other in others
                if abs(other - hour) <= self._tolerance
            ),
            default=_NEVER,
        )
        if reach != _NEVER:
            self._absorb(reach)
            self._absorb_supported()

    def _absorb_supported(self) -> None:
        """Raise the present as long as it comes near held reads of other cameras."""
        latest = self._latest
        while True:
            supported = [
                hour
                for camera, hours in self._held_hours.items()
                for hour in hours
                if hour <= max(latest.hour, latest.of_others(camera) + self._tolerance)
            ]
            if not supported:
                return
            self._absorb(max(supported))

    def _absorb(self, reach: int) -> None:
        """Count the held hours up to one of them among those of plausible reads."""
        for camera, hours in list(self._held_hours.items()):
            plausible = {hour for hour in hours if hour <= reach}
            if plausible:
                self._latest.add(camera, max(plausible))
                hours -= plausible
            if not hours:
                del self._held_hours[camera]

    def _release(self) -> list[Read]:
        """Return the held reads that are plausible by now, in the order of their arrival."""
        present = self._latest.hour
        released = [entry.read for entry in self._held if entry.hour <= present]
        if released:
            self._held = [entry for entry in self._held if entry.hour > present]
        return released

    def _settle(self) -> tuple[list[_Held], list[ImplausibleRead]]:
        """Decide on all reads that are held, by what is known now."""
        held, self._held = self._held, []
        reach = self._latest.hour
        if reach == _NEVER:
            reach = self._latest_pair([entry.read.captured_at for entry in held])
        else:
            for hour in sorted({entry.hour for entry in held}):
                if hour - reach > self._tolerance:
                    break
                reach = hour
        self._absorb(reach)
        self._held_hours.clear()
        rule = (
            f"must be at most {self._tolerance} h after the other plausible reads, of which the last is in "
            f"the hour from {to_rfc3339(from_ms(reach * HOUR_MS))}, by [matching] lone_ahead_hours "
            f"({IMPLAUSIBLE_TIME}: correct the camera's clock, or give the present time)"
        )
        return (
            [entry for entry in held if entry.hour <= reach],
            [
                implausible_read(entry.read, entry.position, entry.raw, rule)
                for entry in held
                if entry.hour > reach
            ],
        )

    def _latest_pair(self, times: Sequence[datetime]) -> int:
        """Return the hour of the later of the latest two times within the tolerance; of the last if none."""
        # A read that was sent again has the same time, and supports nothing.
        latest_first = sorted(set(times), reverse=True)
        for later, earlier in pairwise(latest_first):
            if _hour_of(later) - _hour_of(earlier) <= self._tolerance:
                return _hour_of(later)
        return _hour_of(latest_first[0]) if latest_first else _NEVER


class _LatestHours:
    """The latest hour with a plausible read of any camera, and the latest with one of another camera."""

    def __init__(self) -> None:
        self.hour = _NEVER
        self.other_hour = _NEVER
        self._camera = ""

    def add(self, camera: str, hour: int) -> bool:
        """Add a read; return True if it changes either hour."""
        if hour > self.hour:
            if camera != self._camera:
                self.other_hour, self._camera = self.hour, camera
            self.hour = hour
            return True
        if camera != self._camera and hour > self.other_hour:
            self.other_hour = hour
            return True
        return False

    def of_others(self, camera: str) -> int:
        """Return the latest hour with a read of another camera than this one."""
        return self.other_hour if camera == self._camera else self.hour


def _hour_of(time: datetime) -> int:
    """Return the hours from 1970 to a time, rounded down."""
    return to_ms(time) // HOUR_MS
