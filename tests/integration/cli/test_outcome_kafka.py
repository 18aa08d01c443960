"""`anpr outcome --kafka`: what became of the hits on Kafka, by the verdicts there."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from click.testing import CliRunner, Result
from kafka import KafkaProducer

from streams.cli.main import main
from streams.kafka.admin import Admin
from streams.kafka.dev_cluster import Cluster
from streams.kafka.topics import TopicsConfig, plan_changes, required_topics
from streams.records.encode import encode
from streams.records.hit import Retraction
from streams.records.times import parse_time
from streams.records.verdict import Verdict
from tests.integration.cli.test_hits import EXAMPLE, Topic, hit, written

NOW: Final = "2026-05-21T18:00:00Z"
_WITHIN_S: Final = 20


class Verdicts:
    """A topic of verdicts beside one of hits."""

    def __init__(self, servers: str, prefix: str) -> None:
        self.name = f"{prefix}.verdicts"
        policy = TopicsConfig(prefix=prefix, partitions=2)
        wanted = [topic for topic in required_topics(policy) if topic.name == self.name]
        with Admin({"bootstrap_servers": servers}) as admin:
            admin.apply(plan_changes(wanted, {}), wanted)
        self._producer = KafkaProducer(bootstrap_servers=servers)

    def put(self, *records: Verdict | bytes, partition: int = 0) -> None:
        """Puts records on a partition, in order, and waits until the broker has them."""
        for record in records:
            value = encode(record) if isinstance(record, Verdict) else record
            self._producer.send(self.name, value, partition=partition, key=b"k").get(timeout=_WITHIN_S)

    def close(self) -> None:
        """Lets go of the broker."""
        self._producer.close()


@pytest.fixture
def topic(kafka: Cluster, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Topic]:
    """A topic of hits for one test."""
    made = Topic(kafka.servers, f"became.{request.node.name[:50]}", tmp_path)
    yield made
    made.close()


@pytest.fixture
def verdicts(kafka: Cluster, topic: Topic) -> Iterator[Verdicts]:
    """A topic of verdicts for one test."""
    made = Verdicts(kafka.servers, topic.name.removesuffix(".hits"))
    yield made
    made.close()


def says(number: int, verdict: Any, minute: int = 30) -> Verdict:
    """A verdict on the hit of a number."""
    return Verdict(f"{number:032x}", "tournai", verdict, parse_time(f"2026-05-21T16:{minute}:00Z"))


def outcome(config: Path, *options: str) -> Result:
    """`anpr outcome --kafka`."""
    return CliRunner().invoke(main, ["outcome", "--kafka", "--config", str(config), *options])


def total(result: Result) -> dict[str, Any]:
    """What became of all hits, of the JSON lines printed."""
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout.splitlines()[-1])
    assert isinstance(found, dict)
    return found


def test_hits_and_verdicts_on_kafka_are_taken_once_and_what_is_none_is_said(
    topic: Topic, verdicts: Verdicts
) -> None:
    topic.put(hit(1), hit(2), b"AB-123-CD", hit(1), time="2026-05-21T16:10:07Z")
    replaced = hit(4, 2, kind="withdrawn", withdrawn=Retraction("superseded"))
    topic.put(hit(3), hit(4), replaced, partition=1, time="2026-05-21T16:20:00Z")
    verdicts.put(says(1, "rejected"), b"AB-123-CD", says(1, "confirmed", 40), says(2, "rejected"))
    verdicts.put(says(3, "acknowledged"), says(9, "rejected"), partition=1)
    result = outcome(topic.config, "--json")
    found = total(result)
    assert {name: found[name] for name in ("hits", "confirmed", "rejected", "open")} == {
        "hits": 3, "confirmed": 1, "rejected": 1, "open": 1
    }  # fmt: skip
    assert (found["uncounted"], found["unknown"], found["not_taken"]) == (1, 1, 2)
    assert found["mean_posterior"] == EXAMPLE.match.posterior
    no_hit, no_verdict = result.stderr.splitlines()
    assert no_hit.startswith(f"{topic.name}, partition 0, offset 2: skipped: ")
    assert no_verdict.startswith(f"{verdicts.name}, partition 0, offset 1: skipped: ")
    assert "AB-123-CD" not in result.output
    assert "3 hits, 2 of them adjudicated" in outcome(topic.config).stdout


def test_since_leaves_out_hits_of_reads_captured_before(topic: Topic, verdicts: Verdicts) -> None:
    captured = EXAMPLE.read.captured_at
    earlier = msgspec.structs.replace(EXAMPLE.read, captured_at=captured.replace(day=19))
    topic.put(hit(1, read=earlier), time="2026-05-19T16:10:07Z")
    # Amended since, though its read is old.
    topic.put(hit(1, 2, read=earlier), hit(2), time="2026-05-21T16:10:07Z")
    verdicts.put(says(1, "rejected"), says(2, "confirmed"))
    recent = total(outcome(topic.config, "--since", "1", "--now", NOW, "--json"))
    assert (recent["hits"], recent["confirmed"], recent["unknown"]) == (1, 1, 0)
    longer = total(outcome(topic.config, "--since", "2.5", "--now", NOW, "--json"))
    assert (longer["hits"], longer["rejected"]) == (2, 1)
    assert total(outcome(topic.config, "--json"))["hits"] == 2


def test_topics_without_hits_and_verdicts_are_no_fault(topic: Topic, verdicts: Verdicts) -> None:
    result = outcome(topic.config)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "0 hits, 0 of them adjudicated" in result.stdout
    assert verdicts.name not in result.stdout


def test_kafka_that_cannot_be_read_is_said(topic: Topic, tmp_path: Path) -> None:
    # There are hits, but no topic of verdicts.
    missing = outcome(topic.config)
    assert (missing.exit_code, missing.stdout) == (1, "")
    verdicts = topic.name.removesuffix("hits") + "verdicts"
    assert missing.stderr.startswith(f"anpr outcome: topic {verdicts} does not exist")
    assert "`anpr topics apply`" in missing.stderr
    away = outcome(written(tmp_path, "127.0.0.1:1", "anpr"))
    assert (away.exit_code, away.stdout) == (1, "")
    assert away.stderr.startswith("anpr outcome: Kafka at 127.0.0.1:1 cannot be reached or refuses: ")
