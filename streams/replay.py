"""A replay: files in, hits out, through the same pipeline as the stream."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from streams.files.jsonl import RejectedLine, display_name, read_batches
from streams.pipeline import Pipeline
from streams.records.hit import Hit


class ReplayStep(NamedTuple):
    """What a batch of lines gave."""

    hits: list[Hit]
    rejected: list[RejectedLine]
    read_count: int
    match_count: int


def replay(
    pipeline: Pipeline,
    path: str,
    now_ms: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[ReplayStep]:
    """The steps of a replay of a file of reads.

    Without `now` (ms since 1970 UTC), now is the latest `captured_at` so far, and what alerts and verdicts
    tell of later times follows at the end.

    Raises FileError for a file that cannot be read on; the steps before have been given by then.
    """
    name = display_name(path)
    for lines, numbers in read_batches(path, progress):
        outcome = pipeline.handle_reads(lines, now_ms)
        rejected = [
            RejectedLine(name, numbers[entry.position], entry.faults, entry.raw) for entry in outcome.rejected
        ]
        yield ReplayStep(outcome.hits, rejected, outcome.read_count, outcome.match_count)
    if now_ms is None:
        yield ReplayStep(pipeline.flush(), [], 0, 0)
