"""Topics of alerts on a real Kafka, made and written to by tests."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from streams.alerts import Index
from streams.kafka.alert_topic import AlertTopicReader
from streams.kafka.client import Connection, KafkaConfig, connection_from_settings
from streams.plates.packed_keys import to_columns
from streams.records.alert import Alert
from streams.records.times import DAY_MS
from streams.runtime.clock import now_ms
from tests.support.builders import alert_json

ALERT_KEY = b"sis/a1"
Record = tuple[bytes | None, bytes | None]


def connection_to(servers: str) -> Connection:
    """A plain connection."""
    return connection_from_settings(KafkaConfig(servers=servers.split(",")), {})


def create_topic(servers: str, topic: str, partitions: int, cleanup_policy: str) -> None:
    """Makes a topic, and waits until it can be used."""
    admin = KafkaAdminClient(bootstrap_servers=servers)
    try:
        configs = {"cleanup.policy": cleanup_policy}
        admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=configs)])
        admin.wait_for_topics([topic])
    finally:
        admin.close()


async def send_records(servers: str, topic: str, records: Sequence[Record], **options: Any) -> list[Any]:
    """Writes records of keys and values and waits for the broker; a fixed `timestamp_ms` may be given."""
    timestamp = options.pop("timestamp_ms", None)
    producer = AIOKafkaProducer(bootstrap_servers=servers, **options)
    await producer.start()
    try:
        if "transactional_id" in options:
            async with producer.transaction():
                sent = [await producer.send(topic, value, key) for key, value in records]
        else:
            sent = [await producer.send(topic, value, key, timestamp_ms=timestamp) for key, value in records]
        return [await each for each in sent]
    finally:
        await producer.stop()


def alert_record(plate: str, **fields: Any) -> Record:
    """The record of an alert of the list `sis`."""
    key = f"{fields.get('list_id', 'sis')}/{fields.get('alert_id', 'a1')}".encode()
    return key, alert_json(plate, **fields)


@dataclass
class AlertTopic:
    """A topic of alerts, a folder for snapshots, and what readers of it have said."""

    servers: str
    folder: Path
    partitions: int = 2
    name: str = ""
    cleanup_policy: str = "compact"
    messages: list[str] = field(default_factory=list)
    clock_ms: Callable[[], int] = now_ms

    def __post_init__(self) -> None:
        if not self.name:
            self.name = f"alerts-{uuid.uuid4().hex[:8]}"
            self.create()

    def create(self) -> None:
        """Makes it on the broker; done at once if it was given no name."""
        create_topic(self.servers, self.name, self.partitions, self.cleanup_policy)

    @property
    def snapshot(self) -> Path:
        """Where readers keep it."""
        return self.folder / f"{self.name}.snapshot"

    async def send(self, *records: Record, **options: Any) -> list[Any]:
        """Writes records to it."""
        return await send_records(self.servers, self.name, records, **options)

    def reader(self, **options: Any) -> AlertTopicReader:
        """A reader of it."""
        defaults: dict[str, Any] = {
            "tombstone_retention_ms": DAY_MS,
            "say": self.messages.append,
            "now_ms": self.clock_ms,
        }
        return AlertTopicReader(connection_to(self.servers), self.name, self.folder, **(defaults | options))

    async def load(self, **options: Any) -> AlertTopicReader:
        """A reader of it that has loaded the lists and let go of Kafka."""
        reader = self.reader(**options)
        try:
            await reader.load()
        finally:
            await reader.stop()
        return reader


def candidate_rows(reader: AlertTopicReader, *plates: str) -> list[tuple[int, str]]:
    """The candidates of plates, as (place, alert id)."""
    return [(each.row, each.alert.alert_id) for each in reader.index.find(to_columns(plates))]


def get_alert(lists: AlertTopicReader | Index, alert_id: str = "a1") -> Alert:
    """An alert of the list `sis` that is known."""
    index = lists if isinstance(lists, Index) else lists.index
    alert = index.get(("sis", alert_id))
    assert alert is not None
    return alert


async def wait_until(condition: Callable[[], bool], description: str, within_s: float = 20) -> None:
    """Waits until something holds."""
    end = monotonic() + within_s
    while not condition():
        assert monotonic() < end, f"in vain for {description}"
        await asyncio.sleep(0.002)


def run_with_timeout(coroutine: Awaitable[None]) -> None:
    """Runs a test's coroutine, with a limit."""

    async def limited() -> None:
        await asyncio.wait_for(coroutine, 60)

    asyncio.run(limited())
