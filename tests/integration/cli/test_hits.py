"""`anpr hits tail`: each revision once, as it is emitted; other records are reported and skipped."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, Final

import msgspec
import pytest
from click.testing import CliRunner, Result
from kafka import KafkaProducer

from streams.cli.main import main
from streams.kafka.admin import Admin
from streams.kafka.dev_cluster import Cluster
from streams.kafka.hit_tail import LatestRevisions
from streams.kafka.topics import TopicsConfig, plan_changes, required_topics
from streams.records.encode import encode
from streams.records.hit import Hit, PassageSummary, Retraction
from streams.records.read import Vehicle
from streams.records.times import parse_time, to_ms
from tests.support.builders import EXAMPLE_HIT, NOON, after_noon, example_hit, numbered_id
from tests.support.waiting import HANG_LIMIT_S

_WITHIN_S: Final = HANG_LIMIT_S
BLOCKS: Final = """\
INFORM  7aeab3c2  new, live, priority 2
  where       site rekkem, A14/E17 Kortrijk (BE)
  camera      be.a14.rekkem.n, 2026-05-21 16:10:06 UTC
  list        sis/FR-2026-00042: seen at thefts of building machines
  vehicle     PEUGEOT 308, grey, car; seen: the same
  plate       read ABI23CD FR, listed AB123CD FR
              I read for 1 at 3, settled by the format
  likelihood  almost certain, 0.99 (confusable match)
  journey     next kortrijk 16:15 to 16:21

NO ACTION  7aeab3c2  withdrawn, live, priority 2
  because     another hit stands for its passage: ffffffff
  where       site rekkem, A14/E17 Kortrijk (BE)
  camera      be.a14.rekkem.n, 2026-05-21 16:10:06 UTC
  list        sis/FR-2026-00042: seen at thefts of building machines
  plate       read ABI23CD FR, listed AB123CD FR
  action      none; was inform

NO ACTION  00000000  new, historical, priority 2
  where       A14\ufffd[2J behind the long bridge Kortrijk (BE)
  camera      be.a14.rekkem.n, 2026-05-21 16:10:06 UTC
  list        sis/FR-0000000000000000000000000000000000000000000000000042: seen
              at thefts of building machines
  vehicle     not described in the alert; seen: grey, van
  plate       read LDSAB1Z34E99 DE, listed LDSAB1234E99 FR
              I read for 1 at 3, settled by the format
  likelihood  almost certain, 0.99 (confusable match)
  passage     16 reads or more from 12:00:00 to 12:28:31, together almost
              certain, 0.99
  journey     next kortrijk 16:15 to 16:21
  action      none, a record of the past; inform if it were live
"""
WIDE: Final = """\
do              hit       p  captured (UTC)  where       read             listed           match            state               list/alert
inform          7aeab3c2  2  05-21 16:10:06  A14/E17 BE  ABI23CD FR       AB123CD FR       confusable 0.99  new                 sis/FR-2026-00042
-               7aeab3c2  2  05-21 16:10:06  A14/E17 BE  ABI23CD FR       AB123CD FR       confusable 0.99  withdrawn           sis/FR-2026-00042
-               00000000  2  05-21 16:10:06  A14\ufffd[…e BE  LDSAB1Z34E99 DE  LDSAB1234E99 FR  confusable 0.99  historical          sis/FR-0000000000000000000000000000000000000000000000000042
"""  # noqa: E501 - as wide as it is printed


def hit(number: int, revision: int = 1, **changes: Any) -> Hit:
    """The example of a hit, with its number as its id."""
    return example_hit(number, **({"revision": revision} | changes))


class Topic:
    """A topic of hits, with settings that name it."""

    def __init__(self, servers: str, prefix: str, folder: Path) -> None:
        self.name = f"{prefix}.hits"
        self.config = write_settings(folder, servers, prefix)
        policy = TopicsConfig(prefix=prefix, partitions=2)
        with Admin({"bootstrap_servers": servers}) as admin:
            wanted = [
                # Some records have old dates, and would be deleted for their age.
                topic._replace(configs=topic.configs | {"retention.ms": "-1"})
                for topic in required_topics(policy)
                if topic.name == self.name
            ]
            admin.apply(plan_changes(wanted, {}), wanted)
        self._producer = KafkaProducer(bootstrap_servers=servers)

    def put(self, *records: Hit | bytes | None, partition: int = 0, time: str | None = None) -> None:
        """Send records to a partition, in order, and wait until the broker has them."""
        for record in records:
            value = encode(record) if isinstance(record, Hit) else record
            timestamp = None if time is None else to_ms(parse_time(time))
            self._producer.send(self.name, value, partition=partition, key=b"k", timestamp_ms=timestamp).get(
                timeout=_WITHIN_S
            )

    def tail(self, *options: str) -> Result:
        """Run `anpr hits tail` up to the present end of the topic."""
        return tail(self.config, "--until-end", *options)

    def close(self) -> None:
        """Close the producer."""
        self._producer.close()


@pytest.fixture
def topic(kafka: Cluster, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Topic]:
    """Yield a topic of hits for one test."""
    made = Topic(kafka.servers, f"tail.{request.node.name[:60]}", tmp_path)
    yield made
    made.close()


def write_settings(folder: Path, servers: str, prefix: str, more: str = "") -> Path:
    """Write a file of settings and return its path."""
    path = folder / "tail.toml"
    path.write_text(
        f'[kafka]\nservers = ["{servers}"]\n{more}\n[topics]\nprefix = "{prefix}"\npartitions = 2\n', "utf-8"
    )
    return path


def tail(config: Path, *options: str, environ: dict[str, str] | None = None) -> Result:
    """Run `anpr hits tail`."""
    return CliRunner().invoke(main, ["hits", "tail", "--config", str(config), *options], env=environ)


def revisions_printed(result: Result) -> list[tuple[int, int]]:
    """Return the number and revision of each hit printed as JSON."""
    assert result.exit_code == 0, result.output
    hits = map(json.loads, result.stdout.splitlines())
    return [(int(row["hit_id"], 16), row["revision"]) for row in hits]


def test_each_revision_is_printed_once(topic: Topic) -> None:
    topic.put(hit(1), hit(2), hit(1), hit(1, 3), hit(1, 2), hit(1, 3))
    topic.put(hit(3), hit(3), partition=1)
    lines = revisions_printed(topic.tail("--from-start", "--json"))
    assert sorted(lines) == [(1, 1), (1, 3), (2, 1), (3, 1)]
    assert [line for line in lines if line[0] < 3] == [(1, 1), (2, 1), (1, 3)]
    everything = revisions_printed(topic.tail("--from-start", "--json", "--all-revisions"))
    assert sorted(everything) == [(1, 1), (1, 1), (1, 2), (1, 3), (1, 3), (2, 1), (3, 1), (3, 1)]


def test_a_json_line_is_the_record_of_the_hit(topic: Topic) -> None:
    topic.put(hit(1))
    assert topic.tail("--from-start", "--json").stdout_bytes == encode(hit(1)) + b"\n"


def test_since_starts_at_a_time_of_emission(topic: Topic) -> None:
    topic.put(hit(1), time="2026-05-21T10:00:00Z")
    topic.put(hit(2), time="2026-05-21T11:00:00Z")
    topic.put(hit(3), time="2026-05-21T12:00:00Z", partition=1)
    assert sorted(revisions_printed(topic.tail("--json", "--since", "2026-05-21T11:00:00Z"))) == [
        (2, 1),
        (3, 1),
    ]
    assert revisions_printed(topic.tail("--json", "--since", "2026-05-21T13:30:00+02:00")) == [(3, 1)]
    assert revisions_printed(topic.tail("--json", "--since", "2026-05-21T12:00:00.001Z")) == []
    assert revisions_printed(topic.tail("--json")) == []


def test_a_centre_gets_only_its_own_hits(topic: Topic) -> None:
    topic.put(hit(1, audience=["be-west"]), hit(2, audience=["fr-nord", "be-west"]), hit(3, audience=[]))
    topic.put(hit(1, 2, audience=["fr-nord"]))
    assert revisions_printed(topic.tail("--from-start", "--json", "--centre", "be-west")) == [(1, 1), (2, 1)]
    assert revisions_printed(topic.tail("--from-start", "--json", "--centre", "fr-nord")) == [(2, 1), (1, 2)]
    assert revisions_printed(topic.tail("--from-start", "--json", "--centre", "nobody")) == []


def test_a_centre_missing_in_the_settings_is_noted(topic: Topic) -> None:
    assert topic.tail("--centre", "be").stderr == ""
    topic.config.write_text(topic.config.read_text("utf-8") + "[centres.be-west]\n", "utf-8")
    assert topic.tail("--centre", "be").stderr == (
        "note: the settings have no [centres.be]; they have be-west\n"
    )
    assert topic.tail("--centre", "be-west").stderr == ""


def test_a_record_that_is_not_a_hit_is_reported_and_skipped(topic: Topic) -> None:
    bad = json.loads(encode(hit(2)))
    bad["match"]["listed_plate"], bad["kind"] = 123456, "old"
    topic.put(hit(1), b"AB-123-CD", None, json.dumps(bad).encode(), hit(3))
    result = topic.tail("--from-start", "--json")
    assert revisions_printed(result) == [(1, 1), (3, 1)]
    places = [line.partition(": ") for line in result.stderr.splitlines()]
    assert [place for place, _, _ in places] == [
        f"{topic.name}, partition 0, offset {offset}" for offset in (1, 2, 3)
    ]
    assert all(rest.startswith("skipped: ") for _, _, rest in places)
    assert 'kind: must be one of amended, new, withdrawn, got "old"' in places[2][2]
    assert "123" not in result.stderr.replace(topic.name, "")


def revisions() -> list[Hit]:
    """Return a hit, its withdrawal, and a historical one with long text that would control a terminal."""
    place = msgspec.structs.replace(EXAMPLE_HIT.place, road="A14\x1b[2J behind the long bridge", site_id=None)
    alert = msgspec.structs.replace(EXAMPLE_HIT.alert, alert_id=f"FR-{'0' * 50}42", vehicle=None)
    read = msgspec.structs.replace(EXAMPLE_HIT.read, country="DE", vehicle=Vehicle(colour="grey", type="van"))
    match = msgspec.structs.replace(EXAMPLE_HIT.match, read_plate="LDSAB1Z34E99", listed_plate="LDSAB1234E99")
    passage = PassageSummary(16, NOON, 0.9972, after_noon(1711))
    return [
        hit(1, hit_id=f"7aeab3c2{1:024x}"),
        hit(1, 2, hit_id=f"7aeab3c2{1:024x}", kind="withdrawn", withdrawn=Retraction("superseded", "f" * 32)),
        hit(
            2,
            mode="historical",
            passage=passage,
            place=place,
            alert=alert,
            read=read,
            match=match,
        ),
    ]


def test_a_hit_is_a_block_of_80_columns_with_the_action_first(topic: Topic) -> None:
    topic.put(*revisions())
    result = topic.tail("--from-start")
    assert result.stdout.splitlines() == BLOCKS.splitlines()
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "\x1b" not in result.stdout


def test_a_wide_table_has_one_row_a_hit(topic: Topic) -> None:
    topic.put(*revisions())
    result = topic.tail("--from-start", "--wide")
    assert result.stdout.splitlines() == WIDE.splitlines()
    assert "\x1b" not in result.stdout


def test_two_forms_are_wrong_use(topic: Topic) -> None:
    result = topic.tail("--wide", "--json")
    assert result.exit_code == 2 and "give one" in result.stderr


def test_a_hit_is_explained_by_its_short_id(topic: Topic) -> None:
    topic.put(*revisions())
    explain = ["explain", "7aeab3c2", "--kafka", "--config", str(topic.config)]
    result = CliRunner().invoke(main, explain)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("NO ACTION  7aeab3c2  withdrawn, live, priority 2\n")
    latest = CliRunner().invoke(main, [*explain, "--json"]).stdout
    assert json.loads(latest)["revision"] == 2


def running(topic: Topic) -> "subprocess.Popen[bytes]":
    """Start `anpr hits tail --json` as a process."""
    command = [sys.executable, "-m", "streams.cli.main", "hits", "tail", "--json", "--config"]
    code = "from streams.cli.main import main; main()"
    command = [sys.executable, "-c", code, *command[3:], str(topic.config)]
    # As at a terminal: a process started in the background ignores Ctrl-C, and so would its children.
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def line_of(stream: IO[bytes] | None) -> str:
    """Return the next line, waiting for it."""
    assert stream is not None
    return ThreadPoolExecutor(1).submit(stream.readline).result(_WITHIN_S).decode()


def test_hits_are_printed_as_they_are_emitted_until_ctrl_c(topic: Topic) -> None:
    topic.put(hit(1))
    with running(topic) as process:
        try:
            assert line_of(process.stderr).endswith(": waiting for hits; Ctrl-C ends\n")
            for number in (2, 3):
                topic.put(hit(number), partition=number % 2)
                assert json.loads(line_of(process.stdout))["hit_id"] == numbered_id(number)
            process.send_signal(signal.SIGINT)
            out, errors = process.communicate(timeout=_WITHIN_S)
        finally:
            process.kill()
    assert (process.returncode, out, errors) == (0, b"", b"")


def test_a_missing_topic_is_an_error(kafka: Cluster, tmp_path: Path) -> None:
    result = tail(write_settings(tmp_path, kafka.servers, "nowhere"))
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert "nowhere.hits" in line and "`anpr topics apply`" in line


def test_an_unreachable_broker_is_an_error(tmp_path: Path) -> None:
    result = tail(write_settings(tmp_path, "127.0.0.1:1", "anpr"))
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("anpr hits tail: Kafka at 127.0.0.1:1 cannot be reached or refuses: ")
    assert "Connect" in line


def test_a_refused_login_is_an_error(kafka: Cluster, tmp_path: Path) -> None:
    """The broker has no login configured, and refuses one."""
    login = 'security = "sasl-plaintext"\nmechanism = "SCRAM-SHA-512"\nusername = "centre"'
    config = write_settings(tmp_path, kafka.servers, "anpr", login)
    result = tail(config, environ={"ANPR_KAFKA_PASSWORD": "not to be seen"})
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert kafka.servers in line and "the login in [kafka]" in line
    assert "not to be seen" not in line
    missing = tail(config, environ={"ANPR_KAFKA_PASSWORD": None})
    assert missing.exit_code == 1 and "password_file" in missing.stderr


def test_two_starts_are_wrong_use(tmp_path: Path) -> None:
    result = tail(
        write_settings(tmp_path, "127.0.0.1:1", "anpr"), "--from-start", "--since", "2026-05-21T10:00:00Z"
    )
    assert result.exit_code == 2 and "give one" in result.stderr


def test_the_number_of_remembered_hits_is_bounded() -> None:
    news = LatestRevisions(max_hits=2)
    assert [news.add(hit(number)) for number in (1, 2, 1, 3, 1, 3, 2)] == [
        True, True, False, True, False, False, True
    ]  # fmt: skip
