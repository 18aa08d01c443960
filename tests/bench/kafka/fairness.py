"""Hits of others while a parked vehicle's backlog and verdicts on the hits of a pattern are handled."""

import threading
from collections.abc import Iterator
from typing import Final, NamedTuple

import orjson

from streams.records.times import from_ms, to_rfc3339
from streams.runtime.clock import now_ms
from tests.bench.kafka.load import POOL, Load, put_alerts
from tests.bench.kafka.measure import quantile
from tests.bench.kafka.sides import WITHIN_S, ending
from tests.bench.kafka.tail import Seen, Tail, feed
from tests.bench.table import show
from tests.support.builders import alert_json
from tests.support.kafka import PARTITIONS, KafkaEnvironment, ProductTopics
from tests.support.processes import WorkerProcess
from tests.support.waiting import wait_until

RATE: Final = 1_000
SHARE: Final = 0.2
PARKED_READS: Final = 8_000
VERDICTS: Final = 5_000
WARM_S: Final = 7
SETTINGS: Final = """\
[correlation]
passage_gap_s = 0  # each listed read of the feed gives a hit
[sites.car-park]
territory = "FR"
passage_gap_s = 60
[cameras.parked]
site = "car-park"
[centres.be-west]
"""
_OTHERS: Final = 1_000_000_000
"""The numbers of reads that are not of the feed begin here."""


class _Turn(NamedTuple):
    """The hits of the feed's reads in one turn, and how many of these reads have none."""

    hits: list[Seen]
    missing: int


def run(stage: KafkaEnvironment, quick: bool) -> None:
    """Prints the table."""
    alerts, for_s = (10_000, 10) if quick else (100_000, 25)
    ours = stage.create_product_topics("fairness")
    put_alerts(stage.servers, ours.alerts, alerts)
    load = Load(stage.servers)
    extra = [alert_json("AB-123-CD", "FR", alert_id="parked")]
    extra.append(alert_json("XYZ*", alert_id="pattern", match={"mode": "pattern"}))
    keys = [f"sis/{orjson.loads(each)['alert_id']}".encode() for each in extra]
    load.send(ours.alerts, ((key, each, -1) for key, each in zip(keys, extra, strict=True)))
    config = ours.write_worker_config("fairness", "fairness-state", "stalled_after_s = 10\n", SETTINGS)
    worker = WorkerProcess(config, stage.folder / "fairness.log")
    with ending(worker):
        worker.wait_ready(WITHIN_S)
        hit_ids = _make_pattern_hits(stage, ours, load)
        usual = _turn(stage, ours, for_s, alerts, 0)
        loaded = _turn(stage, ours, for_s, alerts, (WARM_S + for_s + 10) * RATE, _busy(stage, ours, hit_ids))
        if not worker.alive:
            raise RuntimeError("the worker ended")
    rows = []
    for name, turn in (("usual", usual), ("with them", loaded)):
        delays = [float(hit.appended_ms - hit.read_ms) for hit in turn.hits]
        p50, p99 = quantile(delays, 0.5), quantile(delays, 0.99)
        ratio = p99 / quantile([float(hit.appended_ms - hit.read_ms) for hit in usual.hits], 0.99)
        rows.append(
            (
                name,
                f"{len(delays):,}",
                f"{turn.missing:,}",
                f"{p50:.0f} ms",
                f"{p99:.0f} ms",
                f"{max(delays):.0f} ms",
                f"{ratio:.2f} (target: ≤ 2)" if turn is loaded else "",
            )
        )
    show(
        f"Hits of {RATE:,} reads a second together with {PARKED_READS:,} reads of a parked vehicle and "
        f"{VERDICTS:,} verdicts on\nhits of one pattern, all sent at once: one worker, {alerts:,} alerts, "
        f"{for_s} s after {WARM_S} s that do not count",
        ("", "hits", "missing", "p50", "p99", "longest", "p99 of its usual"),
        rows,
    )


def _make_pattern_hits(stage: KafkaEnvironment, ours: ProductTopics, load: Load) -> list[str]:
    """Make the hits on which the verdicts are given; return their ids."""
    at = to_rfc3339(from_ms(now_ms()))
    load.send(
        ours.reads,
        (
            (None, _read(_OTHERS + number, f"XYZ{number:05d}", f"x{number}", at), number % PARTITIONS)
            for number in range(VERDICTS)
        ),
    )
    wait_until(lambda: sum(stage.end_offsets(ours.hits)) >= VERDICTS, "the hits of the pattern are there")
    consumer = stage.open_consumer(ours.hits, from_start=True)
    found: list[str] = []
    while len(found) < VERDICTS:
        found += [orjson.loads(each.value())["hit_id"] for each in consumer.consume(10_000, 1.0)]
    consumer.close()
    return found


def _turn(
    stage: KafkaEnvironment,
    ours: ProductTopics,
    for_s: int,
    alerts: int,
    first: int,
    burst: threading.Thread | None = None,
) -> _Turn:
    """Return the hits of a turn of the feed."""
    tail = Tail(stage, ours.hits)
    seconds = WARM_S + for_s
    with feed(stage, ours.reads, RATE, SHARE, seconds, alerts, first):
        warm = tail.for_s(WARM_S)
        if burst is not None:
            burst.start()
        hits = tail.for_s(for_s + 5)
    if burst is not None:
        burst.join()
    tail.close()
    every = round(1 / SHARE)
    listed = {first + number for number in range(RATE * for_s) if number // PARTITIONS % every == 0}
    assert len(listed) <= POOL, "no vehicle is read twice in a turn"
    seen = {hit.number for hit in (*warm, *hits)}
    ours_only = [hit for hit in hits if first <= hit.number < _OTHERS]
    return _Turn(ours_only, len(listed - seen))


def _busy(stage: KafkaEnvironment, ours: ProductTopics, hit_ids: list[str]) -> threading.Thread:
    """Return a thread that sends the reads of the parked vehicle and the verdicts."""

    def send() -> None:
        load = Load(stage.servers)
        begin_ms, at = now_ms() - 1_000 * PARKED_READS, to_rfc3339(from_ms(now_ms()))
        load.send(ours.reads, ((b"c0", read, 0) for read in _parked(begin_ms)))
        load.send(
            f"{ours.prefix}.verdicts",
            (
                (
                    hit_id.encode(),
                    orjson.dumps({"hit_id": hit_id, "centre": "be-west", "verdict": "confirmed", "at": at}),
                    -1,
                )
                for hit_id in hit_ids
            ),
        )

    return threading.Thread(target=send)


def _parked(begin_ms: int) -> Iterator[bytes]:
    for number in range(PARKED_READS):
        at = to_rfc3339(from_ms(begin_ms + 1_000 * number))
        yield _read(_OTHERS + VERDICTS + number, "AB-123-CD", "parked", at)


def _read(number: int, plate: str, camera_id: str, at: str) -> bytes:
    read = {"read_id": f"p{number:09d}", "camera_id": camera_id, "captured_at": at}
    return orjson.dumps(read | {"plate": plate, "country": "FR"})
