"""The peer of a plain loop: confluent-kafka, orjson and a dictionary of exact plates.

At least once: a batch's offsets are committed when the broker has confirmed all its hits.
`python -m tests.bench.kafka.plain SERVERS READS HITS GROUP ALERTS`
"""

import hashlib
import signal
import sys
from typing import Any

import orjson
from confluent_kafka import Consumer, KafkaException, Producer

from streams.runtime.gc_tuning import GcProfile, tune_gc
from tests.bench.match import plain
from tests.bench.traffic import SEED, alerts

AT_ONCE = 5000


def exact(count: int) -> dict[str, bytes]:
    """The alerts by exact plate."""
    return {plain(orjson.loads(line)["plate"]): line for batch in alerts(count, SEED) for line in batch}


def hit_of(read: dict[str, Any], alert: bytes) -> tuple[str, bytes]:
    """The id and the JSON of a hit."""
    alert_id = orjson.loads(alert)["alert_id"]
    hit_id = hashlib.blake2b(f"{alert_id}/{read['read_id']}".encode(), digest_size=16).hexdigest()
    return hit_id, orjson.dumps({"hit_id": hit_id, "read": read, "alert": orjson.Fragment(alert)})


def run(servers: str, reads: str, hits: str, group: str, count: int) -> None:
    """Reads, looks up, sends, confirms, commits; until SIGTERM."""
    listed = exact(count)
    tune_gc(GcProfile.BATCHES)
    consumer = Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "fetch.message.max.bytes": 4_000_000,
        }
    )
    failed: list[object] = []
    producer = Producer(
        {"bootstrap.servers": servers, "enable.idempotence": True, "linger.ms": 0},
        on_delivery=lambda error, _: failed.append(error) if error else None,
    )
    going = True

    def stop(*_: object) -> None:
        nonlocal going
        going = False

    signal.signal(signal.SIGTERM, stop)
    consumer.subscribe([reads])
    print("ready: plain loop", file=sys.stderr, flush=True)
    loads = orjson.loads
    while going:
        messages = consumer.consume(AT_ONCE, 0.1)
        if not messages:
            continue
        for message in messages:
            if message.error():
                raise KafkaException(message.error())
            read = loads(message.value())
            alert = listed.get(plain(read["plate"]))
            if alert is not None:
                hit_id, hit = hit_of(read, alert)
                producer.produce(hits, hit, hit_id)
        if producer.flush(30) or failed:
            raise RuntimeError("hits were not confirmed")
        # Of what consume() has returned, all of which is done.
        consumer.commit(asynchronous=True)
    consumer.close()


if __name__ == "__main__":
    run(*sys.argv[1:5], int(sys.argv[5]))
