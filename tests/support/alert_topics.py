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
from streams.kafka.alert_topic import ListReader
from streams.kafka.client import Connection, KafkaSection, resolve
from streams.plates.packed_keys import columns
from streams.records.alert import Alert
from streams.records.times import DAY_MS
from streams.runtime.clock import now_ms
from tests.support.builders import alert_json

KEY = b"sis/a1"
Sent = tuple[bytes | None, bytes | None]


def connection_to(servers: str) -> Connection:
    """A plain connection."""
    return resolve(KafkaSection(servers=servers.split(",")), {})


def make(servers: str, topic: str, partitions: int, policy: str) -> None:
    """Makes a topic, and waits until it can be used."""
    admin = KafkaAdminClient(bootstrap_servers=servers)
    try:
        configs = {"cleanup.policy": policy}
        admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=configs)])
        admin.wait_for_topics([topic])
    finally:
        admin.close()


async def send(servers: str, topic: str, records: Sequence[Sent], **options: Any) -> list[Any]:
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


def listed(plate: str, **fields: Any) -> Sent:
    """The record of an alert of the list `sis`."""
    key = f"{fields.get('list_id', 'sis')}/{fields.get('alert_id', 'a1')}".encode()
    return key, alert_json(plate, **fields)


@dataclass
class Topic:
    """A topic of alerts, a folder for snapshots, and what readers of it have said."""

    servers: str
    folder: Path
    partitions: int = 2
    name: str = ""
    policy: str = "compact"
    said: list[str] = field(default_factory=list)
    now: Callable[[], int] = now_ms

    def __post_init__(self) -> None:
        if not self.name:
            self.name = f"alerts-{uuid.uuid4().hex[:8]}"
            self.make()

    def make(self) -> None:
        """Makes it on the broker; done at once if it was given no name."""
        make(self.servers, self.name, self.partitions, self.policy)

    @property
    def snapshot(self) -> Path:
        """Where readers keep it."""
        return self.folder / f"{self.name}.snapshot"

    async def send(self, *records: Sent, **options: Any) -> list[Any]:
        """Writes records to it."""
        return await send(self.servers, self.name, records, **options)

    def reader(self, **options: Any) -> ListReader:
        """A reader of it."""
        defaults: dict[str, Any] = {
            "tombstones_for_ms": DAY_MS,
            "say": self.said.append,
            "clock_ms": self.now,
        }
        return ListReader(connection_to(self.servers), self.name, self.folder, **(defaults | options))

    async def load(self, **options: Any) -> ListReader:
        """A reader of it that has loaded the lists and let go of Kafka."""
        reader = self.reader(**options)
        try:
            await reader.load()
        finally:
            await reader.stop()
        return reader


def found(reader: ListReader, *plates: str) -> list[tuple[int, str]]:
    """The candidates of plates, as (place, alert id)."""
    return [(each.row, each.alert.alert_id) for each in reader.index.find(columns(plates))]


def known(lists: ListReader | Index, alert_id: str = "a1") -> Alert:
    """An alert of the list `sis` that is known."""
    index = lists if isinstance(lists, Index) else lists.index
    alert = index.get(("sis", alert_id))
    assert alert is not None
    return alert


async def until(holds: Callable[[], bool], what: str, within_s: float = 20) -> None:
    """Waits until something holds."""
    end = monotonic() + within_s
    while not holds():
        assert monotonic() < end, f"in vain for {what}"
        await asyncio.sleep(0.002)


def run(work: Awaitable[None]) -> None:
    """Runs a test's coroutine, with a limit."""

    async def limited() -> None:
        await asyncio.wait_for(work, 60)

    asyncio.run(limited())
