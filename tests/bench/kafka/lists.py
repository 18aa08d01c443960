"""The alert lists of a worker: from the topic, from the snapshot, and what they take of memory."""

import statistics

from tests.bench.kafka.load import put_alerts, put_reads
from tests.bench.kafka.sides import WITHIN_S, ending, start_worker
from tests.bench.table import show
from tests.support.kafka import KafkaEnvironment, ProductTopics

ROUNDS = 3


def run(stage: KafkaEnvironment, quick: bool) -> None:
    """Prints the table."""
    count = 1_000_000 if quick else 10_000_000
    few, many = stage.create_product_topics("few"), stage.create_product_topics("many")
    put_alerts(stage.servers, few.alerts, 1000)
    put_alerts(stage.servers, many.alerts, count)
    put_reads(stage.servers, [few.reads, many.reads], 300_000, 1000)
    from_topic, from_snapshot, few_from_snapshot = [], [], []
    for turn in range(ROUNDS):
        from_topic.append(_ready(stage, many, f"topic-{turn}", turn))
        from_snapshot.append(_ready(stage, many, f"snapshot-{turn}", turn))
        _ready(stage, few, f"few-topic-{turn}", turn)
        few_from_snapshot.append(_ready(stage, few, f"few-snapshot-{turn}", turn))
    empty, full = _memory(stage, few), _memory(stage, many)
    base = statistics.median(few_from_snapshot)
    rows = [
        ("from the topic to ready", _of(from_topic), "≤ 60 s at 10 M"),
        ("from the snapshot to ready", _of(from_snapshot), ""),
        ("the same with 1,000 alerts", _of(few_from_snapshot), ""),
        (
            "what the alerts add to a start from the snapshot",
            f"{statistics.median(from_snapshot) - base:.2f} s",
            "≤ 1 s at 10 M",
        ),
    ]
    for name in ("Rss", "Pss", "Pss_Anon"):
        target = "≤ 40 bytes an alert at 10 M" if name == "Rss" else ""
        each = (full[name] - empty[name]) / count
        words = (
            f"{full[name] / 1e6:,.0f} MB, with 1,000 {empty[name] / 1e6:,.0f} MB: {each:.1f} bytes an alert"
        )
        rows.append((f"{name} after 300,000 reads", words, target))
    show(
        f"Lists of {count:,} alerts in a worker, from the start of the process "
        f"(fastest and slowest of {ROUNDS})",
        ("what", "measured", "target"),
        rows,
    )


def _ready(stage: KafkaEnvironment, ours: ProductTopics, group: str, state: int) -> float:
    """The seconds until a worker is ready; the first of a state reads the topic, the next its snapshot."""
    worker = start_worker(stage, ours, group, state)
    with ending(worker):
        return worker.wait_ready(WITHIN_S)


def _memory(stage: KafkaEnvironment, ours: ProductTopics) -> dict[str, int]:
    """Of a worker that has its lists from the snapshot and has matched reads."""
    group = f"{ours.prefix}-memory"
    ours.delete_records()
    worker = start_worker(stage, ours, group, 0)
    with ending(worker):
        worker.wait_ready(WITHIN_S)
        stage.wait_processed(group, [ours.reads, ours.matches], ours.hits, WITHIN_S)
        return worker.memory_bytes()


def _of(values: list[float]) -> str:
    return f"{min(values):.2f} to {max(values):.2f} s"
