"""The match stage: the bytes of a batch of reads to its matches. Stateless; scales by partitions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from streams.alerts.index import Index
from streams.matching.candidates import Gathering
from streams.matching.country_guard import Refusal
from streams.matching.matcher import Judge
from streams.plates.packed_keys import Columns, columns
from streams.records.decode import Decoded, Rejected, decode_reads
from streams.records.faults import Fault, shown
from streams.records.match import Match
from streams.records.times import to_ms

_AT_ONCE: Final = 2000
"""Reads decoded and looked up at once. More do not fit the second-level cache of today's cores, and with
fewer the fixed costs show; measured, 2,000 are a tenth faster than 4,000 or 500."""


class Matched(NamedTuple):
    """What a batch of reads gave.

    `matches`, in the order of the reads; `newest`, for each match, the latest `captured_at` of the batch up
    to and with its read, in ms since 1970 UTC; `newest_of_all`, that of the whole batch (None if it has no
    read); `rejected`, the records that are no read, in their order; `reads`, how many were reads.
    """

    matches: list[Match]
    newest: list[int]
    newest_of_all: int | None
    rejected: list[Rejected]
    reads: int


def match_batch(records: Sequence[bytes], index: Index, judge: Judge) -> Matched:
    """The matches of a batch of reads given as JSON records.

    Every read is checked whole; a record that is no read is set aside and costs its neighbours nothing.
    """
    rejected: list[Rejected] = []
    gathering = Gathering(index)
    newest_of: dict[int, datetime] = {}
    latest: datetime | None = None
    reads = 0
    for start in range(0, len(records), _AT_ONCE):
        part, batch = _checked(records[start : start + _AT_ONCE])
        rejected += [entry._replace(place=start + entry.place) for entry in part.rejected]
        if not part.reads:
            continue
        clock = _Newest(part.times, latest)
        for row in gathering.add(part.reads, batch):
            newest_of[reads + row] = clock.up_to(row)
        reads += len(part.reads)
        latest = clock.up_to(len(part.reads) - 1)
    matches: list[Match] = []
    newest: list[int] = []
    # Judged one after the other at the end: what judging needs is then in the caches.
    for candidate in gathering.candidates(judge.sieve):
        read = gathering.reads[candidate.row]
        if not index.in_force(candidate.alert, read.captured_at):
            continue
        result = judge.judge(read, candidate.alert)
        if not isinstance(result, Refusal):
            matches.append(Match(read, candidate.alert, result))
            newest.append(to_ms(newest_of[candidate.row]))
    return Matched(matches, newest, to_ms(latest) if latest else None, rejected, reads)


def _checked(records: Sequence[bytes]) -> tuple[Decoded, Columns]:
    """The reads of a batch whose plate is one, and their columns; what is not is among the rejected."""
    decoded = decode_reads(records)
    batch = columns([read.plate for read in decoded.reads])
    if not batch.faults:
        return decoded, batch
    rejected = list(decoded.rejected)
    for row, rule in batch.faults.items():
        place = decoded.places[row]
        fault = Fault("plate", rule, shown(decoded.reads[row].plate, "plate"))
        rejected.append(Rejected(place, (fault,), records[place]))
    rejected.sort(key=lambda entry: entry.place)
    good = [row for row in range(len(decoded.reads)) if row not in batch.faults]
    kept = Decoded(
        [decoded.reads[row] for row in good],
        [decoded.places[row] for row in good],
        [decoded.times[row] for row in good],
        rejected,
    )
    return kept, columns([read.plate for read in kept.reads])


class _Newest:
    """The latest time up to a row of a part; rows are asked in rising order, so each is looked at once."""

    def __init__(self, times: Sequence[datetime], before: datetime | None) -> None:
        self._times = times
        self._latest = before or times[0]
        self._taken = 0

    def up_to(self, row: int) -> datetime:
        """The latest time before the part, or in it up to and with this row."""
        if row >= self._taken:
            self._latest = max(self._latest, max(self._times[self._taken : row + 1]))
            self._taken = row + 1
        return self._latest
