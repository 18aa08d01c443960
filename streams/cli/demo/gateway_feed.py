"""The gateways of the demo: they produce what the cameras send, and keep the truth about it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple

from kafka import KafkaProducer
from kafka.errors import KafkaError

from streams.cli.demo.errors import DemoError
from streams.cli.demo.scenario import DemoTraffic
from streams.records.alert import Alert, alert_key
from streams.records.hit import Hit
from streams.records.times import Millis
from streams.simulation.live import LiveRecord, LiveTraffic

_FLUSH_TIMEOUT_S: Final = 10.0


class FeedResult(NamedTuple):
    """Passages of listed vehicles, and what the active hits say of them."""

    passages: int
    detected: int
    only_misread: int
    """Detected passages that were never read right."""
    historical: int
    """Historical hits."""
    wrong: int
    """Hits that name another vehicle than the one that passed."""


class _Passage(NamedTuple):
    """A listed vehicle's passage, with the alert that seeks the vehicle."""

    passage_id: str
    alert: Alert


class Feed:
    """Produces traffic to the topics of reads; `topic_for` gives the topic of a country."""

    def __init__(
        self, options: dict[str, Any], topic_for: Callable[[str], str], traffic: DemoTraffic
    ) -> None:
        self._topic_for = topic_for
        self._traffic = traffic
        self._live: LiveTraffic | None = None
        self._passages: dict[tuple[str, str], _Passage] = {}
        self._correctly_read: set[str] = set()
        self._failed = 0
        self._world_number = 0
        self.reads = 0
        self.misread = 0
        try:
            self._producer = KafkaProducer(**options, acks="all", linger_ms=2)
        except KafkaError as error:
            raise DemoError(f"the cameras cannot send: {error or type(error).__name__}") from error

    def __enter__(self) -> "Feed":
        return self

    def __exit__(self, *_: object) -> None:
        # What is not acknowledged by now has been waited for, or Kafka is gone.
        with suppress(KafkaError):
            self._producer.close(0)

    @property
    def is_exhausted(self) -> bool:
        """True if all traffic was sent."""
        return self._live is not None and self._live.is_exhausted

    def replace_traffic(self, traffic: DemoTraffic) -> None:
        """Go on with the traffic of another world."""
        self._traffic, self._live = traffic, None
        self._world_number += 1

    def send(self, now_ms: Millis) -> None:
        """Send what is due; the first call starts the traffic. Raises DemoError if Kafka refuses."""
        if self._live is None:
            self._live = self._traffic.start(now_ms)
        try:
            for record in self._live.until(now_ms):
                self._send(record)
        except KafkaError as error:
            raise DemoError(f"the cameras cannot send: {error or type(error).__name__}") from error

    def flush(self) -> int:
        """Wait until everything is acknowledged; return the number of records that were not."""
        try:
            self._producer.flush(_FLUSH_TIMEOUT_S)
        except KafkaError:
            self._failed = max(self._failed, 1)
        return self._failed

    def evaluate(self, hits: Iterable[Hit]) -> FeedResult:
        """Compare the latest revisions of the hits with the listed vehicles that passed."""
        active = [hit for hit in hits if hit.kind != "withdrawn" and hit.handover is None]
        identified = list(self._identified_passages(active))
        passages = {passage.passage_id for passage in self._passages.values()}
        return FeedResult(
            len(passages),
            len(set(identified)),
            len(set(identified) - self._correctly_read),
            sum(hit.mode == "historical" for hit in active),
            len(active) - len(identified),
        )

    def _send(self, record: LiveRecord) -> None:
        topic = self._topic_for(record.camera.country)
        future = self._producer.send(topic, record.value, record.camera.camera_id.encode())
        future.add_errback(self._count_failure)
        if record.read is None:
            return
        self.reads += 1
        self.misread += record.is_misread
        alert = self._alerts.get(record.truth.alert or "")
        if alert is not None:
            passage_id = f"{self._world_number}/{record.truth.passage_id}"
            self._passages[record.read.camera_id, record.read.read_id] = _Passage(passage_id, alert)
            if not record.is_misread:
                self._correctly_read.add(passage_id)

    @property
    def _alerts(self) -> Mapping[str, Alert]:
        return self._traffic.alerts

    def _identified_passages(self, active_hits: Iterable[Hit]) -> Iterator[str]:
        """Yield the passage of each hit that names the vehicle that passed."""
        for hit in active_hits:
            passage = self._passages.get((hit.read.camera_id, hit.read.read_id))
            if passage is not None and alert_key(passage.alert) == (hit.alert.list_id, hit.alert.alert_id):
                yield passage.passage_id

    def _count_failure(self, _error: BaseException) -> None:
        self._failed += 1
