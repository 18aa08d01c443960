"""`anpr outcome --kafka`: the precision of the hits on Kafka, by the verdicts there."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from click.testing import Result
from kafka import KafkaProducer

from streams.kafka.admin import Admin
from streams.kafka.dev_cluster import Cluster
from streams.kafka.topics import TopicsConfig, plan_changes, required_topics
from streams.records.encode import encode
from streams.records.hit import Retraction
from streams.records.times import parse_time
from streams.records.verdict import Verdict
from tests.integration.cli.test_hits import Topic, hit, write_settings
from tests.support.builders import EXAMPLE_HIT, numbered_id
from tests.support.commands import run_anpr
from tests.support.waiting import HANG_LIMIT_S

NOW: Final = "2026-05-21T18:00:00Z"
_WITHIN_S: Final = HANG_LIMIT_S


class Verdicts:
    """A topic of verdicts."""

    def __init__(self, servers: str, prefix: str) -> None:
        self.name = f"{prefix}.verdicts"
        policy = TopicsConfig(prefix=prefix, partitions=2)
        wanted = [topic for topic in required_topics(policy) if topic.name == self.name]
        with Admin({"bootstrap_servers": servers}) as admin:
            admin.apply(plan_changes(wanted, {}), wanted)
        self._producer = KafkaProducer(bootstrap_servers=servers)

    def put(self, *records: Verdict | bytes, partition: int = 0) -> None:
        """Send records to a partition, in order, and wait until the broker has them."""
        for record in records:
            value = encode(record) if isinstance(record, Verdict) else record
            self._producer.send(self.name, value, partition=partition, key=b"k").get(timeout=_WITHIN_S)

    def close(self) -> None:
        """Close the producer."""
        self._producer.close()


@pytest.fixture
def topic(kafka: Cluster, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Topic]:
    """Yield a topic of hits for one test."""
    made = Topic(kafka.servers, f"became.{request.node.name[:50]}", tmp_path)
    yield made
    made.close()


@pytest.fixture
def verdicts(kafka: Cluster, topic: Topic) -> Iterator[Verdicts]:
    """Yield a topic of verdicts for one test."""
    made = Verdicts(kafka.servers, topic.name.removesuffix(".hits"))
    yield made
    made.close()


def a_verdict(number: int, verdict: Any, minute: int = 30) -> Verdict:
    """Return a verdict on the hit with a number."""
    return Verdict(numbered_id(number), "tournai", verdict, parse_time(f"2026-05-21T16:{minute}:00Z"))


def outcome(config: Path, *options: str) -> Result:
    """Run `anpr outcome --kafka`."""
    return run_anpr("outcome", "--kafka", "--config", config, *options)


def total(result: Result) -> dict[str, Any]:
    """Return the counts of all hits, from the JSON lines printed."""
    assert result.exit_code == 0, result.output
    counts = json.loads(result.stdout.splitlines()[-1])
    assert isinstance(counts, dict)
    return counts


def test_hits_and_verdicts_on_kafka_count_once(topic: Topic, verdicts: Verdicts) -> None:
    topic.put(hit(1), hit(2), b"AB-123-CD", hit(1), time="2026-05-21T16:10:07Z")
    replaced = hit(4, 2, kind="withdrawn", withdrawn=Retraction("superseded"))
    topic.put(hit(3), hit(4), replaced, partition=1, time="2026-05-21T16:20:00Z")
    verdicts.put(
        a_verdict(1, "rejected"), b"AB-123-CD", a_verdict(1, "confirmed", 40), a_verdict(2, "rejected")
    )
    verdicts.put(a_verdict(3, "acknowledged"), a_verdict(9, "rejected"), partition=1)
    result = outcome(topic.config, "--json")
    counts = total(result)
    assert {name: counts[name] for name in ("hits", "confirmed", "rejected", "open")} == {
        "hits": 3, "confirmed": 1, "rejected": 1, "open": 1
    }  # fmt: skip
    assert (counts["uncounted"], counts["unknown"], counts["not_taken"]) == (1, 1, 2)
    assert counts["mean_posterior"] == EXAMPLE_HIT.match.posterior
    no_hit, no_verdict = result.stderr.splitlines()
    assert no_hit.startswith(f"{topic.name}, partition 0, offset 2: skipped: ")
    assert no_verdict.startswith(f"{verdicts.name}, partition 0, offset 1: skipped: ")
    assert "AB-123-CD" not in result.output
    assert "3 hits, 2 of them adjudicated" in outcome(topic.config).stdout


def test_since_leaves_out_hits_of_reads_captured_before(topic: Topic, verdicts: Verdicts) -> None:
    captured = EXAMPLE_HIT.read.captured_at
    earlier = msgspec.structs.replace(EXAMPLE_HIT.read, captured_at=captured.replace(day=19))
    topic.put(hit(1, read=earlier), time="2026-05-19T16:10:07Z")
    # Amended since, though its read is old.
    topic.put(hit(1, 2, read=earlier), hit(2), time="2026-05-21T16:10:07Z")
    verdicts.put(a_verdict(1, "rejected"), a_verdict(2, "confirmed"))
    recent = total(outcome(topic.config, "--since", "1", "--now", NOW, "--json"))
    assert (recent["hits"], recent["confirmed"], recent["unknown"]) == (1, 1, 0)
    longer = total(outcome(topic.config, "--since", "2.5", "--now", NOW, "--json"))
    assert (longer["hits"], longer["rejected"]) == (2, 1)
    assert total(outcome(topic.config, "--json"))["hits"] == 2


def test_empty_topics_are_no_error(topic: Topic, verdicts: Verdicts) -> None:
    result = outcome(topic.config)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "0 hits, 0 of them adjudicated" in result.stdout
    assert verdicts.name not in result.stdout


def test_a_topic_that_cannot_be_read_is_an_error(topic: Topic, tmp_path: Path) -> None:
    # There are hits, but no topic of verdicts.
    missing = outcome(topic.config)
    assert (missing.exit_code, missing.stdout) == (1, "")
    verdicts = topic.name.removesuffix("hits") + "verdicts"
    assert missing.stderr.startswith(f"anpr outcome: topic {verdicts} does not exist")
    assert "`anpr topics apply`" in missing.stderr
    away = outcome(write_settings(tmp_path, "127.0.0.1:1", "anpr"))
    assert (away.exit_code, away.stdout) == (1, "")
    assert away.stderr.startswith("anpr outcome: Kafka at 127.0.0.1:1 cannot be reached or refuses: ")
