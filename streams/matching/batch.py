"""The match stage: raw reads of a batch in, matches out. Stateless; scales with the partitions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from streams.alerts.index import Index
from streams.matching.candidates import CandidateCollector
from streams.matching.matcher import Matcher
from streams.matching.no_match import NoMatch
from streams.matching.plausible_time import ImplausibleRead, TimeCheck
from streams.plates.plate_columns import PlateColumns, to_columns
from streams.records.decode import DecodedReads, RejectedRecord, decode_reads, time_span
from streams.records.faults import Fault, shown_value
from streams.records.match import Match
from streams.records.read import Read
from streams.records.times import Millis, to_ms

_CHUNK_READS: Final = 2000
"""Reads decoded and looked up at once. More do not fit the second-level cache of current processors, and
with fewer the fixed costs show; measured, 2,000 are 10 % faster than 4,000 or 500."""


class BatchResult(NamedTuple):
    """The result of matching a batch of reads.

    `matches` are in the order of the reads, `rejected` the records that are not valid reads, in their order.
    `watermarks_ms` has for each match the greatest `captured_at` of the batch up to and including its read,
    `watermark_ms` the greatest of the whole batch (None without reads). `read_count` counts the valid reads.
    `implausible` are the valid reads that were set aside for their times; they count nowhere else.
    """

    matches: list[Match]
    watermarks_ms: list[Millis]
    watermark_ms: Millis | None
    rejected: list[RejectedRecord]
    read_count: int
    implausible: Sequence[ImplausibleRead] = ()


def match_batch(
    records: Sequence[bytes],
    index: Index,
    matcher: Matcher,
    times: TimeCheck | None = None,
    positions: Sequence[int] | None = None,
) -> BatchResult:
    """Match a batch of raw reads (JSON records) against the alert lists.

    Each record is validated completely; an invalid one is rejected without affecting the others. `times`
    checks when the reads were captured, and may hold some back for a later batch. `positions` are those by
    which rejected records are named, by default those in the batch.
    """
    positions = range(len(records)) if positions is None else positions
    rejected: list[RejectedRecord] = []
    implausible: list[ImplausibleRead] = []
    collector = CandidateCollector(index)
    watermark_by_row: dict[int, datetime] = {}
    latest: datetime | None = None
    read_count = 0
    for start in range(0, len(records), _CHUNK_READS):
        lines = records[start : start + _CHUNK_READS]
        chunk, plate_columns = _decode_valid(lines)
        rejected += [entry._replace(position=positions[start + entry.position]) for entry in chunk.rejected]
        if times is not None:
            sifted = times.sift(chunk, lines, positions[start : start + _CHUNK_READS])
            if sifted is not None:
                implausible += sifted.set_aside
                chunk, plate_columns = _with_columns(sifted.reads)
        if not chunk.reads:
            continue
        watermark = _Watermark(chunk.times, latest)
        for row in collector.add(chunk.reads, plate_columns):
            watermark_by_row[read_count + row] = watermark.up_to(row)
        read_count += len(chunk.reads)
        latest = watermark.up_to(len(chunk.reads) - 1)
    matches: list[Match] = []
    watermarks_ms: list[Millis] = []
    # Matched together at the end, so that what the matcher needs stays in the processor's caches.
    for candidate in collector.candidates(matcher.prefilter):
        read = collector.reads[candidate.row]
        if not index.is_effective(candidate.alert, read.captured_at):
            continue
        result = matcher.match(read, candidate.alert)
        if not isinstance(result, NoMatch):
            matches.append(Match(read, candidate.alert, result))
            watermarks_ms.append(to_ms(watermark_by_row[candidate.row]))
    watermark_ms = to_ms(latest) if latest else None
    return BatchResult(matches, watermarks_ms, watermark_ms, rejected, read_count, implausible)


def _decode_valid(records: Sequence[bytes]) -> tuple[DecodedReads, PlateColumns]:
    """Decode the reads of a batch and their plates; reject those whose plate is invalid."""
    decoded = decode_reads(records)
    plate_columns = to_columns([read.plate for read in decoded.reads])
    if not plate_columns.faults:
        return decoded, plate_columns
    rejected = list(decoded.rejected)
    for row, rule in plate_columns.faults.items():
        position = decoded.indices[row]
        fault = Fault("plate", rule, shown_value(decoded.reads[row].plate, "plate"))
        rejected.append(RejectedRecord(position, (fault,), records[position]))
    rejected.sort(key=lambda entry: entry.position)
    rows = [row for row in range(len(decoded.reads)) if row not in plate_columns.faults]
    times = [decoded.times[row] for row in rows]
    valid = DecodedReads(
        [decoded.reads[row] for row in rows],
        [decoded.indices[row] for row in rows],
        times,
        rejected,
        time_span(times),
    )
    return valid, to_columns([read.plate for read in valid.reads])


def _with_columns(reads: list[Read]) -> tuple[DecodedReads, PlateColumns]:
    """Return reads as a chunk of their own, with their plates; they are at no position in a batch."""
    times = [read.captured_at for read in reads]
    return DecodedReads(reads, (), times, [], time_span(times)), to_columns([read.plate for read in reads])


class _Watermark:
    """The greatest time up to a row of a chunk. Ask for rows in ascending order: each time is read once."""

    def __init__(self, times: Sequence[datetime], initial: datetime | None) -> None:
        self._times = times
        self._latest = initial or times[0]
        self._next_row = 0

    def up_to(self, row: int) -> datetime:
        """Return the greatest time before the chunk, or in it up to and including a row."""
        if row >= self._next_row:
            self._latest = max(self._latest, max(self._times[self._next_row : row + 1]))
            self._next_row = row + 1
        return self._latest
