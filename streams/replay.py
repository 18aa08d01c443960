"""Replay: reads from a file in, hits out, through the same pipeline as the stream."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from streams.files.jsonl import RejectedLine, display_name, read_batches
from streams.pipeline import Pipeline
from streams.records.hit import Hit
from streams.records.times import Millis


class ReplayStep(NamedTuple):
    """The results of one batch of lines."""

    hits: list[Hit]
    rejected: list[RejectedLine]
    read_count: int
    match_count: int


def replay(
    pipeline: Pipeline,
    path: str,
    now_ms: Millis | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[ReplayStep]:
    """Replay the reads in a file; yield the results batch by batch.

    Without `now_ms`, the present time is the latest `captured_at` so far, and withdrawals and verdicts of
    later times take effect in a last step.

    Raises InputFileError for a file that cannot be read further; the steps before have been yielded by then.
    """
    name = display_name(path)
    for lines, line_numbers in read_batches(path, progress):
        result = pipeline.handle_reads(lines, now_ms)
        rejected = [
            RejectedLine(name, line_numbers[record.position], record.faults, record.raw)
            for record in result.rejected
        ]
        yield ReplayStep(result.hits, rejected, result.read_count, result.match_count)
    if now_ms is None:
        yield ReplayStep(pipeline.flush(), [], 0, 0)
