"""Replay: reads from a file in, hits out, through the same pipeline as the stream."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from streams.files.jsonl import InputFileError, RejectedLine, display_name, read_batches
from streams.pipeline import Pipeline, PipelineResult
from streams.records.decode import RejectedRecord
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

    Without `now_ms`, the present time is the latest plausible `captured_at` so far
    (`streams.matching.estimated_present`), and withdrawals and verdicts of later times take effect in a last
    step. With it, the last step amends the hits of passages that are over by then. Reads with implausible
    times are among the rejected lines.

    Raises InputFileError for a file that cannot be read further; the steps before have been yielded by then.
    """
    name = display_name(path)
    times = pipeline.check_times(now_ms)
    damage: InputFileError | None = None
    try:
        for lines, line_numbers in read_batches(path, progress):
            yield _step(name, pipeline.handle_reads(lines, now_ms, times, line_numbers))
    except InputFileError as error:
        damage = error
    held = times.finish()
    if held.records or held.set_aside:
        step = _step(name, pipeline.handle_reads(held.records, now_ms, positions=held.positions))
        yield step._replace(rejected=[_rejected_line(name, read.record) for read in held.set_aside])
    if damage is not None:
        raise damage
    hits = pipeline.flush() if now_ms is None else pipeline.end_passages(now_ms)
    yield ReplayStep(hits, [], 0, 0)


def _step(name: str, result: PipelineResult) -> ReplayStep:
    rejected = [_rejected_line(name, record) for record in result.rejected]
    return ReplayStep(result.hits, rejected, result.read_count, result.match_count)


def _rejected_line(name: str, record: RejectedRecord) -> RejectedLine:
    return RejectedLine(name, record.position, record.faults, record.raw)
