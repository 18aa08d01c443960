"""Lean records are aiokafka's own, whichever way they were written and however many are taken at a time."""

import asyncio
from itertools import islice
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, READ_UNCOMMITTED, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.kafka.faust_driver.raw_records import RawRecords, use_raw_records
from streams.runtime.clock import now_ms
from tests.support.faust_apps import create_topic, end_offsets, unique_name
from tests.support.record_batches import (
    CODECS,
    FetchResult,
    Row,
    build_batch,
    build_legacy_batch,
    fetch_results,
)

LEVELS = {"read_uncommitted": READ_UNCOMMITTED, "read_committed": READ_COMMITTED}
RECENT_MS = now_ms()
"""Older records could be deleted for their age before they are read."""
levels = st.sampled_from(list(LEVELS.values()))


def stock(fetched: FetchResult, offset: int, level: int) -> PartitionRecords:
    """What was fetched from an offset, as aiokafka has it."""
    records = MemoryRecords(b"".join(fetched.batches))
    aborted = [(producer, first) for producer, first, _ in fetched.aborted]
    return PartitionRecords(TopicPartition("topic", 0), records, aborted, offset, None, None, True, level)


def fields(record: Any) -> tuple[Any, ...]:
    """All that a record has."""
    headers = tuple(record.headers)
    return record.offset, record.timestamp, record.timestamp_type, record.key, record.value, headers


@settings(max_examples=50, deadline=None)
@given(fetch_results(), levels, st.integers(0, 20))
def test_the_same_records(fetched: FetchResult, level: int, before_end: int) -> None:
    offset = max(0, fetched.end_offset - before_end)
    fetched = fetched.from_offset(offset)
    theirs, ours = stock(fetched, offset, level), RawRecords(stock(fetched, offset, level))
    assert [fields(record) for record in ours] == [fields(record) for record in theirs]
    assert ours.next_fetch_offset == theirs.next_fetch_offset


@settings(max_examples=50, deadline=None)
@given(fetch_results(), levels, st.integers(1, 5))
def test_some_at_a_time(fetched: FetchResult, level: int, at_once: int) -> None:
    every = [fields(record) for record in stock(fetched, 0, level)]
    ours = RawRecords(stock(fetched, 0, level))
    taken: list[Any] = []
    while some := [fields(record) for record in islice(ours, at_once)]:
        taken += some
        left = every[len(taken) :]
        # A new fetch from the position would give what is left, neither more nor less.
        assert taken[-1][0] < ours.next_fetch_offset
        assert not left or ours.next_fetch_offset <= left[0][0]
        position = ours.next_fetch_offset
        assert [fields(each) for each in stock(fetched.from_offset(position), position, level)] == left
    assert taken == every


@settings(max_examples=50, deadline=None)
@given(fetch_results(), levels, st.data())
def test_a_damaged_batch_is_not_passed_over(fetched: FetchResult, level: int, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(fetched.batches) - 1))
    damaged = bytearray(fetched.batches[place])
    damaged[-1] ^= 1
    spoiled = fetched._replace(
        batches=[*fetched.batches[:place], bytes(damaged), *fetched.batches[place + 1 :]]
    )
    theirs, ours = stock(spoiled, 0, level), RawRecords(stock(spoiled, 0, level))
    for records in (theirs, ours):
        with pytest.raises(CorruptRecordException):
            list(records)
        assert list(records) == [], "nothing from behind it"
    assert ours.next_fetch_offset == theirs.next_fetch_offset


def test_a_batch_of_which_compaction_left_nothing() -> None:
    rows = [(place, 0, b"k", b"%d" % place, []) for place in range(3)]
    none_left = bytearray(build_batch(10, [(4, 0, b"k", b"v", [])]))
    fetched = FetchResult([build_batch(0, rows), bytes(none_left), build_batch(20, rows)], 23, [])
    ours = RawRecords(stock(fetched, 1, READ_COMMITTED))
    assert [record.offset for record in islice(ours, 2)] == [1, 2]
    assert ours.next_fetch_offset == 3
    assert [record.offset for record in ours] == [14, 20, 21, 22]
    assert ours.next_fetch_offset == 23


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4"])
def test_the_old_format(codec: str) -> None:
    rows: list[Row] = [(0, 5, b"k", b"v", []), (2, 6, None, b"w", [])]
    fetched = FetchResult([build_legacy_batch(base, rows, CODECS[codec]) for base in (100, 110)], 113, [])
    theirs, ours = stock(fetched, 102, READ_COMMITTED), RawRecords(stock(fetched, 102, READ_COMMITTED))
    assert [fields(record) for record in ours] == [fields(record) for record in theirs]
    assert ours.next_fetch_offset == theirs.next_fetch_offset == 113


async def write(servers: str, topic: str) -> None:
    """Records of every codec, with headers and without values; transactions, two of them taken back."""
    for codec in CODECS:
        options: Any = {"bootstrap_servers": servers, "linger_ms": 50}
        async with AIOKafkaProducer(
            **options, compression_type=None if codec == "none" else codec
        ) as producer:
            sent = [
                await producer.send(
                    topic,
                    None if number % 5 == 0 else b"%s %d" % (codec.encode(), number) * 20,
                    b"key" if number % 5 == 0 or number % 3 else None,
                    timestamp_ms=RECENT_MS + number,
                    headers=[("number", b"%d" % number)] * (number % 3),
                )
                for number in range(40)
            ]
            await asyncio.gather(*sent)
    async with AIOKafkaProducer(bootstrap_servers=servers, transactional_id=topic, linger_ms=50) as producer:
        for transaction in range(5):
            await producer.begin_transaction()
            for number in range(10):
                await producer.send(topic, b"%d %d" % (transaction, number))
            await producer.flush()
            if transaction % 2:
                await producer.abort_transaction()
            else:
                await producer.commit_transaction()


async def read(
    servers: str, topic: str, begin: int, at_once: int | None, *, level: str, lean: bool
) -> list[tuple[Any, ...]]:
    """The fields of all records from an offset on."""
    place = TopicPartition(topic, 0)
    (end,) = await end_offsets(servers, topic, 1)
    found: list[tuple[Any, ...]] = []
    async with AIOKafkaConsumer(bootstrap_servers=servers, isolation_level=level) as consumer:
        if lean:
            use_raw_records(consumer, topic.__eq__)
        consumer.assign([place])
        consumer.seek(place, begin)
        while await consumer.position(place) < end:
            some = (await consumer.getmany(timeout_ms=200, max_records=at_once)).get(place, [])
            assert all(
                type(record).__name__ == ("DefaultRecord" if lean else "ConsumerRecord") for record in some
            )
            found += map(fields, some)
            if len(found) == 14:
                # A seek while something is left of a fetch.
                consumer.seek(place, begin + 14)
    return found


@pytest.mark.parametrize("level", LEVELS)
def test_the_same_from_a_broker(servers: str, level: str) -> None:
    topic = unique_name("lean")

    async def run() -> None:
        await create_topic(servers, topic, 1)
        await write(servers, topic)
        count = {"read_uncommitted": 250, "read_committed": 230}[level]
        for begin, at_once in [(0, None), (0, 7), (17, None), (60, 7), (203, 3), (217, None)]:
            theirs, ours = [
                await read(servers, topic, begin, at_once, level=level, lean=lean) for lean in (False, True)
            ]
            assert ours == theirs, f"from {begin}, {at_once} at a time"
            assert begin or len(ours) == count

    asyncio.run(run())
