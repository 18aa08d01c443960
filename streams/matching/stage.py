"""The match stage: the bytes of a batch of reads to its matches. Stateless; scales by partitions."""

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from streams.lists.index import Index
from streams.matching.country import Refusal
from streams.matching.judge import Judge
from streams.plates.keys import columns
from streams.records.decode import Rejected, decode_reads
from streams.records.faults import Fault, shown
from streams.records.match import Match
from streams.records.read import Read
from streams.records.times import to_ms


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
    reads, places, rejected = decode_reads(records)
    batch = columns([read.plate for read in reads])
    if batch.faults:
        for row, rule in batch.faults.items():
            fault = Fault("plate", rule, shown(reads[row].plate, "plate"))
            rejected.append(Rejected(places[row], (fault,), records[places[row]]))
        rejected.sort(key=lambda entry: entry.index)
        reads = [read for row, read in enumerate(reads) if row not in batch.faults]
        batch = columns([read.plate for read in reads])
    matches: list[Match] = []
    newest: list[int] = []
    clock = _Newest(reads)
    for candidate in index.find(batch):
        read = reads[candidate.row]
        if not index.in_force(candidate.alert, to_ms(read.captured_at)):
            continue
        result = judge.judge(read, candidate.alert)
        if not isinstance(result, Refusal):
            matches.append(Match(read, candidate.alert, result))
            newest.append(clock.up_to(candidate.row))
    return Matched(matches, newest, clock.up_to(len(reads) - 1) if reads else None, rejected, len(reads))


class _Newest:
    """The latest `captured_at` of a batch up to a row; rows are asked in rising order, each looked at once."""

    def __init__(self, reads: Sequence[Read]) -> None:
        self._times = (read.captured_at for read in reads)
        self._latest = reads[0].captured_at if reads else None
        self._taken = 0

    def up_to(self, row: int) -> int:
        """In ms since 1970 UTC, up to and with the read of this row."""
        assert self._latest is not None, "asked of a batch with reads"
        ahead = islice(self._times, row + 1 - self._taken)
        self._latest = max(max(ahead, default=self._latest), self._latest)
        self._taken = row + 1
        return to_ms(self._latest)
