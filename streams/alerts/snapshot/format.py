"""The snapshot file: how it is laid out, and what makes one acceptable.

    magic (8 bytes) · length of the header (u32) · checksum of the header (u64) · header (JSON)
    bodies       each: checksum (u32) and the alert as JSON
    hashes       u64, sorted: the mixed key of every spelling of every plate
    refs         u64, by hash: where the body is, offset << 20 | length
    id_hashes    u64, sorted: the hash of every alert's key
    id_refs      u64, by id hash: where the body is
    bitmap       the bits of the hashes
    patterns     u64: where the bodies of alerts with wildcards are
    withdrawals  JSON lines
    source       JSON: the topic it was read from; empty if it was made from files
    plates       u64: the packed key of every spelling of every plate, by list, in a list sorted, each once
    lists        JSON: for each list_id where its plates begin, and how many they are

Numbers are little-endian. The checksum of every section is in the header; a body has its own, so that the
bodies, by far the largest part, need not be read to open the file.
"""

from typing import Final

import msgspec
import xxhash

from streams.runtime.errors import OperatorError

MAGIC: Final = b"ANPRLIST"
FORMAT_VERSION: Final = 3
HEADER_BYTES: Final = 4096
LENGTH_BITS: Final = 20
LENGTH_MASK: Final = (1 << LENGTH_BITS) - 1
SECTIONS: Final = (
    "hashes",
    "refs",
    "id_hashes",
    "id_refs",
    "bitmap",
    "patterns",
    "withdrawals",
    "source",
    "plates",
    "lists",
)


class Section(msgspec.Struct, frozen=True):
    """Where a section is, in bytes from the start of the file, and the XXH3-64 of its bytes."""

    offset: int
    length: int
    checksum: int


class Header(msgspec.Struct, frozen=True):
    """What the file says of itself."""

    format_version: int
    classes: str
    """The confusable classes its keys were made with."""
    alerts: int
    log2_bits: int
    file_bytes: int
    log_order: bool
    """Whether the last entry of a key counts, as in a compacted topic, or the highest version."""
    sections: dict[str, Section]


class SnapshotSource(msgspec.Struct, frozen=True):
    """The topic that a snapshot was read from, and how far.

    `next_offsets` has for each partition, by its number, the offset of the first record not in the file; all
    records before those were there at `taken_at` (ms since 1970 UTC).
    """

    cluster_id: str
    topic: str
    topic_id: str | None
    """The id that Kafka gave the topic; None if the brokers tell none. A topic made anew has another."""
    next_offsets: dict[int, int]
    taken_at: int


class SnapshotError(OperatorError):
    """A snapshot file that cannot be used; the message says why and what to do."""


def checksum(data: bytes | memoryview) -> int:
    """XXH3-64 of some bytes."""
    return xxhash.xxh3_64_intdigest(data)


def body_checksum(body: bytes) -> bytes:
    """The four bytes in front of a body."""
    return (xxhash.xxh3_64_intdigest(body) & 0xFFFFFFFF).to_bytes(4, "little")


def id_hash(list_id: str, alert_id: str) -> int:
    """The hash of an alert's key."""
    return xxhash.xxh3_64_intdigest(f"{list_id}/{alert_id}".encode())


def pack_header(header: Header) -> bytes:
    """The first HEADER_BYTES bytes of the file."""
    text = msgspec.json.encode(header)
    front = MAGIC + len(text).to_bytes(4, "little") + checksum(text).to_bytes(8, "little") + text
    return front.ljust(HEADER_BYTES, b"\0")


def unpack_header(front: bytes, name: str) -> Header:
    """The header from the first HEADER_BYTES bytes of a file.

    Raises SnapshotError for a file that is no snapshot, is damaged, or is of another version.
    """
    again = "delete it and build it anew from the lists"
    if front[: len(MAGIC)] != MAGIC:
        raise SnapshotError(f"{name}: not a snapshot of alert lists; {again}")
    length = int.from_bytes(front[8:12], "little")
    text = front[20 : 20 + length]
    if len(text) != length or checksum(text) != int.from_bytes(front[12:20], "little"):
        raise SnapshotError(f"{name}: the header is damaged; {again}")
    try:
        version = msgspec.json.decode(text)["format_version"]
        if version != FORMAT_VERSION:
            raise SnapshotError(
                f"{name}: a snapshot of format {version}; this version reads {FORMAT_VERSION}; {again}"
            )
        return msgspec.json.decode(text, type=Header)
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        raise SnapshotError(f"{name}: the header is not understood ({error}); {again}") from error
