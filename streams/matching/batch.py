"""The match stage: the bytes of a batch of reads to its matches. Stateless; scales by partitions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from streams.alerts.index import Index
from streams.matching.candidates import CandidateCollector
from streams.matching.matcher import Matcher
from streams.matching.no_match import NoMatch
from streams.plates.packed_keys import PlateColumns, to_columns
from streams.records.decode import DecodedReads, RejectedRecord, decode_reads
from streams.records.faults import Fault, shown_value
from streams.records.match import Match
from streams.records.times import to_ms

_CHUNK_READS: Final = 2000
"""Reads decoded and looked up at once. More do not fit the second-level cache of today's cores, and with
fewer the fixed costs show; measured, 2,000 are a tenth faster than 4,000 or 500."""


class BatchResult(NamedTuple):
    """What a batch of reads gave.

    `matches`, in the order of the reads; `newest`, for each match, the latest `captured_at` of the batch up
    to and with its read, in ms since 1970 UTC; `newest_of_all`, that of the whole batch (None if it has no
    read); `rejected`, the records that are no read, in their order; `reads`, how many were reads.
    """

    matches: list[Match]
    watermarks_ms: list[int]
    watermark_ms: int | None
    rejected: list[RejectedRecord]
    read_count: int


def match_batch(records: Sequence[bytes], index: Index, matcher: Matcher) -> BatchResult:
    """The matches of a batch of reads given as JSON records.

    Every read is checked whole; a record that is no read is set aside and costs its neighbours nothing.
    """
    rejected: list[RejectedRecord] = []
    gathering = CandidateCollector(index)
    newest_of: dict[int, datetime] = {}
    latest: datetime | None = None
    reads = 0
    for start in range(0, len(records), _CHUNK_READS):
        part, batch = _decode_valid(records[start : start + _CHUNK_READS])
        rejected += [entry._replace(position=start + entry.position) for entry in part.rejected]
        if not part.reads:
            continue
        clock = _Watermark(part.times, latest)
        for row in gathering.add(part.reads, batch):
            newest_of[reads + row] = clock.up_to(row)
        reads += len(part.reads)
        latest = clock.up_to(len(part.reads) - 1)
    matches: list[Match] = []
    newest: list[int] = []
    # Judged one after the other at the end: what judging needs is then in the caches.
    for candidate in gathering.candidates(matcher.prefilter):
        read = gathering.reads[candidate.row]
        if not index.is_effective(candidate.alert, read.captured_at):
            continue
        result = matcher.match(read, candidate.alert)
        if not isinstance(result, NoMatch):
            matches.append(Match(read, candidate.alert, result))
            newest.append(to_ms(newest_of[candidate.row]))
    return BatchResult(matches, newest, to_ms(latest) if latest else None, rejected, reads)


def _decode_valid(records: Sequence[bytes]) -> tuple[DecodedReads, PlateColumns]:
    """The reads of a batch whose plate is one, and their columns; what is not is among the rejected."""
    decoded = decode_reads(records)
    batch = to_columns([read.plate for read in decoded.reads])
    if not batch.faults:
        return decoded, batch
    rejected = list(decoded.rejected)
    for row, rule in batch.faults.items():
        place = decoded.indices[row]
        fault = Fault("plate", rule, shown_value(decoded.reads[row].plate, "plate"))
        rejected.append(RejectedRecord(place, (fault,), records[place]))
    rejected.sort(key=lambda entry: entry.position)
    good = [row for row in range(len(decoded.reads)) if row not in batch.faults]
    kept = DecodedReads(
        [decoded.reads[row] for row in good],
        [decoded.indices[row] for row in good],
        [decoded.times[row] for row in good],
        rejected,
    )
    return kept, to_columns([read.plate for read in kept.reads])


class _Watermark:
    """The latest time up to a row of a part; rows are asked in rising order, so each is looked at once."""

    def __init__(self, times: Sequence[datetime], initial: datetime | None) -> None:
        self._times = times
        self._latest = initial or times[0]
        self._next_row = 0

    def up_to(self, row: int) -> datetime:
        """The latest time before the part, or in it up to and with this row."""
        if row >= self._next_row:
            self._latest = max(self._latest, max(self._times[self._next_row : row + 1]))
            self._next_row = row + 1
        return self._latest
