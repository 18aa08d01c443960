"""Alert lists: building, opening, memory, and changes while they are in use."""

from pathlib import Path
from time import perf_counter

from streams.alerts import Index, Snapshot
from streams.files.loading import write_snapshot
from streams.matching.batch import match_batch
from streams.matching.config import MatchingRules
from streams.matching.matcher import Matcher
from streams.plates.plate_columns import to_columns
from streams.records.alert import Alert, Withdrawal
from streams.records.decode import decode_alerts
from streams.records.times import parse_time
from tests.bench.table import resident, seconds, show
from tests.bench.traffic import SEED, alerts, batches_of, reads

CHANGES = 100_000


def written(folder: Path, count: int) -> Path:
    """A file of `count` alerts, JSON lines."""
    path = folder / f"alerts-{count}.jsonl"
    with path.open("wb") as file:
        for batch in alerts(count, SEED):
            file.write(b"\n".join(batch) + b"\n")
    return path


def build(folder: Path, count: int) -> tuple[Path, float]:
    """Builds a snapshot from a file; returns it and the seconds taken."""
    source = written(folder, count)
    snapshot = folder / f"{count}.snapshot"
    taken = seconds(lambda: write_snapshot((str(source),), snapshot))
    source.unlink()
    return snapshot, taken


def use(snapshot: Path, count: int, built: float) -> None:
    """Opens a snapshot, uses it, changes it; prints the figures. Run in a process of its own."""
    judge = Matcher(MatchingRules())
    batches = batches_of(reads(200_000, 3, 0.005, count))
    before = resident()
    opened = perf_counter()
    base = Snapshot(snapshot)
    index = Index(base)
    opened = perf_counter() - opened
    for batch in batches:
        match_batch(batch, index, judge)
    each = (resident() - before) / count

    def rate() -> float:
        taken = min(
            seconds(lambda: [match_batch(batch, index, judge) for batch in batches]) for _ in range(3)
        )
        return 200_000 / taken

    quiet = rate()
    changes = [
        alert
        for batch in alerts(CHANGES, 99)
        for alert in decode_alerts([line.replace(b'"V', b'"N') for line in batch])
        if isinstance(alert, Alert)
    ]
    put = seconds(lambda: [index.put(alert) for alert in changes])
    busy = rate()
    new = changes[-1]
    seen = perf_counter()
    index.put(_other(new))
    found = index.find(to_columns([_other(new).plate]))
    seen = perf_counter() - seen
    withdrawn = perf_counter()
    index.withdraw(Withdrawal(new.list_id, new.alert_id, parse_time("2026-05-01T00:00:00Z")))
    in_force = index.is_effective(new, parse_time("2026-05-21T00:00:00Z"))
    withdrawn = perf_counter() - withdrawn
    assert any(candidate.alert.alert_id == "change" for candidate in found)
    assert not in_force
    size = snapshot.stat().st_size
    show(
        f"Lists of {count:,} alerts (snapshot of {size / count:.0f} bytes an alert on disk)",
        ("what", "measured", "target"),
        (
            ("snapshot built from JSON lines", f"{built:.1f} s", "≤ 60 s at 10 M"),
            ("snapshot opened, as built (file in the page cache)", f"{opened:.2f} s", "≤ 1 s at 10 M"),
            ("resident after use", f"{each:.1f} bytes an alert", "≤ 40 at 10 M"),
            (f"{CHANGES:,} changes taken", f"{put / CHANGES * 1e6:.0f} µs each", ""),
            ("a new alert put and found by the next batch", f"{seen * 1e6:.0f} µs", "the next batch"),
            ("a withdrawal effective", f"{withdrawn * 1e6:.0f} µs", "the next batch"),
            ("match stage, no changes", f"{quiet:,.0f} reads/s", ""),
            (f"match stage, {CHANGES:,} changes", f"{busy:,.0f} reads/s ({busy / quiet:.2f} ×)", "unharmed"),
        ),
    )


def _other(alert: Alert) -> Alert:
    from msgspec.structs import replace

    return replace(alert, alert_id="change", plate="QX 424 QX")
