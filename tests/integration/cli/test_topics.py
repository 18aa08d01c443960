"""`anpr topics` on a real Kafka: a plan shows the differences, and apply removes them."""

from pathlib import Path

from click.testing import Result

from streams.kafka.admin import Admin
from streams.kafka.dev_cluster import Cluster
from streams.kafka.topics import TopicsConfig, required_topics
from tests.support.commands import run_anpr


def run(config: Path, command: str) -> Result:
    """Run a command of `anpr topics` with a file of settings."""
    return run_anpr("topics", command, "--config", config)


def write_config(tmp_path: Path, servers: str, extra: str = "") -> Path:
    """Write a file of settings for a cluster."""
    path = tmp_path / "topics.toml"
    path.write_text(
        f'[kafka]\nservers = ["{servers}"]\n[topics]\nprefix = "plan"\npartitions = 2\n'
        f"{extra}\n[topics.reads_hours]\nFR = 1.0\n",
        "utf-8",
    )
    return path


def test_a_plan_shows_what_apply_then_does(kafka: Cluster, tmp_path: Path) -> None:
    config = write_config(tmp_path, kafka.servers)
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

    longer = write_config(tmp_path, kafka.servers, "hits_hours = 100.0")
    assert run(longer, "plan").stdout == "config      plan.hits  retention.ms: from 2592000000 to 360000000\n"
    assert run(longer, "apply").exit_code == 0
    assert run(longer, "plan").exit_code == 0

    with Admin({"bootstrap_servers": kafka.servers}) as admin:
        existing = admin.existing_topics(required_topics(TopicsConfig(prefix="plan")))
    assert existing["plan.alerts"].configs["cleanup.policy"] == "compact"
    assert existing["plan.alerts"].partitions == 2


def test_a_missing_broker_is_an_error(tmp_path: Path) -> None:
    result = run(write_config(tmp_path, "127.0.0.1:1"), "plan")
    assert result.exit_code == 1
    assert "127.0.0.1:1" in result.stderr
