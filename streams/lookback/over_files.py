"""Looking back over files: alerts and reads in, historical hits out, through the same pipeline."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from streams.files.jsonl import RejectedLine, batches, name_of
from streams.matching.lookback import LookingBack
from streams.pipeline import Pipeline
from streams.records.hit import Hit
from streams.records.match import Match
from streams.records.read import Read


class Step(NamedTuple):
    """What a batch of lines gave; `unplaced` as in `Found`."""

    hits: list[Hit]
    rejected: list[RejectedLine]
    reads: int
    matches: list[Match]
    unplaced: int


def look_back(
    pipeline: Pipeline,
    looking: LookingBack,
    path: str,
    now: int,
    country_of: Callable[[Read], str | None],
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[Step]:
    """The steps of looking back over a file of reads, at a time in ms since 1970 UTC.

    Raises FileError for a file that cannot be read on; the steps before have been given by then.
    """
    name = name_of(path)
    for lines, numbers in batches(path, progress):
        found = looking.take(lines, country_of)
        rejected = [
            RejectedLine(name, numbers[entry.place], entry.faults, entry.raw) for entry in found.rejected
        ]
        hits = pipeline.matches(found.matches, now)
        yield Step(hits, rejected, found.reads, found.matches, found.unplaced)
