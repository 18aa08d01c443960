"""Cases: a folder of inputs, and what must come out of them.

    tests/cases/<group>/<case>/
      README                      what the case shows, then the ids of the rules that it shows, if any
      reads.jsonl                 reads, in the order in which they come
      alerts.jsonl                alerts and withdrawals
      alerts_after_reads.jsonl    alerts that come when all reads have been processed, if any
      verdicts.jsonl              verdicts, if any
      config.toml                 settings, if not the defaults
      options.json                {"now": "…"} for a run as of that time;
                                  {"command": "lookback"} for `anpr lookback` instead of `anpr replay`;
                                  {"kafka": false} for a case that a stream without an end cannot give
      expected/hits.jsonl         the revisions in order, each line a part of the hit; nothing else may come
      expected/rejected.jsonl     {"line", "field"} of every fault in a line that is not processed, if any
      expected/refused.jsonl      {"line", "rule"} of verdicts that are refused, if any
      expected/no_match.jsonl     {"read_id", "alert_id", "rule"} of reads that do not match an alert, if any

A case's name is `<group>/<case>`. The files are those that `anpr replay` reads, so a case can be run by hand;
`anpr explain` says which rule keeps a read from matching. `INDEX.md` lists the cases by rule.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from streams.records.times import parse_time, to_ms

CASES_FOLDER: Final = Path(__file__).resolve().parents[2] / "cases"

Row = dict[str, Any]


class Case(NamedTuple):
    """One case. Inputs are lines without line ends; `now` is in ms since 1970."""

    name: str
    readme: str
    reads: list[bytes]
    alerts: list[bytes]
    verdicts: list[bytes]
    config: str
    now_ms: int | None
    hits: list[Row]
    rejected: list[Row]
    alerts_after_reads: Sequence[bytes] = ()
    command: str = "replay"
    no_match: Sequence[Row] = ()
    refused: Sequence[Row] = ()
    kafka: bool = True

    @property
    def on_kafka(self) -> bool:
        """True if the case can be run on Kafka, where alerts are read before the first read."""
        return self.kafka and self.command == "replay" and not self.alerts_after_reads


def load_case(folder: Path) -> Case:
    """Return the case in a folder. Raises OSError if a required file is missing."""
    options = json.loads(_read_text(folder / "options.json", "{}"))
    return Case(
        name=folder.relative_to(CASES_FOLDER).as_posix(),
        readme=_read_text(folder / "README").strip(),
        reads=_read_lines(folder / "reads.jsonl"),
        alerts=_read_lines(folder / "alerts.jsonl"),
        verdicts=_read_lines(folder / "verdicts.jsonl", ""),
        config=_read_text(folder / "config.toml", ""),
        now_ms=to_ms(parse_time(options["now"])) if "now" in options else None,
        hits=[json.loads(line) for line in _read_lines(folder / "expected/hits.jsonl")],
        rejected=[json.loads(line) for line in _read_lines(folder / "expected/rejected.jsonl", "")],
        alerts_after_reads=_read_lines(folder / "alerts_after_reads.jsonl", ""),
        command=options.get("command", "replay"),
        kafka=options.get("kafka", True),
        refused=[json.loads(line) for line in _read_lines(folder / "expected/refused.jsonl", "")],
        no_match=[json.loads(line) for line in _read_lines(folder / "expected/no_match.jsonl", "")],
    )


def load_all_cases() -> list[Case]:
    """Return all cases, sorted by name."""
    return [load_case(readme.parent) for readme in sorted(CASES_FOLDER.glob("*/*/README"))]


def _read_text(path: Path, missing: str | None = None) -> str:
    if missing is not None and not path.exists():
        return missing
    return path.read_text("utf-8")


def _read_lines(path: Path, missing: str | None = None) -> list[bytes]:
    return _read_text(path, missing).encode().splitlines()
