"""Records that are no reads, as gateways with a fault send them."""

from random import Random
from typing import Final

from streams.records.encode import encode
from streams.records.read import Read
from streams.records.times import to_rfc3339

VARIANTS: Final = 5
"""In how many ways a record is spoiled."""


def malformed_record(read: Read, rng: Random) -> bytes | None:
    """A read cut short, with a letter of another alphabet, a time that is none, no camera, or no value."""
    good = encode(read)
    ways = (
        good[: len(good) // 2],
        good.replace(f'"{read.plate}"'.encode(), f'"Ж{read.plate[1:]}"'.encode()),
        good.replace(to_rfc3339(read.captured_at).encode(), b"yesterday"),
        good.replace(b'"camera_id"', b'"kamera"'),
        None,
    )
    return ways[rng.randrange(VARIANTS)]
