"""One of two workers is killed: how long until its partitions are read again."""

import time

from tests.bench.kafka.load import put_alerts
from tests.bench.kafka.sides import WITHIN_S, ending, start_worker
from tests.bench.kafka.tail import Seen, Tail, feed
from tests.bench.table import show
from tests.support.kafka import PARTITIONS, KafkaEnvironment, ProductTopics

RATE = 1_000
SHARE = 0.2
SETTLED_S = 12.0
WATCHED_S = 25.0


def run(stage: KafkaEnvironment, quick: bool) -> None:
    """Prints the table."""
    alerts = 100_000 if quick else 1_000_000
    ours = stage.create_product_topics("failover")
    put_alerts(stage.servers, ours.alerts, alerts)
    gaps = [_killed(stage, ours, f"failover-{turn}", alerts) for turn in range(1 if quick else 4)]
    show(
        f"One of two workers killed (SIGKILL) under {RATE:,} reads/s, {alerts:,} alerts, [worker] "
        "session_timeout_s as it is by default: from the kill\nto the first hit, at a consumer, of a read "
        "sent after it, of each of the 4 partitions",
        ("turn", "the first partition", "the last one", "hits missing"),
        [
            (str(turn + 1), f"{min(times):.2f} s", f"{max(times):.2f} s", str(missing))
            for turn, (times, missing) in enumerate(gaps)
        ],
    )


def _killed(stage: KafkaEnvironment, ours: ProductTopics, group: str, alerts: int) -> tuple[list[float], int]:
    ours.delete_records()
    stage.delete_records([ours.reads])
    workers = [start_worker(stage, ours, group, number) for number in (1, 2)]
    with ending(*workers):
        for worker in workers:
            worker.wait_ready(WITHIN_S)
        tail = Tail(stage, ours.hits)
        with feed(stage, ours.reads, RATE, SHARE, SETTLED_S + WATCHED_S, alerts):
            before = tail.for_s(SETTLED_S)
            killed_ms = time.time() * 1000
            workers[1].kill()
            after = tail.for_s(WATCHED_S)
        after += tail.for_s(3)
        tail.close()
    seen = {hit.number for hit in (*before, *after)}
    due = {n for n in range(max(seen)) if n // PARTITIONS % round(1 / SHARE) == 0}
    return [_first(after, number, killed_ms) for number in range(PARTITIONS)], len(due - seen)


def _first(hits: list[Seen], partition: int, killed_ms: float) -> float:
    later = [hit.seen_ms for hit in hits if hit.partition == partition and hit.read_ms > killed_ms]
    return (min(later) - killed_ms) / 1000 if later else float("inf")
