"""Lookback over files: alerts and reads in, historical hits out, through the same pipeline."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from streams.files.jsonl import RejectedLine, display_name, read_batches
from streams.matching.lookback import LookbackSearch
from streams.pipeline import Pipeline
from streams.records.hit import Hit
from streams.records.match import Match
from streams.records.read import Read
from streams.records.times import Millis


class ScanStep(NamedTuple):
    """The result of a batch of lines; `unplaced` is as in `LookbackResult`."""

    hits: list[Hit]
    rejected: list[RejectedLine]
    reads: int
    matches: list[Match]
    unplaced: int


def scan_file(
    pipeline: Pipeline,
    search: LookbackSearch,
    path: str,
    now_ms: Millis,
    country_of: Callable[[Read], str | None],
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[ScanStep]:
    """Run a lookback over a file of reads, at a given time; yield a step for each batch of lines.

    `country_of` returns the country of a read's camera, or None if it is unknown; `progress` is as in
    `read_batches`. Raises InputFileError for a file that cannot be read to its end, after the steps before
    that.
    """
    name = display_name(path)
    for lines, line_numbers in read_batches(path, progress):
        result = search.search(lines, country_of)
        rejected = [
            RejectedLine(name, line_numbers[entry.position], entry.faults, entry.raw)
            for entry in result.rejected
        ]
        hits = pipeline.handle_matches(result.matches, now_ms)
        yield ScanStep(hits, rejected, result.read_count, result.matches, result.unplaced)
