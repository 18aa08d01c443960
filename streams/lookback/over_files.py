"""Looking back over files: alerts and reads in, historical hits out, through the same pipeline."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from streams.files.jsonl import RejectedLine, display_name, read_batches
from streams.matching.lookback import LookbackSearch
from streams.pipeline import Pipeline
from streams.records.hit import Hit
from streams.records.match import Match
from streams.records.read import Read


class ScanStep(NamedTuple):
    """What a batch of lines gave; `unplaced` as in `Found`."""

    hits: list[Hit]
    rejected: list[RejectedLine]
    reads: int
    matches: list[Match]
    unplaced: int


def scan_file(
    pipeline: Pipeline,
    search: LookbackSearch,
    path: str,
    now_ms: int,
    country_of: Callable[[Read], str | None],
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[ScanStep]:
    """The steps of looking back over a file of reads, at a time in ms since 1970 UTC.

    Raises FileError for a file that cannot be read on; the steps before have been given by then.
    """
    name = display_name(path)
    for lines, numbers in read_batches(path, progress):
        found = search.search(lines, country_of)
        rejected = [
            RejectedLine(name, numbers[entry.position], entry.faults, entry.raw) for entry in found.rejected
        ]
        hits = pipeline.handle_matches(found.matches, now_ms)
        yield ScanStep(hits, rejected, found.read_count, found.matches, found.unplaced)
