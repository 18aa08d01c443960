"""One pass over a topic without a consumer group: open within seconds, up to the end at that moment."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, Literal, NamedTuple, TypeVar

from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from streams.kafka.client import TokenError
from streams.kafka.client.log_capture import LogCapture
from streams.kafka.faust_driver.batch import Record
from streams.kafka.follower import FollowError, TopicFollower
from streams.records.decode import DecodedReads, decode_reads
from streams.records.faults import Fault
from streams.records.times import Millis
from streams.runtime.errors import OperatorError

_CONNECT_TIMEOUT_S: Final = 5.0

ScanStart = Millis | Literal["start", "now"]
"""Where to start: at a time of the records, at the oldest record, or at those to come."""
_Decoded = TypeVar("_Decoded")
Decode = Callable[[bytes], _Decoded | tuple[Fault, ...]]
"""Decode the value of a record; return its faults if it cannot be decoded."""


class ScanError(OperatorError):
    """A topic that cannot be read."""


class UndecodableRecord(NamedTuple):
    """A record that cannot be decoded: where it is, and its faults. It does not hold the record."""

    topic: str
    partition: int
    offset: int
    faults: tuple[Fault, ...]

    def describe(self) -> str:
        """Return a line for the log."""
        faults = "; ".join(map(str, self.faults))
        return f"{self.topic}, partition {self.partition}, offset {self.offset}: skipped: {faults}"


async def scan(
    options: dict[str, Any],
    topic: str,
    decode: Decode[_Decoded],
    start: ScanStart = "start",
    *,
    skip_deleted: bool = True,
) -> AsyncGenerator[_Decoded | UndecodableRecord, None]:
    """Yield the decoded records of a topic, those of a partition in order, up to its end when it was opened.

    `options` are those of aiokafka for the connection. Records that the broker deletes while they are read
    are skipped; without `skip_deleted` they are an error. Raises ScanError as `connect_follower` does.
    """
    async with connect_follower(options, topic, skip_deleted=skip_deleted) as follower:
        await open_at(follower, start)
        async for partition, records in follower.read_to_end():
            for record in records:
                # A fetch may bring records from after that end.
                if record.offset < follower.end_offsets[partition]:
                    yield decode_record(topic, partition, record, decode)


async def scan_reads(
    options: dict[str, Any], topic: str, start_ms: Millis, handle: Callable[[DecodedReads], None]
) -> bool:
    """Pass the reads of a topic from a time on to `handle`, decoded a batch at a time, as `scan` does.

    Return True if reads of that time or later may be missing: the oldest record left in a partition that has
    lost some to its retention is not older than that. Raises ScanError as `connect_follower` does.
    """
    async with connect_follower(options, topic, skip_deleted=True) as follower:
        await open_at(follower, start_ms)
        truncated = any(
            0 < start >= follower.next_offsets[partition]
            for partition, start in follower.start_offsets.items()
        )
        async for partition, records in follower.read_to_end():
            end = follower.end_offsets[partition]
            handle(decode_reads([record.value or b"" for record in records if record.offset < end]))
        return truncated


def decode_record(
    topic: str, partition: int, record: Record, decode: Decode[_Decoded]
) -> _Decoded | UndecodableRecord:
    """Decode the value of a record; a tombstone cannot be decoded."""
    decoded = decode(record.value or b"")
    if isinstance(decoded, tuple):
        return UndecodableRecord(topic, partition, record.offset, decoded)
    return decoded


async def open_at(follower: TopicFollower, start: ScanStart) -> None:
    """Open a connected follower at a start."""
    if start == "start":
        await follower.open()
    elif start == "now":
        await follower.open(follower.end_offsets)
    else:
        await follower.open(start)


@asynccontextmanager
async def connect_follower(
    options: dict[str, Any], topic: str, *, skip_deleted: bool = False
) -> AsyncIterator[TopicFollower]:
    """Yield a follower of the topic that knows where its partitions start and end; open it next.

    `options` are those of aiokafka for the connection; `skip_deleted` as in TopicFollower. Raises ScanError
    if Kafka cannot be reached or refuses, if the topic is missing, also while it is read, and if records to
    be read next were deleted.
    """
    with LogCapture() as log:
        try:
            async with TopicFollower(options, topic, skip_deleted=skip_deleted) as follower:
                await asyncio.wait_for(follower.connect(), _CONNECT_TIMEOUT_S)
                yield follower
        except FollowError as error:
            raise ScanError(str(error)) from error
        except OffsetOutOfRangeError as error:
            raise ScanError(
                f"topic {topic}: the retention set in [topics] deleted records before they were read; start "
                "again at a later time"
            ) from error
        except (KafkaError, TokenError, TimeoutError) as error:
            why = log.latest or str(error) or f"no answer within {_CONNECT_TIMEOUT_S:.0f} s"
            raise ScanError(
                f"Kafka at {format_servers(options)} cannot be reached or refuses: {why.rstrip(': ')}; check "
                "`servers`, `security` and the login in [kafka]"
            ) from error


def format_servers(options: dict[str, Any]) -> str:
    """Return the brokers in aiokafka's options, for messages."""
    return ", ".join(options["bootstrap_servers"])
