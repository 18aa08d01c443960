"""The records fetched from one partition at a time."""

from collections.abc import Sequence
from typing import Protocol

from streams.records.times import Millis


class Record(Protocol):
    """One record as the client parsed it; the driver adds and copies nothing."""

    @property
    def offset(self) -> int:
        """The offset in its partition."""

    @property
    def timestamp(self) -> Millis:
        """The time that the producer or the broker set, in ms."""

    @property
    def key(self) -> bytes | None:
        """The key; None if there is none."""

    @property
    def value(self) -> bytes | None:
        """The value; None for a tombstone."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes]]:
        """Names and values, in order."""


class Batch:
    """One or more records of one partition, in order, as an agent receives them.

    `records` are the client's own objects, so that a batch costs nothing per record; `values` builds the list
    that a decoder takes. Offsets rise but may have gaps (compaction, aborted transactions).
    """

    __slots__ = ("partition", "records", "topic")

    def __init__(self, topic: str, partition: int, records: Sequence[Record]) -> None:
        self.topic = topic
        self.partition = partition
        self.records = records

    @property
    def first(self) -> int:
        """The offset of the first record."""
        return self.records[0].offset

    @property
    def last(self) -> int:
        """The offset of the last record."""
        return self.records[-1].offset

    @property
    def values(self) -> list[bytes | None]:
        """The values in order, a new list each time."""
        return [record.value for record in self.records]

    @property
    def timestamps(self) -> list[Millis]:
        """The timestamps in order, in ms."""
        return [record.timestamp for record in self.records]

    def __len__(self) -> int:
        return len(self.records)

    def __repr__(self) -> str:
        # Faust logs messages it drops, so values must not be shown: they may be personal data.
        return f"<Batch {self.topic}/{self.partition} {self.first}-{self.last}, {len(self)} records>"
