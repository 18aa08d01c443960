"""The gateways of the demo: what the cameras send, as time goes by, and the truth about it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, Final, NamedTuple

from kafka import KafkaProducer
from kafka.errors import KafkaError

from streams.cli.demo.errors import DemoError
from streams.records.hit import Hit
from streams.simulation.demo_traffic import Passage, Sent, Traffic

_FLUSH_TIMEOUT_S: Final = 10.0


class FeedResult(NamedTuple):
    """Passages of listed vehicles, and what the hits that stand say of them."""

    passages: int
    detected: int
    only_misread: int
    """Of those found, how many were never read right."""
    historical: int
    """Hits that are historical."""
    wrong: int
    """Hits that name another vehicle than the one that passed."""


class Feed:
    """Sends traffic to the topics of reads; `topic_of` gives that of a country."""

    def __init__(self, options: dict[str, Any], topic_for: Callable[[str], str], traffic: Traffic) -> None:
        self._topic_for = topic_for
        self._traffic = traffic
        self._passages: dict[tuple[str, str], Passage] = {}
        self._correctly_read: set[int] = set()
        self._failed = 0
        self.reads = 0
        self.misread = 0
        try:
            self._producer = KafkaProducer(**options, acks="all", linger_ms=2)
        except KafkaError as error:
            raise DemoError(f"the cameras cannot send: {error or type(error).__name__}") from error

    def __enter__(self) -> "Feed":
        return self

    def __exit__(self, *_: object) -> None:
        # What is not confirmed by now has been waited for, or Kafka is gone.
        with suppress(KafkaError):
            self._producer.close(0)

    def send(self, now_ms: int) -> None:
        """Sends what is due at a time, in ms since 1970 UTC."""
        try:
            for sent in self._traffic.until(now_ms):
                self._send(sent)
        except KafkaError as error:
            raise DemoError(f"the cameras cannot send: {error or type(error).__name__}") from error

    def flush(self) -> int:
        """Waits until all that was sent is confirmed; how many records were not."""
        try:
            self._producer.flush(_FLUSH_TIMEOUT_S)
        except KafkaError:
            self._failed = max(self._failed, 1)
        return self._failed

    def evaluate(self, hits: Iterable[Hit]) -> FeedResult:
        """What the latest revisions of the hits say of the listed vehicles that passed."""
        standing = [hit for hit in hits if hit.kind != "withdrawn"]
        named = set(self._identified_passages(standing))
        passages = {passage.number for passage in self._passages.values() if passage.listed}
        return FeedResult(
            len(passages),
            len(named),
            len(named - self._correctly_read),
            sum(hit.mode == "historical" for hit in standing),
            len(standing) - sum(1 for _ in self._identified_passages(standing)),
        )

    def _send(self, sent: Sent) -> None:
        topic = self._topic_for(sent.camera.country)
        future = self._producer.send(topic, sent.value, sent.camera.camera_id.encode())
        future.add_errback(self._count_failure)
        if sent.read is None:
            return
        self.reads += 1
        self.misread += sent.misread
        if sent.passage.listed:
            self._passages[sent.read.camera_id, sent.read.read_id] = sent.passage
            if not sent.misread:
                self._correctly_read.add(sent.passage.number)

    def _identified_passages(self, active_hits: Iterable[Hit]) -> Iterator[int]:
        """The passage of each hit that names the vehicle that passed."""
        for hit in active_hits:
            passage = self._passages.get((hit.read.camera_id, hit.read.read_id))
            if passage and passage.listed:
                alert = passage.listed.alert
                if (alert.list_id, alert.alert_id) == (hit.alert.list_id, hit.alert.alert_id):
                    yield passage.number

    def _count_failure(self, _error: BaseException) -> None:
        self._failed += 1
