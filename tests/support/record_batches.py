"""Results of fetches as brokers send them: record batches of all formats, as bytes."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.legacy_records import LegacyRecordBatchBuilder
from aiokafka.record.util import calc_crc32c
from hypothesis import strategies as st

CODECS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
_CRC, _ATTRIBUTES = 17, 21
_LOG_APPEND_TIME, _CONTROL = 0x08, 0x20
_MAX_BATCH_BYTES = 1 << 20
Row = tuple[int, int, bytes | None, bytes | None, list[tuple[str, bytes | None]]]
"""Offset in its batch, timestamp, key, value and headers."""


class FetchResult(NamedTuple):
    """The bytes of each batch, the offset after the last one, and the aborted transactions.

    A transaction is its producer, its first offset and the offset of its marker.
    """

    batches: list[bytes]
    end_offset: int
    aborted: list[tuple[int, int, int]]

    def from_offset(self, offset: int) -> "FetchResult":
        """Return what a broker sends from an offset on: from the batch that contains it."""
        batches = [batch for batch in self.batches if _last_offset(batch) >= offset]
        aborted = [transaction for transaction in self.aborted if transaction[2] >= offset]
        return FetchResult(batches, self.end_offset, aborted)


def _last_offset(batch_bytes: bytes) -> int:
    return int.from_bytes(batch_bytes[:8], "big") + int.from_bytes(batch_bytes[23:27], "big")


def build_batch(
    base: int,
    rows: Sequence[Row],
    codec: int = 0,
    producer: int = -1,
    *,
    transactional: bool = False,
    attributes: int = 0,
) -> bytes:
    """Return a batch of the format in use since Kafka 0.11."""
    builder = DefaultRecordBatchBuilder(2, codec, transactional, producer, 0, 0, _MAX_BATCH_BYTES)
    for row in rows:
        builder.append(*row)
    batch = bytearray(builder.build())
    batch[:8] = base.to_bytes(8, "big")
    batch[_ATTRIBUTES + 1] |= attributes
    batch[_CRC:_ATTRIBUTES] = calc_crc32c(bytes(batch[_ATTRIBUTES:])).to_bytes(4, "big")
    return bytes(batch)


def build_marker(base: int, producer: int, *, commit: bool) -> bytes:
    """Return the batch that ends a transaction."""
    key = (0).to_bytes(2, "big") + int(commit).to_bytes(2, "big")
    rows: list[Row] = [(0, 0, key, b"\0" * 6, [])]
    return build_batch(base, rows, producer=producer, transactional=True, attributes=_CONTROL)


def build_legacy_batch(base: int, rows: Sequence[Row], codec: int = 0) -> bytes:
    """Return messages of the earlier format; compressed ones are inside one message more."""
    builder = LegacyRecordBatchBuilder(1, codec, _MAX_BATCH_BYTES)
    for offset, timestamp, key, value, _ in rows:
        builder.append(offset if codec else base + offset, timestamp, key, value)
    batch = bytearray(builder.build())
    if codec:
        batch[:8] = (base + rows[-1][0]).to_bytes(8, "big")
    return bytes(batch)


@st.composite
def record_rows(draw: st.DrawFn) -> list[Row]:
    """Draw records; offsets rise and may have gaps, as after compaction."""
    data = st.none() | st.binary(max_size=20)
    headers = st.lists(st.tuples(st.text(max_size=4), data), max_size=2)
    rows: list[Row] = []
    offset = 0
    for _ in range(draw(st.integers(1, 6))):
        offset += draw(st.integers(0, 2))
        rows.append((offset, draw(st.integers(0, 2**41)), draw(data), draw(data), draw(headers)))
        offset += 1
    return rows


@st.composite
def fetch_results(draw: st.DrawFn) -> FetchResult:
    """Draw batches of several producers, with and without transactions, some of them aborted."""
    batches: list[bytes] = []
    aborted: list[tuple[int, int, int]] = []
    open_transactions: dict[int, int] = {}
    offset = draw(st.integers(0, 1000))
    for _ in range(draw(st.integers(1, 8))):
        offset += draw(st.integers(0, 3))
        kind = draw(st.sampled_from(["plain", "transaction", "end"]))
        rows: Any = draw(record_rows())
        if kind == "end" and open_transactions:
            producer, first = open_transactions.popitem()
            commit = draw(st.booleans())
            if not commit:
                aborted.append((producer, first, offset))
            batches.append(build_marker(offset, producer, commit=commit))
            offset += 1
            continue
        producer = draw(st.integers(1, 2)) if kind == "transaction" else -1
        if kind == "transaction":
            open_transactions.setdefault(producer, offset)
        batches.append(
            build_batch(
                offset,
                rows,
                draw(st.sampled_from(list(CODECS.values()))),
                producer,
                transactional=kind == "transaction",
                attributes=draw(st.sampled_from([0, _LOG_APPEND_TIME])),
            )
        )
        offset += rows[-1][0] + 1
    return FetchResult(batches, offset, aborted)
