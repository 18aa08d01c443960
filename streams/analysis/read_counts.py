"""Number of reads in the time and area of an operation."""

from collections.abc import Iterable

import xxhash

from streams.network.config import Places
from streams.operations.admission import Operations
from streams.operations.config import OperationConfig
from streams.records.read import Read
from streams.records.times import to_ms


class ReadCounts:
    """Counter of the reads of an operation; a read sent twice (same camera and `read_id`) counts once.

    Only a 64-bit digest of each is stored: among ten million reads, the probability that any two are taken
    for one is 3 in a million (n² / 2⁶⁵).
    """

    def __init__(self, operation_id: str, operation: OperationConfig, places: Places) -> None:
        self._operation_id = operation_id
        self._operations = Operations({operation_id: operation}, places.sites)
        self._places = places
        self._digests: set[int] = set()

    @property
    def count(self) -> int:
        """The number of different reads."""
        return len(self._digests)

    def add_reads(self, reads: Iterable[Read]) -> None:
        """Add reads; those outside the time and area of the operation are ignored."""
        for read in reads:
            position = None if read.position is None else (read.position.lat, read.position.lon)
            captured_ms = to_ms(read.captured_at)
            site_id = self._places.site_at(read.camera_id, captured_ms)
            if self._operations.covers(self._operation_id, position, site_id, captured_ms):
                # With its length in front, a camera id cannot run into a read id.
                key = f"{len(read.camera_id)} {read.camera_id}{read.read_id}"
                self._digests.add(xxhash.xxh3_64_intdigest(key.encode()))
