"""Restoring state: matches and hits of a day read back from the topics by a worker that takes over."""

import asyncio
import multiprocessing
import time
from collections.abc import Sequence
from typing import NamedTuple

from confluent_kafka import Consumer, TopicPartition

from streams.kafka.client import KafkaConfig, connection_from_settings
from streams.kafka.producer import Producer, ProducerRecord
from streams.kafka.record_keys import encode_alert_key
from streams.kafka.topics import TopicsConfig
from streams.records.alert import alert_key
from streams.records.encode import encode
from streams.runtime.clock import now_ms
from streams.runtime.gc_tuning import GcProfile, tune_gc
from streams.worker.restore import StateRestorer
from tests.bench.correlate import cooperation, correlator_of
from tests.bench.table import one_core, resident, show
from tests.bench.vehicles import made
from tests.support.kafka import KafkaEnvironment

_GROUP = _PREFIX = "rebuild"
_AT_ONCE = 100
"""Records sent together: as many hits as may follow from one batch of reads."""


class _Taken(NamedTuple):
    """Seconds until it can go on, and to have hydrated all cold alerts; bytes resident after each."""

    ready_s: float
    reviewed_s: float
    ready_bytes: int
    reviewed_bytes: int
    emitted: int


def run(stage: KafkaEnvironment, quick: bool) -> None:
    """Prints the table."""
    vehicles = 5_000 if quick else 20_000
    ours = stage.create_product_topics(_PREFIX)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        matches, hits = pool.apply(_put, (stage.servers, ours.matches, ours.hits, vehicles))
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        taken = pool.apply(_taken, (stage.servers, vehicles))
    million = 1_000_000 / matches
    show(
        f"State of {vehicles:,} vehicles restored from {matches:,} matches and {hits:,} revisions of hits "
        "on Kafka, one core",
        ("", "s", "s for 1 M matches, in proportion", "target", "bytes a vehicle"),
        (
            (
                "it can go on",
                f"{taken.ready_s:.1f}",
                f"{taken.ready_s * million:.0f}",
                "≤ 30",
                f"{taken.ready_bytes / vehicles:,.0f}",
            ),
            (
                "all reviewed, while nothing else is to be done",
                f"{taken.reviewed_s:.1f}",
                f"{taken.reviewed_s * million:.0f}",
                "",
                f"{taken.reviewed_bytes / vehicles:,.0f}",
            ),
        ),
    )
    assert taken.emitted == 0, "what was emitted is not emitted again"


def _put(servers: str, matches: str, hits: str, vehicles: int) -> tuple[int, int]:
    """Puts matches and the hits that follow from them in one partition each; how many."""
    traffic = made(vehicles)
    tune_gc(GcProfile.BATCHES)
    correlator = correlator_of(traffic, traffic.places, cooperation())
    emitted = [hit for now, match in traffic.matches for hit in correlator.handle_match(match, now)]
    letters = [
        ProducerRecord(matches, encode_alert_key(alert_key(match.alert)), encode(match), 0)
        for _, match in traffic.matches
    ]
    letters += [ProducerRecord(hits, hit.hit_id.encode(), encode(hit), 0) for hit in emitted]
    asyncio.run(_sent(servers, letters))
    owner = Consumer({"bootstrap.servers": servers, "group.id": _GROUP, "log_level": 0})
    owner.commit(offsets=[TopicPartition(matches, 0, len(traffic.matches))], asynchronous=False)
    owner.close()
    return len(traffic.matches), len(emitted)


async def _sent(servers: str, letters: Sequence[ProducerRecord]) -> None:
    """Sends records as a worker does."""
    producer = Producer(
        connection_from_settings(KafkaConfig(servers=servers.split(",")), {}).for_aiokafka("bench")
    )
    await producer.start()
    for start in range(0, len(letters), _AT_ONCE):
        await asyncio.gather(*await producer.send(letters[start : start + _AT_ONCE]))
    await producer.stop()


def _taken(servers: str, vehicles: int) -> _Taken:
    """Restores the state; run in a process of its own."""
    one_core()
    traffic = made(vehicles)
    now = traffic.matches[-1][0]
    traffic.matches.clear()
    # The lists are there before: how long they take is another figure.
    empty = correlator_of(traffic, traffic.places, cooperation())
    tune_gc(GcProfile.BATCHES)
    rebuild = StateRestorer(
        connection_from_settings(KafkaConfig(servers=servers.split(",")), {}),
        _GROUP,
        TopicsConfig(_PREFIX, matches_hours=24.0, verdicts_hours=24.0),
        lambda _: empty,
    )
    before, began = resident(), time.perf_counter()
    correlator = asyncio.run(rebuild.restore(0, (), now_ms()))
    emitted = correlator.restorer.finish(now)
    ready_s, ready_bytes = time.perf_counter() - began, resident() - before
    while correlator.cold_count:
        emitted += correlator.hydrate(now, 100)
    reviewed_s, reviewed_bytes = time.perf_counter() - began, resident() - before
    return _Taken(ready_s, reviewed_s, ready_bytes, reviewed_bytes, len(emitted))
