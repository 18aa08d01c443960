"""Arrays of 64-bit words, as snapshots are made of."""

from collections.abc import Iterable, Sequence

import numpy as np
import xxhash
from numpy.typing import NDArray

from streams.alerts.bitmap import UInt64Array


def concatenate(arrays: list[UInt64Array]) -> UInt64Array:
    """Return arrays (uint64) one after another."""
    return np.concatenate(arrays) if arrays else np.zeros(0, dtype=np.uint64)


def is_among(values: UInt64Array, sorted_values: UInt64Array) -> NDArray[np.bool_]:
    """Return, for each value (uint64, n), True if it is among the sorted values (bool, n)."""
    if not len(sorted_values):
        return np.zeros(len(values), dtype=np.bool_)
    found: NDArray[np.bool_] = (
        sorted_values.take(np.searchsorted(sorted_values, values), mode="clip") == values
    )
    return found


def hash_texts(texts: Iterable[bytes]) -> UInt64Array:
    """Return the XXH3-64 of each text (uint64, n)."""
    return np.frombuffer(b"".join(map(xxhash.xxh3_64_digest, texts)), dtype=">u8").astype(np.uint64)


def body_checksums(bodies: Sequence[bytes]) -> list[bytes]:
    """Return the `format.body_checksum` of each body."""
    packed = hash_texts(bodies).astype("<u4").tobytes()
    return [packed[start : start + 4] for start in range(0, len(packed), 4)]
