"""`anpr operation --kafka`: the ranking as it changes, and the report with the reads counted."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

import pytest
from click.testing import Result
from kafka import KafkaProducer
from msgspec.structs import replace

from streams.kafka.admin import Admin
from streams.kafka.dev_cluster import Cluster
from streams.kafka.topics import TopicsConfig, plan_changes, required_topics
from streams.records.encode import encode
from streams.records.hit import Hit
from streams.records.times import from_ms, to_rfc3339
from streams.records.verdict import Verdict
from streams.runtime.clock import now_ms
from tests.support.builders import read_json
from tests.support.commands import run_anpr
from tests.support.operations import MINUTE_MS, a_hit, a_verdict, an_admission
from tests.support.waiting import HANG_LIMIT_S

_WITHIN_S: Final = HANG_LIMIT_S
_SETTINGS: Final = """
[kafka]
servers = ["{servers}"]
[topics]
prefix = "{prefix}"
partitions = 2
reads_hours = {{BE = 100, FR = 100}}
[lists.sis]
[sites.rekkem]
[sites.camphin]
[cameras.c1]
site = "rekkem"
[operations.joint]
lists = ["sis"]
sites = ["rekkem"]
crews = ["camphin"]
capacity = 3
setup_minutes = 0
windows = [{{from = {begins}, until = {ends}}}]
"""


class OperationTopics:
    """The topics of one operation, with settings that name them."""

    def __init__(self, servers: str, prefix: str, folder: Path) -> None:
        self._prefix = prefix
        self._servers = servers
        self.config = folder / "anpr.toml"
        policy = TopicsConfig(prefix=prefix, partitions=2, reads_hours={"BE": 100.0, "FR": 100.0})
        with Admin({"bootstrap_servers": servers}) as admin:
            # Some records have old dates, and would be deleted for their age.
            wanted = [
                topic._replace(configs=topic.configs | {"retention.ms": "-1"})
                for topic in required_topics(policy)
            ]
            admin.apply(plan_changes(wanted, {}), wanted)
        self._producer = KafkaProducer(bootstrap_servers=servers)
        self.set_window("2026-05-21T12:00:00Z", "2026-05-21T14:00:00Z")

    def set_window(self, begins: str, ends: str) -> None:
        """Write the settings, with the operation's window."""
        self.config.write_text(
            _SETTINGS.format(servers=self._servers, prefix=self._prefix, begins=begins, ends=ends)
        )

    def put(self, topic: str, *records: Hit | Verdict | bytes, partition: int = 0) -> None:
        """Send records to a topic, and wait until the broker has them."""
        for record in records:
            value = record if isinstance(record, bytes) else encode(record)
            name = f"{self._prefix}.{topic}"
            self._producer.send(name, value, partition=partition, key=b"k").get(timeout=_WITHIN_S)

    def close(self) -> None:
        """Close the producer."""
        self._producer.close()


@pytest.fixture
def topics(kafka: Cluster, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[OperationTopics]:
    """Yield the topics for one test."""
    made = OperationTopics(kafka.servers, f"joint.{request.node.name[:40]}", tmp_path)
    yield made
    made.close()


def operation(config: Path, *options: str) -> Result:
    """Run `anpr operation ... --kafka`."""
    return run_anpr("operation", *options, "--kafka", "--config", config)


def test_the_report_counts_all_records_and_reads(topics: OperationTopics) -> None:
    topics.put("hits", *(a_hit(each, an_admission(each / 10, 1, 59)) for each in range(1, 7)), b"no hit")
    topics.put("hits", a_hit(1, an_admission(0.9, 1, 59), revision=2), a_hit(7), partition=1)
    topics.put("verdicts", a_verdict(6, intercepted=True), a_verdict(5, "rejected"), b"no verdict")
    inside = [read_json("AB123CD", seconds) for seconds in (0, 60, 60, 7199)]
    topics.put("reads.BE", *inside, read_json("AB123CD", 7200), b"no read")
    topics.put("reads.FR", read_json("AB123CD", 60, read_id="f1"), partition=1)
    result = operation(topics.config, "report", "joint", "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["reads"] == 4
    assert report["total"] == {"hits": 6, "confirmed": 1, "rejected": 1, "open": 4, "intercepted": 1}
    assert report["crews"]["chosen"]["vehicles"] == 3
    assert "1 record in the topics of reads" in result.stderr
    assert result.stderr.count("skipped:") == 2
    ranked = operation(topics.config, "rank", "joint", "--json", "--now", "2026-05-21T12:10:00Z")
    # The verdicts are dated later, the second revision of the first hit is not.
    assert [json.loads(line)["alert_id"] for line in ranked.stdout.splitlines()] == [
        "A1", "A6", "A5", "A4", "A3", "A2"
    ]  # fmt: skip


def test_a_topic_that_cannot_be_read_is_an_error(kafka: Cluster, tmp_path: Path) -> None:
    config = tmp_path / "anpr.toml"
    for servers, said in ((kafka.servers, "`anpr topics apply`"), ("127.0.0.1:1", "cannot be reached")):
        config.write_text(
            _SETTINGS.format(
                servers=servers, prefix="nowhere", begins="2026-05-21T12:00:00Z", ends="2026-05-21T14:00:00Z"
            )
        )
        for command in ("rank", "report"):
            result = operation(config, command, "joint")
            assert (result.exit_code, result.stdout) == (1, "")
            assert result.stderr.startswith(f"anpr operation {command}: ") and said in result.stderr


def test_the_ranking_is_printed_again_when_it_changes(topics: OperationTopics) -> None:
    now = now_ms()
    topics.set_window(to_rfc3339(from_ms(now - 10 * MINUTE_MS)), to_rfc3339(from_ms(now + 60 * MINUTE_MS)))
    topics.put("hits", _recent_hit(now, 1, 0.5))
    with _FollowedRanking(topics.config) as followed:
        assert followed.next() == ["A1"]
        topics.put("hits", _recent_hit(now, 2, 0.9))
        assert followed.next() == ["A2", "A1"]
        # A duplicate is no change, and neither is a hit of another operation.
        topics.put("hits", _recent_hit(now, 2, 0.9), a_hit(3, an_admission(operation_id="other")))
        topics.put(
            "hits",
            replace(_recent_hit(now, 2, 0.9), revision=2, verdict=a_verdict(2, "rejected")),
            partition=1,
        )
        assert followed.next() == ["A1"]
        followed.end()


def _recent_hit(now: int, number: int, score: float) -> Hit:
    """Return a hit of this minute, of a vehicle that comes by within the hour."""
    times: dict[str, Any] = {"earliest": from_ms(now), "latest": from_ms(now + 30 * MINUTE_MS)}
    hit = a_hit(number, replace(an_admission(score), **times))
    return replace(hit, read=replace(hit.read, captured_at=from_ms(now)), emitted_at=from_ms(now))


class _FollowedRanking:
    """`anpr operation rank --follow` as a process, and the rankings that it prints."""

    def __init__(self, config: Path) -> None:
        command = ("operation", "rank", "joint", "--kafka", "--follow", "--config", config)
        self._process = subprocess.Popen(
            [Path(sys.executable).with_name("anpr"), *command],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1", "COLUMNS": "200"},
            # As at a terminal: a process started in the background ignores Ctrl-C, and so would its children.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        self._lines: queue.Queue[str] = queue.Queue()
        assert self._process.stdout is not None
        threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True).start()

    def __enter__(self) -> "_FollowedRanking":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def _read(self, output: IO[str]) -> None:
        for line in output:
            self._lines.put(line)

    def next(self) -> list[str]:
        """Return the alerts of the next ranking, in order."""
        heading = self._lines.get(timeout=_WITHIN_S)
        while not heading.startswith("joint at "):
            heading = self._lines.get(timeout=_WITHIN_S)
        count = int(heading.split("(UTC): ")[1].split()[0])
        # Three lines a vehicle, the alert on the last.
        lines = [self._lines.get(timeout=_WITHIN_S) for _ in range(3 * count)]
        return [line.split("sis/")[1].split(",")[0] for line in lines[2::3]]

    def end(self) -> None:
        """End it with Ctrl-C."""
        self._process.send_signal(signal.SIGINT)
        assert self._process.wait(timeout=_WITHIN_S) == 0
