"""Figures: `python -m tests.bench [--quick] [--PART]`.

`--quick` takes a tenth of the alerts and vehicles. Without a part, all run; `--match` measures the match
stage only, `--correlate` correlation, `--bounded` the cost of one event by how much is remembered,
`--journeys` how well journeys are found, `--misreads` the posterior, `--frames` the posterior of several
reads of one passage.
"""

import multiprocessing
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench import bounded, correlate, frames, journeys, lists, match, misreads, modes, replays
from tests.bench.table import machine


def main() -> None:
    """Runs the parts one after the other, each in a process of its own."""
    scale = 10 if "--quick" in sys.argv[1:] else 1
    sizes = (1_000, 1_000_000 // scale, 10_000_000 // scale)
    print(f"Measured on {machine()}; other work on the machine changes the figures, ratios less.")
    if "--misreads" in sys.argv[1:]:
        apart(misreads.run)
        return
    if "--frames" in sys.argv[1:]:
        apart(frames.run, scale)
        return
    remembered = (1_000, 10_000, 100_000 // scale)
    if "--bounded" in sys.argv[1:]:
        apart(bounded.run, remembered)
        return
    if "--correlate" in sys.argv[1:]:
        apart(correlate.run, 20_000 // scale)
        return
    if "--journeys" in sys.argv[1:]:
        apart(journeys.run, scale)
        return
    with tempfile.TemporaryDirectory(prefix="anpr-bench-") as name:
        folder = Path(name)
        snapshots = {}
        for size in sizes:
            snapshots[size], built = lists.build(folder, size)
        apart(match.run, snapshots)
        small = 100_000 // scale
        apart(modes.run, (small, lists.build(folder, small)[0]), (sizes[1], snapshots[sizes[1]]))
        if "--match" in sys.argv[1:]:
            return
        apart(lists.use, snapshots[sizes[-1]], sizes[-1], built)
        apart(replays.run, folder, sizes[1])
    apart(correlate.run, 20_000 // scale)
    apart(bounded.run, remembered)
    apart(journeys.run, scale)
    apart(misreads.run)
    apart(frames.run, scale)


def apart(run: Callable[..., None], *args: Any) -> None:
    """Runs a part in a fresh process, so that its memory is its own; fails as it fails."""
    process = multiprocessing.get_context("spawn").Process(target=run, args=args)
    process.start()
    process.join()
    if process.exitcode:
        sys.exit(process.exitcode)


if __name__ == "__main__":
    main()
