"""The format of a snapshot file.

    magic (8 bytes) · length of the header (u32) · checksum of the header (u64) · header (JSON)
    bodies       each: checksum (u32) and the alert as JSON
    hashes       u64, sorted: the mixed key of every spelling of every plate
    refs         u64, by hash: where the body is, offset << 20 | length
    id_hashes    u64, sorted: the hash of every alert's key
    id_refs      u64, by id hash: where the body is
    bitmap       the bits of the hashes
    patterns     u64: where the bodies of alerts with wildcards are
    withdrawals  JSON lines
    source       JSON: the topic the file was read from; empty if it was made from files
    plates       u64: the packed key of every spelling of every plate, by list; sorted and unique in each list
    lists        JSON: for each list_id the index of its first plate and the number of its plates

Integers are little-endian. The checksum of every section is in the header; a body has its own, so that the
bodies, by far the largest part, need not be read to open the file.
"""

from typing import Final

import msgspec
import xxhash

from streams.records.times import Millis
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
REBUILD_ADVICE: Final = "delete the file and build it again from the alert lists"


class Section(msgspec.Struct, frozen=True):
    """The position of a section, in bytes from the start of the file, and the XXH3-64 of its bytes."""

    offset: int
    length: int
    checksum: int


class Header(msgspec.Struct, frozen=True):
    """The header of a snapshot file."""

    format_version: int
    classes: str
    """The fingerprint of the confusable classes with which the keys were made."""
    alerts: int
    log2_bits: int
    file_bytes: int
    log_order: bool
    """True if the last entry of a key counts, as in a compacted topic; False if the highest version does."""
    sections: dict[str, Section]


class SnapshotSource(msgspec.Struct, frozen=True):
    """The topic from which a snapshot was read, and up to which offsets."""

    cluster_id: str
    topic: str
    topic_id: str | None
    """The id that Kafka gave the topic; None if the brokers give none. A topic created again has another."""
    next_offsets: dict[int, int]
    """By partition, the offset of the first record that is not in the file."""
    taken_at: Millis
    """When all records before those offsets were already on the topic."""


class SnapshotError(OperatorError):
    """A snapshot file that cannot be used; the message says why and what to do."""


def checksum(data: bytes | memoryview) -> int:
    """Return the XXH3-64 of bytes."""
    return xxhash.xxh3_64_intdigest(data)


def body_checksum(body: bytes) -> bytes:
    """Return the four bytes that precede a body."""
    return (xxhash.xxh3_64_intdigest(body) & 0xFFFFFFFF).to_bytes(4, "little")


def id_hash(list_id: str, alert_id: str) -> int:
    """Return the hash of an alert's key."""
    return xxhash.xxh3_64_intdigest(f"{list_id}/{alert_id}".encode())


def pack_header(header: Header) -> bytes:
    """Return the first HEADER_BYTES bytes of a file."""
    text = msgspec.json.encode(header)
    front = MAGIC + len(text).to_bytes(4, "little") + checksum(text).to_bytes(8, "little") + text
    return front.ljust(HEADER_BYTES, b"\0")


def unpack_header(front: bytes, name: str) -> Header:
    """Return the header from the first HEADER_BYTES bytes of a file; `name` is the file's, for messages.

    Raises SnapshotError for a file that is not a snapshot, is damaged, or is of another version.
    """
    if front[: len(MAGIC)] != MAGIC:
        raise SnapshotError(f"{name}: not a snapshot of alert lists; {REBUILD_ADVICE}")
    length = int.from_bytes(front[8:12], "little")
    text = front[20 : 20 + length]
    if len(text) != length or checksum(text) != int.from_bytes(front[12:20], "little"):
        raise SnapshotError(f"{name}: the header is damaged; {REBUILD_ADVICE}")
    try:
        version = msgspec.json.decode(text)["format_version"]
        if version != FORMAT_VERSION:
            raise SnapshotError(
                f"{name}: a snapshot of format {version}, but this version reads format {FORMAT_VERSION}; "
                f"{REBUILD_ADVICE}"
            )
        return msgspec.json.decode(text, type=Header)
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        raise SnapshotError(f"{name}: the header cannot be decoded ({error}); {REBUILD_ADVICE}") from error
