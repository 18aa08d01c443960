"""Reads: how many were taken in an operation's time and place, whatever came of them."""

from collections.abc import Iterable

import xxhash

from streams.network.config import Places
from streams.operations.admission import Operations
from streams.operations.config import OperationConfig
from streams.records.read import Read
from streams.records.times import to_ms


class ReadCounts:
    """Counts the reads of an operation. One that was sent twice, by its camera and `read_id`, is one.

    Of each only a 64-bit digest is kept, so that of ten million some may be taken for one with a chance of
    3 in a million (n² / 2⁶⁵).
    """

    def __init__(self, operation_id: str, operation: OperationConfig, places: Places) -> None:
        self._operation_id = operation_id
        self._operations = Operations({operation_id: operation}, places.sites)
        self._places = places
        self._digests: set[int] = set()

    @property
    def count(self) -> int:
        """How many there were."""
        return len(self._digests)

    def add_reads(self, reads: Iterable[Read]) -> None:
        """Takes reads, of any time and place."""
        for read in reads:
            position = None if read.position is None else (read.position.lat, read.position.lon)
            captured = to_ms(read.captured_at)
            site_id = self._places.site_at(read.camera_id, captured)
            if self._operations.covers(self._operation_id, position, site_id, captured):
                name = f"{len(read.camera_id)} {read.camera_id}{read.read_id}"
                self._digests.add(xxhash.xxh3_64_intdigest(name.encode()))
