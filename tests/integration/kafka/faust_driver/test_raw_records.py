"""Raw records are those of aiokafka, however they were written and however many are read at a time."""

import asyncio
from itertools import islice
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, READ_UNCOMMITTED, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import given
from hypothesis import strategies as st

from streams.kafka.faust_driver.raw_records import RawRecords, use_raw_records
from streams.runtime.clock import now_ms
from tests.support.examples import examples
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
"""The retention could delete older records before they are read."""
levels = st.sampled_from(list(LEVELS.values()))


def stock_records(fetched: FetchResult, offset: int, level: int) -> PartitionRecords:
    """Return what was fetched from an offset, as aiokafka represents it."""
    records = MemoryRecords(b"".join(fetched.batches))
    aborted = [(producer, first) for producer, first, _ in fetched.aborted]
    return PartitionRecords(TopicPartition("topic", 0), records, aborted, offset, None, None, True, level)


def fields(record: Any) -> tuple[Any, ...]:
    """Return all fields of a record."""
    headers = tuple(record.headers)
    return record.offset, record.timestamp, record.timestamp_type, record.key, record.value, headers


@examples(50)
@given(fetch_results(), levels, st.integers(0, 20))
def test_raw_records_are_those_of_aiokafka(fetched: FetchResult, level: int, before_end: int) -> None:
    offset = max(0, fetched.end_offset - before_end)
    fetched = fetched.from_offset(offset)
    expected, raw_records = (
        stock_records(fetched, offset, level),
        RawRecords(stock_records(fetched, offset, level)),
    )
    assert [fields(record) for record in raw_records] == [fields(record) for record in expected]
    assert raw_records.next_fetch_offset == expected.next_fetch_offset


@examples(50)
@given(fetch_results(), levels, st.integers(1, 5))
def test_any_number_may_be_read_at_a_time(fetched: FetchResult, level: int, at_once: int) -> None:
    expected = [fields(record) for record in stock_records(fetched, 0, level)]
    raw = RawRecords(stock_records(fetched, 0, level))
    read: list[Any] = []
    while chunk := [fields(record) for record in islice(raw, at_once)]:
        read += chunk
        remaining = expected[len(read) :]
        # A new fetch from the position would return exactly what remains.
        assert read[-1][0] < raw.next_fetch_offset
        assert not remaining or raw.next_fetch_offset <= remaining[0][0]
        position = raw.next_fetch_offset
        refetched = stock_records(fetched.from_offset(position), position, level)
        assert [fields(record) for record in refetched] == remaining
    assert read == expected


@examples(50)
@given(fetch_results(), levels, st.data())
def test_a_damaged_batch_is_not_skipped(fetched: FetchResult, level: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(fetched.batches) - 1))
    damaged = bytearray(fetched.batches[index])
    damaged[-1] ^= 1
    spoiled = fetched._replace(
        batches=[*fetched.batches[:index], bytes(damaged), *fetched.batches[index + 1 :]]
    )
    expected, raw_records = stock_records(spoiled, 0, level), RawRecords(stock_records(spoiled, 0, level))
    for records in (expected, raw_records):
        with pytest.raises(CorruptRecordException):
            list(records)
        assert list(records) == [], "nothing after it"
    assert raw_records.next_fetch_offset == expected.next_fetch_offset


def test_a_batch_with_gaps_left_by_compaction() -> None:
    rows = [(number, 0, b"k", b"%d" % number, []) for number in range(3)]
    compacted = build_batch(10, [(4, 0, b"k", b"v", [])])
    fetched = FetchResult([build_batch(0, rows), compacted, build_batch(20, rows)], 23, [])
    raw_records = RawRecords(stock_records(fetched, 1, READ_COMMITTED))
    assert [record.offset for record in islice(raw_records, 2)] == [1, 2]
    assert raw_records.next_fetch_offset == 3
    assert [record.offset for record in raw_records] == [14, 20, 21, 22]
    assert raw_records.next_fetch_offset == 23


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4"])
def test_records_of_the_earlier_format(codec: str) -> None:
    rows: list[Row] = [(0, 5, b"k", b"v", []), (2, 6, None, b"w", [])]
    fetched = FetchResult([build_legacy_batch(base, rows, CODECS[codec]) for base in (100, 110)], 113, [])
    expected, raw_records = (
        stock_records(fetched, 102, READ_COMMITTED),
        RawRecords(stock_records(fetched, 102, READ_COMMITTED)),
    )
    assert [fields(record) for record in raw_records] == [fields(record) for record in expected]
    assert raw_records.next_fetch_offset == expected.next_fetch_offset == 113


async def write_records(servers: str, topic: str) -> None:
    """Write records of every codec, with headers and without values, and five transactions, two aborted."""
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


async def read_fields(
    servers: str, topic: str, start: int, at_once: int | None, *, level: str, raw: bool
) -> list[tuple[Any, ...]]:
    """Return the fields of all records from an offset on."""
    partition = TopicPartition(topic, 0)
    (end,) = await end_offsets(servers, topic, 1)
    read: list[tuple[Any, ...]] = []
    async with AIOKafkaConsumer(bootstrap_servers=servers, isolation_level=level) as consumer:
        if raw:
            use_raw_records(consumer, topic.__eq__)
        consumer.assign([partition])
        consumer.seek(partition, start)
        while await consumer.position(partition) < end:
            fetched = await consumer.getmany(timeout_ms=200, max_records=at_once)
            records = fetched.get(partition, [])
            assert all(
                type(record).__name__ == ("DefaultRecord" if raw else "ConsumerRecord") for record in records
            )
            read += map(fields, records)
            if len(read) == 14:
                # A seek while something of a fetch remains.
                consumer.seek(partition, start + 14)
    return read


@pytest.mark.parametrize("level", LEVELS)
def test_raw_records_from_a_broker_are_those_of_aiokafka(servers: str, level: str) -> None:
    topic = unique_name("raw")

    async def run() -> None:
        await create_topic(servers, topic, 1)
        await write_records(servers, topic)
        count = {"read_uncommitted": 250, "read_committed": 230}[level]
        for start, at_once in [(0, None), (0, 7), (17, None), (60, 7), (203, 3), (217, None)]:
            expected, raw_records = [
                await read_fields(servers, topic, start, at_once, level=level, raw=raw)
                for raw in (False, True)
            ]
            assert raw_records == expected, f"from {start}, {at_once} at a time"
            assert start or len(raw_records) == count

    asyncio.run(run())
