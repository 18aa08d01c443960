"""`anpr lists status --kafka`: the budgets that lists have used, by the hits on Kafka."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import pytest
from click.testing import Result

from streams.kafka.dev_cluster import Cluster
from streams.records.hit import Retraction
from tests.integration.cli.test_hits import Topic, hit, write_settings
from tests.support.builders import EXAMPLE_HIT
from tests.support.commands import run_anpr

NOW: Final = "2026-05-21T18:00:00Z"
COST: Final = 1 - (EXAMPLE_HIT.match.posterior or 0)


@pytest.fixture
def topic(kafka: Cluster, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Topic]:
    """Yield a topic of hits for one test."""
    made = Topic(kafka.servers, f"spent.{request.node.name[:50]}", tmp_path)
    yield made
    made.close()


def status(config: Path, *options: str) -> Result:
    """Run `anpr lists status --kafka` as of the evening of the day of the hits."""
    command = ["lists", "status", "--kafka", "--config", str(config), "--now", NOW]
    return run_anpr(*command, *options)


def test_the_budget_used_by_the_hits_of_the_day_is_shown(topic: Topic) -> None:
    topic.config.write_text(
        topic.config.read_text("utf-8") + "[lists.sis]\nfalse_hits_per_day = 0.5\n[lists.quiet]\n", "utf-8"
    )
    rejected = hit(2, 2, kind="withdrawn", withdrawn=Retraction("rejected"))
    ahead = msgspec.structs.replace(
        EXAMPLE_HIT.read, captured_at=EXAMPLE_HIT.read.captured_at.replace(day=22)
    )
    topic.put(hit(1), hit(2), b"AB-123-CD", hit(1), time="2026-05-21T16:10:07Z")
    topic.put(rejected, hit(3), hit(4, read=ahead), partition=1, time="2026-05-21T16:20:00Z")
    # Emitted the evening before, by a camera whose clock is ahead.
    topic.put(hit(5), partition=1, time="2026-05-20T23:00:00Z")
    result = status(topic.config, "--json")
    assert result.exit_code == 0, result.output
    shown = json.loads(result.stdout)
    quiet, sis = shown["lists"]
    assert (quiet["list_id"], quiet["spending"]["hits"], quiet["spending"]["spent"]) == ("quiet", 0, 0)
    assert sis["spending"].pop("spent") == pytest.approx(1 + 3 * COST)
    assert sis["spending"] == {
        "hits": 4, "tightened": 0, "latest_tightened": None, "rejected": 1, "confirmed": 0
    }  # fmt: skip
    assert shown["spending"] == {"day": "2026-05-21", "no_hits": 1}
    no_hit, above = result.stderr.splitlines()
    assert no_hit.startswith(f"{topic.name}, partition 0, offset 2: skipped: ")
    assert above.startswith("list sis: ") and "1 of them rejected" in above
    assert "AB-123-CD" not in result.output


def test_a_list_within_its_budget_is_not_named_and_an_empty_topic_is_no_error(topic: Topic) -> None:
    topic.config.write_text(
        topic.config.read_text("utf-8") + "[lists.sis]\nfalse_hits_per_day = 0.5\n", "utf-8"
    )
    for hits in ([], [hit(1)]):
        topic.put(*hits, time="2026-05-21T16:10:07Z")
        result = status(topic.config)
        assert (result.exit_code, result.stderr) == (0, "")
        assert f"{COST * len(hits):.2g}" in result.stdout
        assert "0.5 a day" in result.stdout


def test_a_topic_that_cannot_be_read_is_an_error(kafka: Cluster, tmp_path: Path) -> None:
    missing = status(write_settings(tmp_path, kafka.servers, "nowhere"))
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert missing.stderr.startswith("anpr lists status: ") and "`anpr topics apply`" in missing.stderr
    away = status(write_settings(tmp_path, "127.0.0.1:1", "anpr"))
    assert (away.exit_code, away.stdout) == (1, "")
    assert away.stderr.startswith("anpr lists status: Kafka at 127.0.0.1:1 cannot be reached or refuses: ")
