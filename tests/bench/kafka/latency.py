"""From a read on its topic to its hit on its topic, at a steady pace."""

from tests.bench.kafka.load import put_alerts
from tests.bench.kafka.measure import quantile
from tests.bench.kafka.sides import WITHIN_S, ending, start_worker
from tests.bench.kafka.tail import Tail, feed
from tests.bench.table import show
from tests.support.kafka import KafkaEnvironment

RATES = {1_000: 25, 20_000: 50}
"""Reads a second, and the target for the 99th of a hundred, in ms."""
HITS_A_SECOND = 200
WARM_S = 5


def run(stage: KafkaEnvironment, quick: bool) -> None:
    """Prints the table."""
    alerts, for_s = (100_000, 8) if quick else (1_000_000, 40)
    ours = stage.create_product_topics("latency")
    put_alerts(stage.servers, ours.alerts, alerts)
    rows = []
    worker = start_worker(stage, ours, "latency")
    with ending(worker):
        worker.wait_ready(WITHIN_S)
        for rate, target in RATES.items():
            tail = Tail(stage, ours.hits)
            begun = sum(stage.end_offsets(ours.reads))
            share = HITS_A_SECOND / rate
            with feed(stage, ours.reads, rate, share, for_s + WARM_S + 2, alerts, 1_000_000 * rate):
                tail.for_s(WARM_S + 2)
                hits = tail.for_s(for_s)
            tail.close()
            sent = sum(stage.end_offsets(ours.reads)) - begun
            for what, values in (
                ("hit appended", [float(hit.appended_ms - hit.read_ms) for hit in hits]),
                ("hit consumed", [hit.seen_ms - hit.read_ms for hit in hits]),
            ):
                p50, p99, p999 = (f"{quantile(values, share):.0f} ms" for share in (0.5, 0.99, 0.999))
                rows.append(
                    (
                        f"{rate:,}",
                        f"{sent / (for_s + WARM_S + 2):,.0f}",
                        what,
                        f"{len(values):,}",
                        p50,
                        p99,
                        p999,
                        f"{max(values):.0f} ms",
                        f"p99 ≤ {target} ms",
                    )
                )
    show(
        f"From a read given to its producer (linger 1 ms, a process of its own) to its hit: one worker, "
        f"{alerts:,} alerts, over {for_s} s after {WARM_S + 2} s that do not count;\nbroker, worker, "
        f"producer and consumer on this machine; times in whole ms; about {HITS_A_SECOND} hits a second",
        ("reads/s", "sent", "until", "hits", "p50", "p99", "p99.9", "longest", "target"),
        rows,
    )
