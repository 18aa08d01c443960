"""All records fetched from one partition at a time."""

from collections.abc import Sequence
from typing import Protocol


class Record(Protocol):
    """One record as the client made it; the driver adds nothing and copies nothing."""

    @property
    def offset(self) -> int:
        """The offset in the partition."""

    @property
    def timestamp(self) -> int:
        """Milliseconds since 1970 in UTC, as the producer or the broker set it."""

    @property
    def key(self) -> bytes | None:
        """The key's bytes; None for none."""

    @property
    def value(self) -> bytes | None:
        """The value's bytes; None for a tombstone."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes]]:
        """Names and values, in order."""


class Batch:
    """One or more records of one partition, in order, as an agent gets them.

    `records` are the client's own objects, so that a batch costs nothing per record; `values` makes the one
    list that a decoder wants. Offsets rise but may have gaps (compaction, aborted transactions).
    """

    __slots__ = ("partition", "records", "topic")

    def __init__(self, topic: str, partition: int, records: Sequence[Record]) -> None:
        self.topic = topic
        self.partition = partition
        self.records = records

    @property
    def first(self) -> int:
        """The first record's offset."""
        return self.records[0].offset

    @property
    def last(self) -> int:
        """The last record's offset."""
        return self.records[-1].offset

    @property
    def values(self) -> list[bytes | None]:
        """The records' values in order, a new list each time."""
        return [record.value for record in self.records]

    @property
    def timestamps(self) -> list[int]:
        """The records' timestamps in order, milliseconds since 1970 in UTC."""
        return [record.timestamp for record in self.records]

    def __len__(self) -> int:
        return len(self.records)

    def __repr__(self) -> str:
        # Faust logs messages it drops, so the values must not show: they may be personal data.
        return f"<Batch {self.topic}/{self.partition} {self.first}-{self.last}, {len(self)} records>"
