"""Input of all kinds: every record is processed or becomes a dead letter, and the worker goes on."""

from typing import Any, Final

import orjson
import pytest
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streams.records.faults import Fault
from streams.records.times import DAY_MS, MINUTE_MS
from tests.support.worker_scene import WorkerEnvironment, now_ms, read_json

POISON: Final = (b"no JSON", b'{"read_id": "r1"}', b"[]", b"\xff\xfe", b'{"plate": 12')
UNLISTED_PLATE: Final = "XY999ZZ"
PREFIX: Final = "__connect.errors."


def headers_of(record: Message) -> dict[str, bytes]:
    """Return the headers of a record by name."""
    return {name: bytes(value or b"") for name, value in _pairs(record)}


def _pairs(record: Message) -> Any:
    return record.headers() or ()


def faults_of(record: Message) -> list[tuple[str, str]]:
    """Return the fields and rules of a dead letter's faults."""
    faults = orjson.loads(headers_of(record)["anpr.faults"])
    message = headers_of(record)[PREFIX + "exception.message"].decode()
    assert all(str(Fault(**each)) in message for each in faults)
    return [(each["field"], each["rule"]) for each in faults]


def test_poison_among_valid_reads_becomes_dead_letters(wide: WorkerEnvironment) -> None:
    """Every hundredth record is no read: it becomes a dead letter as it was, and no hit is missing."""
    wide.create_topics().produce_alert()
    sent: dict[tuple[int, int], bytes] = {}
    expected = set()
    with wide.running_worker():
        for number in range(2000):
            partition, offset = number % 4, number // 4
            value = read_json("AB123CD" if number % 7 == 0 else UNLISTED_PLATE, f"r{number}")
            if offset % 100 == 50 + partition:
                value = sent[partition, offset] = POISON[len(sent) % len(POISON)]
            elif number % 7 == 0:
                expected.add(f"r{number}")
            wide.produce_async(
                wide.reads, value, key=b"c%d" % partition, partition=partition, headers=[("gateway", b"g1")]
            )
        wide.flush()
        wide.wait_processed()
    assert len(sent) == 20
    hits = wide.emitted_hits()
    assert {each.read_id for each in hits} == expected
    assert len(hits) == len(expected)
    letters = wide.read_topic(wide.names.rejected)
    rejected = {}
    for letter in letters:
        headers = headers_of(letter)
        assert headers["gateway"] == b"g1"
        assert headers[PREFIX + "topic"] == wide.reads.encode()
        assert headers[PREFIX + "stage"] == b"match"
        assert headers[PREFIX + "exception.class.name"]
        partition, offset = int(headers[PREFIX + "partition"]), int(headers[PREFIX + "offset"])
        assert letter.key() == b"c%d" % partition
        assert faults_of(letter)
        rejected[partition, offset] = letter.value()
    assert rejected == sent
    assert len(letters) == len(sent)


def test_reads_of_every_codec_are_matched(scene: WorkerEnvironment) -> None:
    """Gateways choose their own codec."""
    scene.create_topics().produce_alert()
    codecs = ("none", "lz4", "zstd", "gzip", "snappy")
    with scene.running_worker():
        for codec in codecs:
            gateway = Producer(
                {
                    "bootstrap.servers": scene.servers,
                    "compression.type": codec,
                    "linger.ms": 50,
                    "log_level": 0,
                }
            )
            for number in range(50):
                gateway.produce(scene.reads, read_json(read_id=f"{codec}-{number}"), b"c1")
            assert gateway.flush(30) == 0
        scene.wait_processed()
    assert [each.read_id for each in scene.emitted_hits()] == [
        f"{codec}-{number}" for codec in codecs for number in range(50)
    ]
    assert scene.read_topic(scene.names.rejected) == []


def test_null_and_empty_values_become_dead_letters(scene: WorkerEnvironment) -> None:
    """Null and empty values, each with a key and without; a read without a key is matched."""
    scene.create_topics().produce_alert()
    with scene.running_worker():
        scene.produce(scene.reads, None)
        scene.produce(scene.reads, None, key=None)
        scene.produce(scene.reads, b"")
        scene.produce(scene.reads, b"", key=None)
        scene.produce(scene.reads, read_json(read_id="last"), key=None)
        scene.wait_processed()
    assert [each.read_id for each in scene.emitted_hits()] == ["last"]
    letters = scene.read_topic(scene.names.rejected)
    by_offset = {int(headers_of(each)[PREFIX + "offset"]): each for each in letters}
    assert len(letters) == len(by_offset) == 4
    assert [by_offset[offset].value() for offset in range(4)] == [None, None, b"", b""]
    # The client sends no record without key and value, so that dead letter has an empty key.
    assert [by_offset[offset].key() for offset in range(4)] == [b"c1", b"", b"c1", None]
    assert [faults_of(by_offset[offset])[0][1] for offset in (0, 1)] == ["must be a JSON object"] * 2


def test_a_record_of_two_megabytes_is_rejected(scene: WorkerEnvironment) -> None:
    """If the topic accepts it, it becomes a dead letter; if not, only its producer gets an error."""
    scene.create_topics(reads={"max.message.bytes": "3000000"}).produce_alert()
    large = read_json(read_id="large", image_ref="x" * 2_000_000)
    with scene.running_worker():
        scene.produce(scene.reads, read_json(read_id="before"), large, read_json(read_id="after"))
        scene.wait_processed()
        (letter,) = scene.read_topic(scene.names.rejected)
        assert letter.value() == large
        assert faults_of(letter) == [("", "must be at most 1,000,000 bytes long")]
        scene.alter_topic(scene.reads, max_message_bytes="1048588")
        with pytest.raises(KafkaException) as caught:
            scene.produce(scene.reads, large)
        assert caught.value.args[0].code() == KafkaError.MSG_SIZE_TOO_LARGE
        scene.produce(scene.reads, read_json(read_id="last"))
        scene.wait_processed()
    assert [each.read_id for each in scene.emitted_hits()] == ["before", "after", "last"]
    assert len(scene.read_topic(scene.names.rejected)) == 1


def test_wrong_camera_clocks(scene: WorkerEnvironment) -> None:
    """A read some minutes ahead is live, one of yesterday historical; those beyond are dead letters.

    What is older than any retention is as implausible as what is of tomorrow.
    """
    scene.create_topics().produce_alert()
    now = now_ms()
    values = {
        "1970": read_json(read_id="1970", at_ms=0),
        "last year": read_json(read_id="last year", at_ms=now - 365 * DAY_MS),
        "tomorrow": read_json(read_id="tomorrow", at_ms=now + DAY_MS),
        "ahead": read_json(read_id="ahead", at_ms=now + 5 * MINUTE_MS),
        "yesterday": read_json(read_id="yesterday", at_ms=now - DAY_MS),
        "now": read_json(read_id="now"),
    }
    with scene.running_worker() as worker:
        scene.produce(scene.reads, *values.values())
        scene.wait_processed()
        assert worker.worker.match_agent.implausible.count == 2
    hits = {each.read_id: each.hit for each in scene.emitted_hits()}
    assert {name: hit["mode"] for name, hit in hits.items()} == {
        "ahead": "live", "yesterday": "historical", "now": "live"
    }  # fmt: skip
    assert DAY_MS / 1000 <= hits["yesterday"]["age_s"] < DAY_MS / 1000 + 60
    letters = {bytes(each.value() or b""): faults_of(each) for each in scene.read_topic(scene.names.rejected)}
    assert letters[values["1970"]] == [("captured_at", "must be in the years 2000 to 2099")]
    assert letters.keys() == {values[name] for name in ("1970", "last year", "tomorrow")}
    for name, text in (("last year", "at most 720 h before"), ("tomorrow", "at most 600 s after")):
        ((field, rule),) = letters[values[name]]
        assert field == "captured_at"
        assert text in rule
        assert "implausible-time" in rule
