"""`anpr lists load` on a real Kafka: it writes what differs, and refuses what would end a list."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from streams.alerts import Index
from streams.kafka.dev_cluster import Cluster
from streams.records.times import HOUR_MS, MINUTE_MS, from_ms, to_rfc3339
from streams.runtime.clock import now_ms
from tests.support.alert_topics import AlertTopic, alert_record, get_alert, run_with_timeout
from tests.support.builders import alert_json, an_alert
from tests.support.commands import run_anpr


class LoadCommand:
    """The command, with settings for a topic of alerts of its own."""

    def __init__(self, servers: str, folder: Path) -> None:
        self.prefix = f"load{now_ms()}"
        self.topic = AlertTopic(servers, folder, name=f"{self.prefix}.alerts")
        self.topic.create()
        self._folder = folder
        self._config = folder / "config.toml"
        self._config.write_text(f'[kafka]\nservers = ["{servers}"]\n[topics]\nprefix = "{self.prefix}"\n')

    def __call__(self, *lines: bytes, options: tuple[str, ...] = ()) -> Result:
        """Load a file of lines."""
        path = self._folder / "lists.jsonl"
        path.write_bytes(b"\n".join(lines))
        arguments = ["lists", "load", str(path), "--config", str(self._config), *options]
        return run_anpr(*arguments)

    def counts(self, *lines: bytes, options: tuple[str, ...] = ()) -> dict[str, list[int]]:
        """Load a file of lines; return the counts of each list: added, changed, withdrawn, unchanged."""
        result = self(*lines, options=(*options, "--json"))
        assert result.exit_code == 0, result.output
        return {
            row["list_id"]: [row[field] for field in ("added", "changed", "withdrawn", "unchanged")]
            for row in json.loads(result.stdout)["lists"]
        }

    def index(self) -> Index:
        """Return the index of the lists on the topic."""
        readers = []

        async def load() -> None:
            readers.append(await self.topic.load())

        run_with_timeout(load())
        return readers[0].index

    def effective_ids(self) -> set[str]:
        """Return the ids of the alerts that are not withdrawn on the topic."""
        index = self.index()
        return {alert.alert_id for alert in index.alerts() if index.withdrawn_at_ms(alert) is None}


@pytest.fixture
def load(kafka: Cluster, tmp_path: Path) -> LoadCommand:
    """The command on an empty topic."""
    return LoadCommand(kafka.servers, tmp_path)


def alert_lines(count: int, **fields: Any) -> list[bytes]:
    """Return the lines of alerts a0, a1 and so on."""
    return [alert_json(f"AB-{100 + number}-CD", alert_id=f"a{number}", **fields) for number in range(count)]


def withdrawal_line(alert_id: str, at: str) -> bytes:
    return json.dumps({"list_id": "sis", "alert_id": alert_id, "withdrawn_at": at}).encode()


def test_only_what_differs_is_written(load: LoadCommand) -> None:
    other = alert_json("EF-456-GH", list_id="interpol")
    first = load(*alert_lines(10), other)
    assert first.exit_code == 0, first.output
    assert "sis" in first.stdout
    assert f"11 records written to {load.prefix}.alerts and acknowledged" in first.stdout
    assert load.counts(*alert_lines(10), other) == {"interpol": [0, 0, 0, 1], "sis": [0, 0, 0, 10]}

    changed = [
        *alert_lines(9),
        alert_json("GH-789-IJ", alert_id="a1", version=2),
        alert_json("KL-1", alert_id="x"),
    ]
    assert load.counts(*changed) == {"sis": [1, 1, 1, 8]}, "the other list is left alone"
    index = load.index()
    alerts = {key: index.get(key) for key in (("sis", "a1"), ("sis", "x"), ("interpol", "a1"))}
    assert [each.plate if each else None for each in alerts.values()] == ["GH-789-IJ", "KL-1", "EF-456-GH"]
    assert load.effective_ids() == {*(f"a{each}" for each in range(9)), "x"}


def test_a_dry_run_prints_the_same_table_and_writes_nothing(load: LoadCommand) -> None:
    dry = load(*alert_lines(3), options=("--dry-run",))
    assert dry.exit_code == 0, dry.output
    assert "dry run: 3 records would be written" in dry.stdout
    assert load.effective_ids() == set()
    assert load(*alert_lines(3)).stdout.splitlines()[:2] == dry.stdout.splitlines()[:2]


def test_the_highest_version_in_the_files_is_loaded_and_must_be_above_the_topics(load: LoadCommand) -> None:
    old, new = (alert_json("AB-123-CD", version=3), alert_json("EF-456-GH", version=4))
    assert load.counts(new, old) == {"sis": [1, 0, 0, 0]}
    refused = load(alert_json("KL-111-MN", version=4), *alert_lines(1))
    assert refused.exit_code == 1
    assert "sis/a1: version 4 is on the topic with other content" in refused.stderr
    lower = load(old, alert_json("XX-1", alert_id="a2"))
    assert lower.exit_code == 1
    assert "sis/a1: version 3 is below version 4 on the topic; versions must rise" in lower.stderr
    assert "nothing is loaded" in lower.stderr
    assert "AB-123-CD" not in lower.stderr
    assert get_alert(load.index()).plate == "EF-456-GH"
    assert load.effective_ids() == {"a1"}


def test_times_below_a_millisecond_are_no_difference(load: LoadCommand) -> None:
    fine = alert_json("AB-123-CD", valid_from="2026-01-01T00:00:00.123456+01:00")
    assert load.counts(fine) == {"sis": [1, 0, 0, 0]}
    assert load.counts(fine) == {"sis": [0, 0, 0, 1]}


def test_withdrawals_in_the_files_withdraw_alerts_on_the_topic(load: LoadCommand) -> None:
    assert load.counts(*alert_lines(4)) == {"sis": [4, 0, 0, 0]}
    past, future = "2026-06-01T08:00:00Z", to_rfc3339(from_ms(now_ms() + HOUR_MS))
    lines = [
        *alert_lines(4),
        withdrawal_line("a1", past),
        withdrawal_line("a2", future),
        withdrawal_line("unknown", past),
    ]
    result = load(*lines)
    assert result.exit_code == 0, result.output
    assert "1 alert with a withdrawal in the future" in result.stderr
    assert load.effective_ids() == {"a0", "a2", "a3"}
    withdrawn_ms = load.index().withdrawn_at_ms(an_alert("AB-101-CD", alert_id="a1"))
    assert withdrawn_ms is not None
    assert abs(withdrawn_ms - now_ms()) < MINUTE_MS, "from the time of loading on"
    assert load.counts(*lines) == {"sis": [0, 0, 0, 3]}, "none is withdrawn a second time"
    again = alert_json("AB-101-CD", alert_id="a1", version=2, valid_from="2026-06-02T00:00:00Z")
    assert load.counts(*lines, again) == {"sis": [1, 0, 0, 3]}, "listed again"


def test_a_truncated_file_does_not_end_a_list(load: LoadCommand) -> None:
    load(*alert_lines(10))
    cut = load(*alert_lines(7))
    assert cut.exit_code == 1
    assert "sis: 3 of its 10 alerts on the topic are not in the files" in cut.stderr
    assert "--gone-up-to 0.3 allows it" in cut.stderr
    assert cut.stdout == ""
    assert len(load.effective_ids()) == 10
    assert load(*alert_lines(7), options=("--dry-run",)).exit_code == 1
    assert load.counts(*alert_lines(7), options=("--gone-up-to", "0.3")) == {"sis": [0, 0, 3, 7]}
    assert len(load.effective_ids()) == 7

    other = alert_json("EF-456-GH", list_id="interpol")
    assert load.counts(other) == {"interpol": [1, 0, 0, 0]}
    assert "sis: 7 of its 7 alerts" in load(other, options=("--list", "sis")).stderr
    withdrawn = load.counts(other, options=("--list", "sis", "--gone-up-to", "1"))
    assert withdrawn == {"interpol": [0, 0, 0, 1], "sis": [0, 0, 7, 0]}
    assert load.effective_ids() == {"a1"}


def test_faulty_lines_stop_a_load_unless_they_are_skipped(load: LoadCommand) -> None:
    load(*alert_lines(3))
    lines = [
        *alert_lines(2),
        b"{",
        alert_json("ΑΒ-123", alert_id="a2", version=2),
        alert_json("XX-1", alert_id="n"),
    ]
    faulty = load(*lines)
    assert faulty.exit_code == 1
    assert "lists.jsonl:3: must be one JSON object on one line" in faulty.stderr
    assert "lists.jsonl:4: plate:" in faulty.stderr
    assert "nothing is loaded, because 2 lines of the files were rejected" in faulty.stderr
    assert "ΑΒ" not in faulty.stderr
    assert load.effective_ids() == {"a0", "a1", "a2"}
    assert load.counts(*lines, options=("--skip-faulty",)) == {"sis": [1, 0, 0, 3]}
    assert load.effective_ids() == {"a0", "a1", "a2", "n"}, "an alert that a faulty line may name stays"


def test_other_producers_write_to_the_same_partitions(load: LoadCommand) -> None:
    """Otherwise the last record of a key would not be the last in its log."""

    async def write() -> None:
        await load.topic.send(
            *(alert_record(f"EF-{number}-GH", alert_id=f"a{number}", version=2) for number in range(30))
        )

    load(*alert_lines(30))
    run_with_timeout(write())
    index = load.index()
    assert all(get_alert(index, f"a{number}").version == 2 for number in range(30))


def test_a_missing_topic_and_a_missing_broker_are_errors(load: LoadCommand, tmp_path: Path) -> None:
    config = tmp_path / "other.toml"
    for text, reason in (
        (f'[kafka]\nservers = ["{load.topic.servers}"]\n[topics]\nprefix = "none"\n', "`anpr topics apply`"),
        ('[kafka]\nservers = ["127.0.0.1:1"]\n', "127.0.0.1:1"),
    ):
        config.write_text(text)
        result = load(*alert_lines(1), options=("--config", str(config)))
        assert result.exit_code == 1
        assert result.stderr.startswith("anpr lists load: the alert lists cannot be read")
        assert reason in result.stderr


def test_a_file_that_cannot_be_read_is_an_error(load: LoadCommand) -> None:
    result = load(options=("no-such-file",))
    assert result.exit_code == 2
    assert "no-such-file: cannot be opened" in result.stderr
