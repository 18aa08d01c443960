"""Reads a second from JSON on Kafka to confirmed hits on Kafka: ours and two peers, in turn."""

import statistics
from typing import NamedTuple

from tests.bench.kafka.load import put_alerts, put_reads
from tests.bench.kafka.measure import hits_on, rate
from tests.bench.kafka.sides import WITHIN_S, Peer, ending, start_worker
from tests.bench.table import show
from tests.support.kafka import KafkaEnvironment, ProductTopics


class Plan(NamedTuple):
    """How much is run."""

    reads: int
    few_reads: int
    """For the peer that takes one event at a time."""
    alerts: tuple[int, int]
    """The first is what the peers have, too."""
    rounds: int


FULL = Plan(2_000_000, 100_000, (1_000_000, 10_000_000), 3)
QUICK = Plan(500_000, 30_000, (100_000, 1_000_000), 2)


def run(stage: KafkaEnvironment, quick: bool) -> None:
    """Prints the table."""
    plan = QUICK if quick else FULL
    ours = {count: stage.create_product_topics(f"throughput{count}") for count in plan.alerts}
    pool = plan.alerts[0]
    for count, each in ours.items():
        put_alerts(stage.servers, each.alerts, count)
    listed = put_reads(stage.servers, [each.reads for each in ours.values()], plan.reads, pool)
    few = stage.create_topic("few.reads")
    listed_few = put_reads(stage.servers, [few], plan.few_reads, pool)
    hits = stage.create_hits_topic("peers.hits")
    plain = Peer("plain", ours[pool].reads, hits)
    events = Peer("events", few, hits)
    names = {
        "plain": f"confluent-kafka, orjson and a dict, {pool:,} exact alerts",
        "events": f"Faust agent, an event at a time, the same ({plan.few_reads:,} reads)",
        **{count: f"anpr worker, {count:,} alerts, confusable" for count in plan.alerts},
    }
    rates: dict[object, list[float]] = {side: [] for side in names}
    for turn in range(plan.rounds):
        rates["plain"].append(_peer(stage, plain, f"plain-{turn}", pool, plan.reads, listed))
        rates["events"].append(_peer(stage, events, f"events-{turn}", pool, plan.few_reads, listed_few))
        for count, each in ours.items():
            rates[count].append(_ours(stage, each, f"worker-{count}-{turn}", plan.reads, listed))
    show(
        f"Reads a second, JSON on Kafka to confirmed hits on Kafka: {plan.reads:,} reads of 230 bytes, 0.5 % "
        f"listed, all on 4 partitions before a side starts; one process each, in turn, medians of "
        f"{plan.rounds}.\nThe same for all: by the broker's times of the hits, from 5 % of the reads to the "
        "last hit; each side had a hit of every listed read (target: ≥ 2.5 × the plain loop)",
        ("", "reads/s", "lowest to highest", "of the plain loop, turn by turn"),
        [
            (
                name,
                f"{statistics.median(rates[side]):,.0f}",
                f"{min(rates[side]):,.0f} to {max(rates[side]):,.0f}",
                _ratios(rates[side], rates["plain"]),
            )
            for side, name in names.items()
        ],
    )


def _peer(
    stage: KafkaEnvironment, peer: Peer, group: str, alerts: int, count: int, listed: set[int]
) -> float:
    process = peer.start(stage, group, alerts)
    with ending(process):
        process.wait_ready(WITHIN_S)
        stage.wait_processed(group, [peer.reads], peer.hits, WITHIN_S)
    return _rate(stage, peer.hits, group, count, listed)


def _ours(stage: KafkaEnvironment, ours: ProductTopics, group: str, count: int, listed: set[int]) -> float:
    ours.delete_records()
    worker = start_worker(stage, ours, group)
    with ending(worker):
        worker.wait_ready(WITHIN_S)
        stage.wait_processed(group, [ours.reads, ours.matches], ours.hits, WITHIN_S)
    return _rate(stage, ours.hits, group, count, listed)


def _rate(stage: KafkaEnvironment, topic: str, group: str, count: int, listed: set[int]) -> float:
    hits = hits_on(stage, topic)
    missing = len(listed - {hit.number for hit in hits})
    if missing:
        raise RuntimeError(f"{group}: no hit of {missing} of {len(listed)} listed reads")
    return rate(hits, count)


def _ratios(ours: list[float], others: list[float]) -> str:
    ratios = [one / other for one, other in zip(ours, others, strict=True)]
    return f"{statistics.median(ratios):.2f} × ({min(ratios):.2f} to {max(ratios):.2f})"
