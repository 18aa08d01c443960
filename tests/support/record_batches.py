"""What brokers answer to a fetch, made here: record batches of all formats, as bytes."""

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
    """The bytes of each batch, the offset behind the last, and the aborted transactions as (producer, first
    offset, offset of the marker)."""

    batches: list[bytes]
    end_offset: int
    aborted: list[tuple[int, int, int]]

    def from_offset(self, offset: int) -> "FetchResult":
        """What a broker gives from an offset on: from the batch that it lies in."""
        batches = [each for each in self.batches if _last_offset(each) >= offset]
        return FetchResult(batches, self.end_offset, [each for each in self.aborted if each[2] >= offset])


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
    """A batch of the format in use since Kafka 0.11."""
    builder = DefaultRecordBatchBuilder(2, codec, transactional, producer, 0, 0, _MAX_BATCH_BYTES)
    for row in rows:
        builder.append(*row)
    made = bytearray(builder.build())
    made[:8] = base.to_bytes(8, "big")
    made[_ATTRIBUTES + 1] |= attributes
    made[_CRC:_ATTRIBUTES] = calc_crc32c(bytes(made[_ATTRIBUTES:])).to_bytes(4, "big")
    return bytes(made)


def build_marker(base: int, producer: int, *, commit: bool) -> bytes:
    """The batch that ends a transaction."""
    key = (0).to_bytes(2, "big") + int(commit).to_bytes(2, "big")
    rows: list[Row] = [(0, 0, key, b"\0" * 6, [])]
    return build_batch(base, rows, producer=producer, transactional=True, attributes=_CONTROL)


def build_legacy_batch(base: int, rows: Sequence[Row], codec: int = 0) -> bytes:
    """Messages of the format before; compressed ones lie in one more message around them."""
    builder = LegacyRecordBatchBuilder(1, codec, _MAX_BATCH_BYTES)
    for offset, timestamp, key, value, _ in rows:
        builder.append(offset if codec else base + offset, timestamp, key, value)
    made = bytearray(builder.build())
    if codec:
        made[:8] = (base + rows[-1][0]).to_bytes(8, "big")
    return bytes(made)


@st.composite
def record_rows(draw: st.DrawFn) -> list[Row]:
    """Some records; offsets rise and may leave holes, as compaction does."""
    data = st.none() | st.binary(max_size=20)
    headers = st.lists(st.tuples(st.text(max_size=4), data), max_size=2)
    made: list[Row] = []
    offset = 0
    for _ in range(draw(st.integers(1, 6))):
        offset += draw(st.integers(0, 2))
        made.append((offset, draw(st.integers(0, 2**41)), draw(data), draw(data), draw(headers)))
        offset += 1
    return made


@st.composite
def fetch_results(draw: st.DrawFn) -> FetchResult:
    """Batches of several producers, with and without transactions, some of them taken back."""
    batches: list[bytes] = []
    aborted: list[tuple[int, int, int]] = []
    begun: dict[int, int] = {}
    offset = draw(st.integers(0, 1000))
    for _ in range(draw(st.integers(1, 8))):
        offset += draw(st.integers(0, 3))
        kind = draw(st.sampled_from(["plain", "transaction", "end"]))
        some: Any = draw(record_rows())
        if kind == "end" and begun:
            producer, first = begun.popitem()
            commit = draw(st.booleans())
            if not commit:
                aborted.append((producer, first, offset))
            batches.append(build_marker(offset, producer, commit=commit))
            offset += 1
            continue
        producer = draw(st.integers(1, 2)) if kind == "transaction" else -1
        if kind == "transaction":
            begun.setdefault(producer, offset)
        batches.append(
            build_batch(
                offset,
                some,
                draw(st.sampled_from(list(CODECS.values()))),
                producer,
                transactional=kind == "transaction",
                attributes=draw(st.sampled_from([0, _LOG_APPEND_TIME])),
            )
        )
        offset += some[-1][0] + 1
    return FetchResult(batches, offset, aborted)
