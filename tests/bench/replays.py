"""A whole replay from files, by the command."""

import subprocess
import sys
from pathlib import Path

from tests.bench.lists import written
from tests.bench.table import seconds, show
from tests.bench.traffic import reads


def run(folder: Path, count: int) -> None:
    """Prints the seconds of `anpr replay` of `count` reads against `count` alerts."""
    alerts_file = written(folder, count)
    reads_file = folder / "reads.jsonl"
    with reads_file.open("wb") as file:
        for record in reads(count, 11, 0.005, count):
            file.write(record + b"\n")
    hits_file = folder / "hits.jsonl"
    command = [str(Path(sys.executable).with_name("anpr")), "replay", "--alerts", str(alerts_file)]
    command += ["--reads", str(reads_file), "--out", str(hits_file)]
    taken = [seconds(lambda: subprocess.run(command, check=True, capture_output=True)) for _ in range(3)]
    alerts_file.unlink()
    reads_file.unlink()
    show(
        f"`anpr replay` of {count:,} reads against {count:,} alerts from files (fastest and slowest of 3)",
        ("measured", "target"),
        ((f"{min(taken):.1f} to {max(taken):.1f} s", "≤ 15 s at 1 M"),),
    )
