"""Cases: a folder of inputs, and what must come out of them.

    tests/cases/<name>/
      README                   what the case shows, in a line or two
      reads.jsonl              reads, in the order in which they come
      alerts.jsonl             alerts and withdrawals
      verdicts.jsonl           verdicts, if any
      config.toml              settings, if not the defaults
      options.json             {"now": "…"} for a run as of that time
      expected/hits.jsonl      the revisions in order, each line a part of the hit; nothing else may come
      expected/rejected.jsonl  {"line", "field"} of every fault in a line that is not taken, if any

The files are those that `anpr replay` takes, so a case can be run by hand.
"""

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

from streams.records.times import parse_time, to_ms

FOLDER: Final = Path(__file__).resolve().parents[2] / "cases"

Row = dict[str, Any]


class Case(NamedTuple):
    """One case. `reads`, `alerts` and `verdicts` are lines without line ends; `now` is in ms since 1970."""

    name: str
    readme: str
    reads: list[bytes]
    alerts: list[bytes]
    verdicts: list[bytes]
    config: str
    now: int | None
    hits: list[Row]
    rejected: list[Row]


def load(folder: Path) -> Case:
    """The case in a folder. Raises OSError for a file that a case must have and this one has not."""
    options = json.loads(_text(folder / "options.json", "{}"))
    return Case(
        name=folder.name,
        readme=_text(folder / "README").strip(),
        reads=_lines(folder / "reads.jsonl"),
        alerts=_lines(folder / "alerts.jsonl"),
        verdicts=_lines(folder / "verdicts.jsonl", ""),
        config=_text(folder / "config.toml", ""),
        now=to_ms(parse_time(options["now"])) if "now" in options else None,
        hits=[json.loads(line) for line in _lines(folder / "expected/hits.jsonl")],
        rejected=[json.loads(line) for line in _lines(folder / "expected/rejected.jsonl", "")],
    )


def all_cases() -> list[Case]:
    """All cases, by name."""
    return [load(folder) for folder in sorted(FOLDER.iterdir()) if (folder / "README").exists()]


def _text(path: Path, missing: str | None = None) -> str:
    if missing is not None and not path.exists():
        return missing
    return path.read_text("utf-8")


def _lines(path: Path, missing: str | None = None) -> list[bytes]:
    return _text(path, missing).encode().splitlines()
