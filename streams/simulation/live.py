"""A simulated world in real time: the records that gateways would send, each when it is due.

The world misreads as measured; this module adds what happens on the way: records sent twice, malformed
records, and a country's link that is down for some seconds in every half minute.
"""

from collections.abc import Collection, Iterator
from datetime import timedelta
from heapq import heappop, heappush
from random import Random
from typing import Final, NamedTuple

import msgspec

from streams.records.encode import encode
from streams.records.read import Read
from streams.records.times import Millis
from streams.simulation.cameras import SimulatedCamera
from streams.simulation.malformed import malformed_record
from streams.simulation.truth import Truth
from streams.simulation.world import World

_RESEND_DELAY_MS: Final = (1_000, 3_000)
_OUTAGE_INTERVAL_MS: Final = 30_000
_OUTAGE_START_MS: Final = 4_000
_CATCH_UP_MS: Final = (20, 400)


class Disturbances(NamedTuple):
    """What happens on the way to Kafka. Shares are from 0 to 1."""

    resent: float = 0.005
    """Share of the reads whose record is sent twice."""
    malformed: float = 0.003
    """Share of the reads that are followed by a record that is no read."""
    outage_s: float = 4.0
    """Seconds in every half minute for which one country's link is down."""


class LiveRecord(NamedTuple):
    """A record that a gateway sends at `due_ms`. `read` is None for a malformed record."""

    due_ms: Millis
    camera: SimulatedCamera
    value: bytes | None
    read: Read | None
    truth: Truth

    @property
    def is_misread(self) -> bool:
        """True if it is a read of another text than the plate's."""
        return self.read is not None and self.read.plate != self.truth.plate


class LiveTraffic:
    """The reads of a world as records in the order in which they are due.

    The world's time begins at `start_ms`: all times are moved. With `site_ids`, only the reads of cameras at
    these sites. The same world gives the same records, times aside, whatever times `until` is called with.
    """

    def __init__(
        self,
        world: World,
        start_ms: Millis,
        site_ids: Collection[str] | None = None,
        disturbances: Disturbances = Disturbances(),  # noqa: B008 - immutable
    ) -> None:
        self._world = world
        self._start_ms = start_ms
        self._site_ids = None if site_ids is None else frozenset(site_ids)
        self._disturbances = disturbances
        self._rng = Random(world.scenario.seed)
        self._countries = sorted({camera.country for camera in world.cameras})
        self._reads = self._iterate_reads()
        self._next = next(self._reads, None)
        self._queue: list[tuple[Millis, int, LiveRecord]] = []
        self._queued = 0

    @property
    def is_exhausted(self) -> bool:
        """True if all records of the world were returned."""
        return self._next is None and not self._queue

    def until(self, time_ms: Millis) -> Iterator[LiveRecord]:
        """Yield the records due before a time that were not yielded before, in order of `due_ms`."""
        while self._next is not None and self._next.due_ms < time_ms:
            self._enqueue(self._next)
            self._next = next(self._reads, None)
        while self._queue and self._queue[0][0] < time_ms:
            yield heappop(self._queue)[-1]

    def _iterate_reads(self) -> Iterator[LiveRecord]:
        """Yield the reads of the cameras that count, by time of arrival."""
        captures, cameras = self._world.traffic.captures, self._world.cameras
        shift = timedelta(milliseconds=self._start_ms - self._world.scenario.begin_ms)
        decode_read, decode_truth = msgspec.json.Decoder(Read), msgspec.json.Decoder(Truth)
        row = 0
        for batch in self._world.read_batches():
            lines = zip(batch.reads.splitlines(), batch.truth.splitlines(), strict=True)
            for offset, (read_line, truth_line) in enumerate(lines):
                camera = cameras[captures.camera[row + offset]]
                if self._site_ids is None or camera.site_id in self._site_ids:
                    due_ms = self._start_ms + int(captures.arrived_ms[row + offset])
                    read = decode_read.decode(read_line)
                    read = msgspec.structs.replace(read, captured_at=read.captured_at + shift)
                    truth = decode_truth.decode(truth_line)
                    truth = msgspec.structs.replace(truth, passed_at=truth.passed_at + shift)
                    yield LiveRecord(due_ms, camera, encode(read), read, truth)
            row += batch.size

    def _enqueue(self, record: LiveRecord) -> None:
        """Queue a read as it comes through, and what comes with it."""
        rng, disturbances = self._rng, self._disturbances
        assert record.read is not None
        back_ms = self._link_back_ms(record.camera.country, record.due_ms)
        if back_ms is not None:
            read = msgspec.structs.replace(record.read, retransmitted=True)
            due_ms = back_ms + rng.randint(*_CATCH_UP_MS)
            record = record._replace(due_ms=due_ms, value=encode(read), read=read)
        self._put(record)
        if rng.random() < disturbances.resent:
            self._put(record._replace(due_ms=record.due_ms + rng.randint(*_RESEND_DELAY_MS)))
        if rng.random() < disturbances.malformed and record.read is not None:
            self._put(record._replace(value=malformed_record(record.read, rng), read=None))

    def _put(self, record: LiveRecord) -> None:
        # The number keeps records of one instant in the order in which they were queued.
        self._queued += 1
        heappush(self._queue, (record.due_ms, self._queued, record))

    def _link_back_ms(self, country: str, time_ms: Millis) -> Millis | None:
        """Return when a country's link is up again if it is down at a time."""
        interval, into_ms = divmod(time_ms - self._start_ms, _OUTAGE_INTERVAL_MS)
        end_ms = _OUTAGE_START_MS + round(self._disturbances.outage_s * 1000)
        if not _OUTAGE_START_MS <= into_ms < end_ms:
            return None
        down = Random(f"{self._world.scenario.seed} {interval}").choice(self._countries[:2])
        return time_ms - into_ms + end_ms if country == down else None
