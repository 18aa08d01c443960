"""Traffic: vehicles that pass crossings, and what the cameras' gateways send of them, in order of time."""

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from random import Random
from typing import Final, NamedTuple

import msgspec

from streams.records.encode import encode
from streams.records.read import Read
from streams.records.times import HOUR_MS, from_ms
from streams.simulation.cameras import Crossing, SimulatedCamera
from streams.simulation.demo_listed import Listed
from streams.simulation.demo_misreads import misread
from streams.simulation.demo_plates import Plate, plate
from streams.simulation.malformed import malformed_record

_FRAMES: Final = (1, 2, 3)
_FRAME_SHARES: Final = (0.5, 0.3, 0.2)
READS_A_PASSAGE: Final = sum(count * share for count, share in zip(_FRAMES, _FRAME_SHARES, strict=True))
"""How many reads a camera takes of a vehicle, on average."""
_FRAME_GAP_MS: Final = (150, 450)
_ON_THE_WAY_MS: Final = (20, 200)
_AGAIN_MS: Final = (1000, 3000)
_OUTAGE_EVERY_MS: Final = 30_000
_OUTAGE_AFTER_MS: Final = 2000
_SLOWEST_KMH, _FASTEST_KMH = 60.0, 150.0


class Mix(NamedTuple):
    """What the traffic is made of. Shares are from 0 to 1."""

    listed: float = 0.02
    """Of the vehicles, those that are listed."""
    misread: float = 0.09
    """Of the reads, those read wrong; that of the recogniser whose slips `misreads` has."""
    no_country: float = 0.1
    """Of the reads, those in which the recogniser did not tell the country."""
    again: float = 0.005
    """Of the reads, those whose record is sent twice."""
    spoiled: float = 0.003
    """Of the reads, those behind which a record comes that is no read."""
    outage_s: float = 4.0
    """Seconds in every half a minute for which one camera's link is down; it sends what it kept then."""


class Passage(NamedTuple):
    """A vehicle at a site: its number in the traffic, the plate, and what it is listed as, if it is."""

    number: int
    plate: Plate
    listed: Listed | None


class Sent(NamedTuple):
    """A record that a camera's gateway sends.

    `at` is when, in ms since 1970 UTC. `read` is what `value` says, or None for a record that is no read;
    `passage` is the truth about it.
    """

    at: int
    camera: SimulatedCamera
    value: bytes | None
    read: Read | None
    passage: Passage

    @property
    def misread(self) -> bool:
        """Whether it is a read of another text than the plate's."""
        return self.read is not None and self.read.plate != self.passage.plate.normal


class Traffic:
    """Traffic from a time on (`begin`, ms since 1970 UTC), about `rate` reads a second.

    The road is not empty at the beginning. The same arguments give the same records, however often and with
    whatever times `until` is called; another `begin` only moves them.
    """

    def __init__(
        self,
        network: Sequence[Crossing],
        listed: Sequence[Listed],
        seed: int,
        begin: int,
        rate: float,
        mix: Mix = Mix(),  # noqa: B008 - immutable
    ) -> None:
        self._network = network
        self._rng = Random(seed)
        self._seed = seed
        self._begin = begin
        self._mix = mix
        self._listed = self._rng.sample(listed, len(listed))
        self._cameras = [camera for each in network for side in each.sides for camera in side]
        sides = sum(len(each.sides) for each in network) / len(network)
        self._vehicles_a_ms = rate / 1000 / (sides * READS_A_PASSAGE)
        # From here on times are in ms since the beginning.
        self._next = -max(each.km for each in network) / _SLOWEST_KMH * HOUR_MS
        self._passages = self._reads = self._records = self._listed_before = 0
        self._waiting: list[tuple[int, int, Sent]] = []

    def until(self, time: int) -> Iterator[Sent]:
        """The records sent before a time (ms since 1970 UTC) that were not given before, in order of `at`."""
        time -= self._begin
        while self._next < time:
            self._vehicle(round(self._next))
            self._next += self._rng.expovariate(self._vehicles_a_ms)
        while self._waiting and self._waiting[0][0] < time:
            yield heappop(self._waiting)[-1]

    def _vehicle(self, at: int) -> None:
        """A vehicle takes a crossing, in one direction or the other."""
        rng = self._rng
        crossing = rng.choice(self._network)
        listed = None
        if self._listed and rng.random() < self._mix.listed:
            # In turn, so that it is as long as can be until one is seen again elsewhere.
            listed = self._listed[self._listed_before % len(self._listed)]
            self._listed_before += 1
        its = listed.plate if listed else plate(rng)
        kmh = min(max(rng.gauss(105, 14), _SLOWEST_KMH), _FASTEST_KMH)
        for side in crossing.sides if rng.random() < 0.5 else crossing.sides[::-1]:
            self._passages += 1
            self._pass(Passage(self._passages, its, listed), rng.choice(side), at, kmh)
            at += round(crossing.km / kmh * HOUR_MS)

    def _pass(self, passage: Passage, camera: SimulatedCamera, at: int, kmh: float) -> None:
        """A camera takes one to three reads of a vehicle."""
        rng, mix = self._rng, self._mix
        lane = rng.randint(1, 3)
        for _ in range(rng.choices(_FRAMES, _FRAME_SHARES)[0]):
            self._reads += 1
            right = passage.plate.normal
            text = misread(right, rng) if rng.random() < mix.misread else right
            read = Read(
                read_id=f"s{self._seed}-{self._reads}",
                camera_id=camera.camera_id,
                captured_at=from_ms(self._begin + at),
                plate=text,
                country=None if rng.random() < mix.no_country else passage.plate.country,
                confidence=_confidence(rng, text == right),
                lane=lane,
                direction="approaching",
                speed_kmh=round(kmh, 1),
            )
            self._send(passage, camera, read, at)
            at += rng.randint(*_FRAME_GAP_MS)

    def _send(self, passage: Passage, camera: SimulatedCamera, read: Read, at: int) -> None:
        rng, mix = self._rng, self._mix
        sent = at + rng.randint(*_ON_THE_WAY_MS)
        back = self._back(camera, sent)
        if back is not None:
            read = msgspec.structs.replace(read, retransmitted=True)
            sent = back + rng.randint(*_ON_THE_WAY_MS)
        value = encode(read)
        self._put(sent, camera, value, read, passage)
        if rng.random() < mix.again:
            self._put(sent + rng.randint(*_AGAIN_MS), camera, value, read, passage)
        if rng.random() < mix.spoiled:
            self._put(sent, camera, malformed_record(read, rng), None, passage)

    def _put(
        self, at: int, camera: SimulatedCamera, value: bytes | None, read: Read | None, passage: Passage
    ) -> None:
        self._records += 1
        if at >= 0:
            # Of those sent at one time the one made first goes first.
            sent = Sent(self._begin + at, camera, value, read, passage)
            heappush(self._waiting, (at, self._records, sent))

    def _back(self, camera: SimulatedCamera, at: int) -> int | None:
        """When a camera's link is back that is down at a time; None if it is not down."""
        number, into = divmod(at, _OUTAGE_EVERY_MS)
        end = _OUTAGE_AFTER_MS + round(self._mix.outage_s * 1000)
        if not _OUTAGE_AFTER_MS <= into < end:
            return None
        down = Random(f"{self._seed} {number}").choice(self._cameras)
        return at - into + end if camera == down else None


def _confidence(rng: Random, right: bool) -> float:
    """The recogniser's confidence: near 1 where it is right, and often high where it is not.

    Quantiles are about those of the reads whose slips `misreads` has.
    """
    return round(1 - 10 ** -rng.uniform(1.2, 4) if right else rng.betavariate(4, 1), 4)
