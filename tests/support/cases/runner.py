"""Runners: the ways in which a case can be run. Each gives what came out; none knows what should."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple, Protocol

import msgspec

from streams.files.jsonl import RejectedLine
from streams.files.loading import load_index, load_verdicts
from streams.pipeline import Pipeline
from streams.records.alert import Alert
from streams.records.encode import encode
from streams.records.verdict import Verdict
from streams.replay import replay
from streams.settings.load import parse_settings
from streams.settings.model import Settings
from tests.support.cases.loading import Case, Row
from tests.support.cases.lookback_runner import run_lookback


class Result(NamedTuple):
    """What a case gave.

    The revisions of hits in order, a row for each fault of a rejected line, by file and line, and a row for
    each refused verdict in order; None on Kafka, where the log tells of them.
    """

    hits: list[Row]
    rejected: list[Row]
    refused: list[Row] | None = None


class Runner(Protocol):
    """A way to run cases."""

    @property
    def name(self) -> str:
        """What the runner is called in the names of tests."""

    def run(self, case: Case) -> Result:
        """Runs a case from nothing to its end."""


class ReplayRunner:
    """Runs a case as `anpr replay` or `anpr lookback` does, in this process."""

    name = "replay"

    def run(self, case: Case) -> Result:
        """Runs a case through files in a folder that is gone afterwards."""
        with TemporaryDirectory(prefix="anpr-case-") as name:
            return self._run(case, Path(name))

    def _run(self, case: Case, folder: Path) -> Result:
        if case.command == "lookback":
            return Result(run_lookback(case, folder), [])
        settings = _parse_settings(case.config, f"{case.name}/config.toml")
        loaded = load_index(
            (write_lines(folder / "alerts.jsonl", case.alerts),),
            fuzzy_lists=settings.matching_rules.fuzzy_lists,
        )
        pipeline = Pipeline(settings.pipeline(), loaded.alert_index)
        verdicts, not_taken = load_verdicts(write_lines(folder / "verdicts.jsonl", case.verdicts))
        for verdict in verdicts:
            pipeline.schedule_verdict(verdict, case.now_ms)
        hits: list[Row] = []
        rejected = [*loaded.rejected, *not_taken]
        for step in replay(pipeline, write_lines(folder / "reads.jsonl", case.reads), case.now_ms):
            hits += [msgspec.json.decode(encode(hit)) for hit in step.hits]
            rejected += step.rejected
        for line in case.alerts_after_reads:
            added = pipeline.handle_alert(msgspec.json.decode(line, type=Alert), pipeline.now_ms)
            assert isinstance(added, list), added
            hits += [msgspec.json.decode(encode(hit)) for hit in added]
        return Result(hits, fault_rows(rejected), _refused_rows(pipeline, verdicts))


def _refused_rows(pipeline: Pipeline, verdicts: Sequence[Verdict]) -> list[Row]:
    """Return the refused verdicts with their lines."""
    lines = {(verdict.hit_id, verdict.centre, verdict.at): line for line, verdict in enumerate(verdicts, 1)}
    return [
        {"line": lines[verdict.hit_id, verdict.centre, verdict.at], "rule": rule}
        for verdict, rule, _ in pipeline.pop_refusals()
    ]


@lru_cache(maxsize=4)
def _parse_settings(config: str, name: str) -> Settings:
    """Settings, which nobody changes; a property replays one text of them a thousand times."""
    return parse_settings(config, name)


_SOURCES: Final = ("alerts.jsonl", "verdicts.jsonl", "reads.jsonl")


def write_lines(path: Path, lines: Iterable[bytes]) -> str:
    """Writes lines to a file; returns its path."""
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return str(path)


def fault_rows(rejected: Iterable[RejectedLine]) -> list[Row]:
    """A row for each fault of rejected lines, by file and line."""
    return [
        {"source": entry.source, "line": entry.line_number, **fault._asdict()}
        for entry in sorted(rejected, key=lambda entry: (_SOURCES.index(entry.source), entry.line_number))
        for fault in entry.faults
    ]
