"""A replay: files in, hits out, through the same pipeline as the stream."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from streams.files.jsonl import RejectedLine, batches, name_of
from streams.pipeline import Pipeline
from streams.records.hit import Hit


class Step(NamedTuple):
    """What a batch of lines gave."""

    hits: list[Hit]
    rejected: list[RejectedLine]
    reads: int
    matches: int


def replay(
    pipeline: Pipeline,
    path: str,
    now: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[Step]:
    """The steps of a replay of a file of reads.

    Without `now` (ms since 1970 UTC), now is the latest `captured_at` so far, and what alerts and verdicts
    tell of later times follows at the end.

    Raises FileError for a file that cannot be read on; the steps before have been given by then.
    """
    name = name_of(path)
    for lines, numbers in batches(path, progress):
        outcome = pipeline.reads(lines, now)
        rejected = [
            RejectedLine(name, numbers[entry.place], entry.faults, entry.raw) for entry in outcome.rejected
        ]
        yield Step(outcome.hits, rejected, outcome.reads, outcome.matches)
    if now is None:
        yield Step(pipeline.conclude(), [], 0, 0)
