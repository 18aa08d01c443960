"""Topics of alerts on a real Kafka, created and written to by tests."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from streams.alerts import Index
from streams.kafka.alert_topic import AlertTopicConfig, AlertTopicReader
from streams.kafka.client import Connection, KafkaConfig, connection_from_settings
from streams.plates.plate_columns import to_columns
from streams.records.alert import Alert
from streams.records.times import DAY_MS, Millis
from streams.runtime import clock
from tests.support.builders import alert_json
from tests.support.waiting import HANG_LIMIT_S

ALERT_KEY = b"sis/a1"
Record = tuple[bytes | None, bytes | None]


def connection_to(servers: str) -> Connection:
    """Return a plaintext connection."""
    return connection_from_settings(KafkaConfig(servers=servers.split(",")), {})


def create_topic(servers: str, topic: str, partitions: int, cleanup_policy: str) -> None:
    """Create a topic, and wait until it can be used."""
    admin = KafkaAdminClient(bootstrap_servers=servers)
    try:
        configs = {"cleanup.policy": cleanup_policy}
        admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=configs)])
        admin.wait_for_topics([topic])
    finally:
        admin.close()


async def send_records(servers: str, topic: str, records: Sequence[Record], **options: Any) -> list[Any]:
    """Write records, each a key and a value, and wait for the broker; `timestamp_ms` fixes their time.

    Other options are those of the producer; with a `transactional_id` the records are one transaction.
    """
    timestamp_ms = options.pop("timestamp_ms", None)
    producer = AIOKafkaProducer(bootstrap_servers=servers, **options)
    await producer.start()
    try:
        if "transactional_id" in options:
            async with producer.transaction():
                sent = [await producer.send(topic, value, key) for key, value in records]
        else:
            sent = [
                await producer.send(topic, value, key, timestamp_ms=timestamp_ms) for key, value in records
            ]
        return [await acknowledgement for acknowledgement in sent]
    finally:
        await producer.stop()


def alert_record(plate: str, **fields: Any) -> Record:
    """Return the record of an alert, of the list `sis` unless a field says otherwise."""
    key = f"{fields.get('list_id', 'sis')}/{fields.get('alert_id', 'a1')}".encode()
    return key, alert_json(plate, **fields)


@dataclass
class AlertTopic:
    """A topic of alerts on a broker, and a folder for its snapshot; created at once unless it is named."""

    servers: str
    folder: Path
    partitions: int = 2
    name: str = ""
    cleanup_policy: str = "compact"
    now_ms: Callable[[], Millis] = clock.now_ms

    def __post_init__(self) -> None:
        if not self.name:
            self.name = f"alerts-{uuid.uuid4().hex[:8]}"
            self.create()

    def create(self) -> None:
        """Create it on the broker."""
        create_topic(self.servers, self.name, self.partitions, self.cleanup_policy)

    @property
    def snapshot_path(self) -> Path:
        """The file of the snapshot that readers keep."""
        return self._config().snapshot_path

    async def send(self, *records: Record, **options: Any) -> list[Any]:
        """Write records, with options as in `send_records`."""
        return await send_records(self.servers, self.name, records, **options)

    def reader(self, **options: Any) -> AlertTopicReader:
        """Return a reader; options are fields of AlertTopicConfig."""
        config = self._config()._replace(**options)
        return AlertTopicReader(connection_to(self.servers), config, now_ms=self.now_ms)

    async def load(self, **options: Any) -> AlertTopicReader:
        """Return a reader, with options as in `reader`, that has loaded the lists and is stopped."""
        reader = self.reader(**options)
        try:
            await reader.load()
        finally:
            await reader.stop()
        return reader

    def _config(self) -> AlertTopicConfig:
        return AlertTopicConfig(self.name, self.folder, tombstone_retention_ms=DAY_MS)


def candidate_rows(reader: AlertTopicReader, *plates: str) -> list[tuple[int, str]]:
    """Return the candidates of plates, as (row, alert id)."""
    return [(candidate.row, candidate.alert.alert_id) for candidate in reader.index.find(to_columns(plates))]


def get_alert(lists: AlertTopicReader | Index, alert_id: str = "a1") -> Alert:
    """Return an alert of the list `sis` that is in the index."""
    index = lists if isinstance(lists, Index) else lists.index
    alert = index.get(("sis", alert_id))
    assert alert is not None
    return alert


def run_with_timeout(coroutine: Awaitable[None]) -> None:
    """Run the coroutine of a test; fail at the limit."""

    async def limited() -> None:
        await asyncio.wait_for(coroutine, HANG_LIMIT_S)

    asyncio.run(limited())
