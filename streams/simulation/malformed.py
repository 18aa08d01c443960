"""Malformed records, as faulty gateways send them."""

from random import Random
from typing import Final

from streams.records.encode import encode
from streams.records.read import Read
from streams.records.times import to_rfc3339

VARIANTS: Final = 5
"""Number of kinds of malformed records."""


def malformed_record(read: Read, rng: Random) -> bytes | None:
    """Return a malformed form of a read.

    It is truncated, has a letter of another alphabet, an invalid time, no camera, or no value at all (None).
    """
    valid = encode(read)
    variants = (
        valid[: len(valid) // 2],
        valid.replace(f'"{read.plate}"'.encode(), f'"Ж{read.plate[1:]}"'.encode()),
        valid.replace(to_rfc3339(read.captured_at).encode(), b"yesterday"),
        valid.replace(b'"camera_id"', b'"kamera"'),
        None,
    )
    return variants[rng.randrange(VARIANTS)]
