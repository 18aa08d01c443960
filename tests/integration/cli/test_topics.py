"""Topics: what differs is shown before anything is changed, and what cannot be changed is said."""

from pathlib import Path

from click.testing import CliRunner, Result

from streams.cli.main import main
from streams.kafka.admin import Admin
from streams.kafka.dev_cluster import Cluster
from streams.kafka.topics import Topic, TopicsConfig, plan_changes, required_topics

POLICY = TopicsConfig(reads_hours={"FR": 360, "BE": 720})


def test_each_country_has_a_topic_of_reads_with_the_hours_of_its_law() -> None:
    named = {topic.name: topic.configs for topic in required_topics(POLICY)}
    assert named["anpr.reads.FR"]["retention.ms"] == str(360 * 3_600_000)
    assert named["anpr.reads.BE"]["retention.ms"] == str(720 * 3_600_000)
    assert "anpr.reads.NL" not in named
    assert named["anpr.alerts"]["cleanup.policy"] == "compact"
    assert set(named) == {
        f"anpr.{name}"
        for name in ("reads.FR", "reads.BE", "alerts", "matches", "verdicts", "hits", "rejected", "lookbacks")
    }


def test_look_backs_are_remembered_for_longer_than_any_read() -> None:
    named = {topic.name: topic.configs for topic in required_topics(POLICY)}
    assert named["anpr.lookbacks"] == {
        "cleanup.policy": "compact,delete",
        "retention.ms": str(744 * 3_600_000),
    }


def test_nothing_differs_from_what_is_as_wanted() -> None:
    wanted = required_topics(POLICY)
    assert plan_changes(wanted, {topic.name: topic._replace(replication=3) for topic in wanted}) == []


def test_what_differs_and_what_cannot_be_changed() -> None:
    wanted = required_topics(TopicsConfig(replication=3))
    there = {topic.name: topic for topic in wanted}
    del there["anpr.alerts"]
    there["anpr.hits"] = Topic("anpr.hits", 4, 1, {"cleanup.policy": "delete", "retention.ms": "5"})
    changes = plan_changes(wanted, there)
    assert [(change.kind, change.topic) for change in changes] == [
        ("create", "anpr.alerts"),
        ("impossible", "anpr.hits"),
        ("impossible", "anpr.hits"),
        ("config", "anpr.hits"),
    ]
    assert "has 4 partitions, not 8" in changes[1].text
    assert "has replication 1, not 3" in changes[2].text
    assert "retention.ms: from 5 to" in changes[3].text


def run(config: Path, command: str) -> Result:
    """`anpr topics` with a file of settings."""
    return CliRunner().invoke(main, ["topics", command, "--config", str(config)])


def written(tmp_path: Path, servers: str, more: str = "") -> Path:
    """A file of settings for a cluster."""
    path = tmp_path / "topics.toml"
    path.write_text(
        f'[kafka]\nservers = ["{servers}"]\n[topics]\nprefix = "plan"\npartitions = 2\n'
        f"{more}\n[topics.reads_hours]\nFR = 1.0\n",
        "utf-8",
    )
    return path


def test_a_plan_shows_and_apply_makes_it_so(kafka: Cluster, tmp_path: Path) -> None:
    config = written(tmp_path, kafka.servers)
    planned = run(config, "plan")
    assert planned.exit_code == 1
    assert "create      plan.reads.FR  create with 2 partitions" in planned.stdout
    with Admin({"bootstrap_servers": kafka.servers}) as admin:
        assert admin.existing_topics(required_topics(TopicsConfig(prefix="plan"))) == {}, (
            "a plan changes nothing"
        )

    applied = run(config, "apply")
    assert applied.exit_code == 0, applied.output
    assert applied.stdout == planned.stdout
    assert run(config, "plan").stdout == "all topics are as required\n"

    longer = written(tmp_path, kafka.servers, "hits_hours = 100.0")
    assert run(longer, "plan").stdout == "config      plan.hits  retention.ms: from 2592000000 to 360000000\n"
    assert run(longer, "apply").exit_code == 0
    assert run(longer, "plan").exit_code == 0

    with Admin({"bootstrap_servers": kafka.servers}) as admin:
        there = admin.existing_topics(required_topics(TopicsConfig(prefix="plan")))
    assert there["plan.alerts"].configs["cleanup.policy"] == "compact"
    assert there["plan.alerts"].partitions == 2


def test_a_broker_that_is_not_there_is_said(tmp_path: Path) -> None:
    result = run(written(tmp_path, "127.0.0.1:1"), "plan")
    assert result.exit_code == 1
    assert "127.0.0.1:1" in result.stderr
