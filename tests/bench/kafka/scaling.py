"""Two workers of one group against one."""

import statistics

from streams.runtime.clock import now_ms
from tests.bench.kafka.load import put_alerts, put_reads
from tests.bench.kafka.measure import hits_on, shared_rate
from tests.bench.kafka.sides import WITHIN_S, ending, start_worker
from tests.bench.table import show
from tests.support.kafka import KafkaEnvironment, ProductTopics

ROUNDS = 3


def run(stage: KafkaEnvironment, quick: bool) -> None:
    """Prints the table."""
    count, alerts = 3_000_000, 100_000 if quick else 1_000_000
    ours = stage.create_product_topics("scaling")
    put_alerts(stage.servers, ours.alerts, alerts)
    put_reads(stage.servers, [ours.reads], count, alerts)
    rates: dict[int, list[float]] = {1: [], 2: []}
    for turn in range(ROUNDS):
        for workers, found in rates.items():
            found.append(_together(stage, ours, workers, f"scaling-{workers}-{turn}"))
    one, two = (statistics.median(rates[workers]) for workers in (1, 2))
    show(
        f"Workers of one group, {count:,} reads on 4 partitions, {alerts:,} alerts (medians of {ROUNDS}, in "
        "turn; counted while all partitions were at work\nafter the last worker was ready). The broker has "
        "the same processors, so the factor is below what workers on machines of their own give",
        ("workers", "reads/s", "factor"),
        (("1", f"{one:,.0f}", "1.00 ×"), ("2", f"{two:,.0f}", f"{two / one:.2f} ×")),
    )


def _together(stage: KafkaEnvironment, ours: ProductTopics, count: int, group: str) -> float:
    ours.delete_records()
    workers = [start_worker(stage, ours, group, number + 1) for number in range(count)]
    with ending(*workers):
        for worker in workers:
            worker.wait_ready(WITHIN_S)
        ready_ms = now_ms()
        stage.wait_processed(group, [ours.reads, ours.matches], ours.hits, WITHIN_S)
    return shared_rate(hits_on(stage, ours.hits), ready_ms)
