"""The match stage: undecoded JSON to matches, next to the obvious loop."""

import statistics
from collections.abc import Callable
from functools import partial
from pathlib import Path

import orjson

from streams.alerts import Index, Snapshot
from streams.matching.batch import match_batch
from streams.matching.config import MatchingRules
from streams.matching.matcher import Matcher
from streams.runtime.gc_tuning import GcProfile, tune_gc
from tests.bench.table import one_core, ratio, rounds, show
from tests.bench.traffic import SEED, alerts, batches_of, reads, rich

READS = 400_000
ROUNDS = 7
PEER_ALERTS = 1_000_000
"""The peer keeps every alert in a dictionary, so it is measured up to this many."""


def plain(plate: str) -> str:
    """A plate without the separators there are in this traffic."""
    return plate.replace("-", "").replace(" ", "").upper()


def obvious(exact: dict[str, bytes], batches: list[list[bytes]]) -> int:
    """What one would write first: every read parsed, its plate looked up in a dictionary of exact plates."""
    hits = []
    for batch in batches:
        for record in batch:
            read = orjson.loads(record)
            alert = exact.get(plain(read["plate"]))
            if alert is not None:
                hits.append((read, alert))
    return len(hits)


def ours(index: Index, judge: Matcher, batches: list[list[bytes]]) -> int:
    """The match stage: every read checked whole, confusable matching on."""
    return sum(len(match_batch(batch, index, judge).matches) for batch in batches)


def run(snapshots: dict[int, Path]) -> None:
    """Prints the table. Run in a process of its own."""
    one_core()
    judge = Matcher(MatchingRules())
    runs: dict[str, Callable[[], int]] = {}
    names: dict[str, str] = {}
    for count, path in snapshots.items():
        index = Index(Snapshot(path))
        plain = reads(READS, 7, 0.005, count)
        shapes = {f"{count:,} alerts": plain}
        if count == PEER_ALERTS:
            shapes[f"{count:,} alerts, reads with all the recogniser knows"] = rich(plain, 8)
        for name, records in shapes.items():
            batches = batches_of(records)
            size = sum(map(len, records)) // len(records)
            names[name] = f"{size}"
            if count <= PEER_ALERTS:
                runs[f"obvious, {name}"] = partial(obvious, _exact(count), batches)
            runs[name] = partial(ours, index, judge, batches)
    tune_gc(GcProfile.BATCHES)
    times = rounds(runs, ROUNDS)
    smallest = times[next(iter(names))]
    rows = []
    for name, size in names.items():
        mine, peer = times[name], times.get(f"obvious, {name}")
        rows.append(
            (
                name,
                size,
                f"{READS / statistics.median(mine):,.0f}",
                f"{READS / statistics.median(peer):,.0f}" if peer else "",
                f"{ratio(peer, mine):.2f} × ({_range(peer, mine)})" if peer else "",
                f"{ratio(smallest, mine):.2f} ×",
            )
        )
    show(
        f"Match stage, reads a second on one core: JSON bytes to matches, batches of 4,000, 0.5 % listed "
        f"(medians of {ROUNDS} turns; targets at 1 M: ≥ 600,000 and ≥ 1.8 ×; at 10 M: ≥ 0.67 × of 1,000)",
        ("", "bytes a read", "match stage", "orjson + dict, exact only", "ratio", "of the first row's rate"),
        rows,
    )


def _range(slow: list[float], fast: list[float]) -> str:
    ratios = [one / other for one, other in zip(slow, fast, strict=True)]
    return f"{min(ratios):.2f} to {max(ratios):.2f}"


def _exact(count: int) -> dict[str, bytes]:
    """The alerts by exact plate."""
    return {
        plain(alert["plate"]): line
        for batch in alerts(count, SEED)
        for line in batch
        for alert in (orjson.loads(line),)
    }
