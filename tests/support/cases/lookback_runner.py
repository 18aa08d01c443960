"""The runner of cases of `anpr lookback` over files."""

import json
from pathlib import Path

from streams.records.times import from_ms, to_rfc3339
from tests.support.cases.loading import Case, Row
from tests.support.commands import run_anpr


def run_lookback(case: Case, folder: Path) -> list[Row]:
    """Return the hits that `anpr lookback` writes for the files of a case, as of the case's `now`."""
    assert case.now_ms is not None, f"{case.name}: options.json needs `now`"
    files = {"alerts": case.alerts, "reads": case.reads, "config": case.config.encode().splitlines()}
    arguments = ["lookback", "--now", to_rfc3339(from_ms(case.now_ms)), "--json"]
    for name, lines in files.items():
        path = folder / name
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        arguments += [f"--{name}", str(path)]
    result = run_anpr(*arguments)
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]
