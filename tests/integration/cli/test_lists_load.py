"""`anpr lists load` on a real Kafka: only what differs is written, and nothing that must not be."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from streams.alerts import Index
from streams.cli.main import main
from streams.kafka.dev_cluster import Cluster
from streams.records.times import from_ms, to_rfc3339
from tests.support.alert_topics import AlertTopic, alert_record, get_alert, now_ms, run_with_timeout
from tests.support.builders import alert_json, an_alert


class Load:
    """A topic of alerts, the settings for it, and files to load onto it."""

    def __init__(self, servers: str, folder: Path) -> None:
        self.prefix = f"load{now_ms()}"
        self.topic = AlertTopic(servers, folder, name=f"{self.prefix}.alerts")
        self.topic.create()
        self._folder = folder
        self._config = folder / "config.toml"
        self._config.write_text(f'[kafka]\nservers = ["{servers}"]\n[topics]\nprefix = "{self.prefix}"\n')

    def __call__(self, *lines: bytes, options: tuple[str, ...] = ()) -> Result:
        """Loads a file of lines."""
        path = self._folder / "lists.jsonl"
        path.write_bytes(b"\n".join(lines))
        arguments = ["lists", "load", str(path), "--config", str(self._config), *options]
        return CliRunner().invoke(main, arguments)

    def counts(self, *lines: bytes, options: tuple[str, ...] = ()) -> dict[str, list[int]]:
        """Loads a file of lines; of each list, how many were added, changed, withdrawn, unchanged."""
        result = self(*lines, options=(*options, "--json"))
        assert result.exit_code == 0, result.output
        return {
            each["list_id"]: [each[field] for field in ("added", "changed", "withdrawn", "unchanged")]
            for each in json.loads(result.stdout)["lists"]
        }

    def index(self) -> Index:
        """The lists on the topic."""
        readers = []

        async def work() -> None:
            readers.append(await self.topic.load())

        run_with_timeout(work())
        return readers[0].index

    def in_force(self) -> set[str]:
        """The alert ids that are not withdrawn on the topic."""
        index = self.index()
        return {each.alert_id for each in index.alerts() if index.withdrawn_at_ms(each) is None}


@pytest.fixture
def load(kafka: Cluster, tmp_path: Path) -> Load:
    """Loading onto an empty topic."""
    return Load(kafka.servers, tmp_path)


def some(count: int, **fields: Any) -> list[bytes]:
    """Alerts a0, a1 and so on."""
    return [alert_json(f"AB-{100 + each}-CD", alert_id=f"a{each}", **fields) for each in range(count)]


def withdrawn(alert_id: str, at: str) -> bytes:
    """The line of a withdrawal."""
    return json.dumps({"list_id": "sis", "alert_id": alert_id, "withdrawn_at": at}).encode()


def test_only_what_differs_is_written(load: Load) -> None:
    other = alert_json("EF-456-GH", list_id="interpol")
    first = load(*some(10), other)
    assert first.exit_code == 0, first.output
    assert "sis" in first.stdout
    assert f"11 records written to {load.prefix}.alerts and confirmed" in first.stdout
    assert load.counts(*some(10), other) == {"interpol": [0, 0, 0, 1], "sis": [0, 0, 0, 10]}

    changed = [*some(9), alert_json("GH-789-IJ", alert_id="a1", version=2), alert_json("KL-1", alert_id="x")]
    assert load.counts(*changed) == {"sis": [1, 1, 1, 8]}, "the other list is left alone"
    index = load.index()
    alerts = {key: index.get(key) for key in (("sis", "a1"), ("sis", "x"), ("interpol", "a1"))}
    assert [each.plate if each else None for each in alerts.values()] == ["GH-789-IJ", "KL-1", "EF-456-GH"]
    assert load.in_force() == {*(f"a{each}" for each in range(9)), "x"}


def test_a_dry_run_shows_the_same_and_writes_nothing(load: Load) -> None:
    dry = load(*some(3), options=("--dry-run",))
    assert dry.exit_code == 0, dry.output
    assert "dry run: 3 records would be written" in dry.stdout
    assert load.in_force() == set()
    assert load(*some(3)).stdout.splitlines()[:2] == dry.stdout.splitlines()[:2]


def test_the_highest_version_of_the_files_is_loaded_and_topics_versions_rise(load: Load) -> None:
    old, new = (alert_json("AB-123-CD", version=3), alert_json("EF-456-GH", version=4))
    assert load.counts(new, old) == {"sis": [1, 0, 0, 0]}
    refused = load(alert_json("KL-111-MN", version=4), *(line for line in some(1)))
    assert refused.exit_code == 1
    assert "sis/a1: version 4 is on the topic with other content" in refused.stderr
    lower = load(old, alert_json("XX-1", alert_id="a2"))
    assert lower.exit_code == 1
    assert "sis/a1: version 3 is below version 4 on the topic; versions rise" in lower.stderr
    assert "nothing is loaded" in lower.stderr
    assert "AB-123-CD" not in lower.stderr
    assert get_alert(load.index()).plate == "EF-456-GH"
    assert load.in_force() == {"a1"}


def test_times_finer_than_the_topic_has_are_no_difference(load: Load) -> None:
    fine = alert_json("AB-123-CD", valid_from="2026-01-01T00:00:00.123456+01:00")
    assert load.counts(fine) == {"sis": [1, 0, 0, 0]}
    assert load.counts(fine) == {"sis": [0, 0, 0, 1]}


def test_withdrawals_in_the_files(load: Load) -> None:
    assert load.counts(*some(4)) == {"sis": [4, 0, 0, 0]}
    past, ahead = "2026-06-01T08:00:00Z", to_rfc3339(from_ms(now_ms() + 3_600_000))
    lines = [*some(4), withdrawn("a1", past), withdrawn("a2", ahead), withdrawn("unknown", past)]
    result = load(*lines)
    assert result.exit_code == 0, result.output
    assert "1 alert with a withdrawal in the files that lies ahead" in result.stderr
    assert load.in_force() == {"a0", "a2", "a3"}
    ended = load.index().withdrawn_at_ms(an_alert("AB-101-CD", alert_id="a1"))
    assert ended is not None
    assert abs(ended - now_ms()) < 60_000, "from the time of loading on"
    assert load.counts(*lines) == {"sis": [0, 0, 0, 3]}, "what is withdrawn already is not withdrawn again"
    again = alert_json("AB-101-CD", alert_id="a1", version=2, valid_from="2026-06-02T00:00:00Z")
    assert load.counts(*lines, again) == {"sis": [1, 0, 0, 3]}, "listed again"


def test_a_file_cut_short_does_not_end_a_list(load: Load) -> None:
    load(*some(10))
    cut = load(*some(7))
    assert cut.exit_code == 1
    assert "sis: 3 of its 10 alerts on the topic are not in the files" in cut.stderr
    assert "--gone-up-to 0.3 allows it" in cut.stderr
    assert cut.stdout == ""
    assert len(load.in_force()) == 10
    assert load(*some(7), options=("--dry-run",)).exit_code == 1
    assert load.counts(*some(7), options=("--gone-up-to", "0.3")) == {"sis": [0, 0, 3, 7]}
    assert len(load.in_force()) == 7

    other = alert_json("EF-456-GH", list_id="interpol")
    assert load.counts(other) == {"interpol": [1, 0, 0, 0]}
    assert "sis: 7 of its 7 alerts" in load(other, options=("--list", "sis")).stderr
    ended = load.counts(other, options=("--list", "sis", "--gone-up-to", "1"))
    assert ended == {"interpol": [0, 0, 0, 1], "sis": [0, 0, 7, 0]}
    assert load.in_force() == {"a1"}


def test_faulty_lines_stop_a_load_unless_they_are_skipped(load: Load) -> None:
    load(*some(3))
    lines = [*some(2), b"{", alert_json("ΑΒ-123", alert_id="a2", version=2), alert_json("XX-1", alert_id="n")]
    faulty = load(*lines)
    assert faulty.exit_code == 1
    assert "lists.jsonl:3: must be one JSON object on one line" in faulty.stderr
    assert "lists.jsonl:4: plate:" in faulty.stderr
    assert "nothing is loaded, for 2 lines cannot be taken" in faulty.stderr
    assert "ΑΒ" not in faulty.stderr
    assert load.in_force() == {"a0", "a1", "a2"}
    assert load.counts(*lines, options=("--skip-faulty",)) == {"sis": [1, 0, 0, 3]}
    assert load.in_force() == {"a0", "a1", "a2", "n"}, "what a faulty line may have named stays"


def test_what_other_producers_write_lies_in_the_same_partitions(load: Load) -> None:
    """Else the last record of a key would not be the last in its log."""

    async def work() -> None:
        await load.topic.send(
            *(alert_record(f"EF-{each}-GH", alert_id=f"a{each}", version=2) for each in range(30))
        )

    load(*some(30))
    run_with_timeout(work())
    index = load.index()
    assert all(get_alert(index, f"a{each}").version == 2 for each in range(30))


def test_a_missing_topic_and_a_missing_broker_are_said(load: Load, tmp_path: Path) -> None:
    config = tmp_path / "other.toml"
    for text, said in (
        (f'[kafka]\nservers = ["{load.topic.servers}"]\n[topics]\nprefix = "none"\n', "`anpr topics apply`"),
        ('[kafka]\nservers = ["127.0.0.1:1"]\n', "127.0.0.1:1"),
    ):
        config.write_text(text)
        result = load(*some(1), options=("--config", str(config)))
        assert result.exit_code == 1
        assert result.stderr.startswith("anpr lists load: the alert lists cannot be read")
        assert said in result.stderr


def test_a_file_that_cannot_be_read(load: Load) -> None:
    result = load(options=("no-such-file",))
    assert result.exit_code == 2
    assert "no-such-file: cannot be opened" in result.stderr
