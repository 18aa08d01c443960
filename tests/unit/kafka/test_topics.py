"""The required topics, and what must change on a broker so that they exist."""

from streams.kafka.topics import Topic, TopicsConfig, plan_changes, required_topics
from streams.records.times import HOUR_MS

CONFIG = TopicsConfig(reads_hours={"FR": 360, "BE": 720})


def test_each_country_has_a_topic_of_reads_with_the_retention_of_its_law() -> None:
    configs = {topic.name: topic.configs for topic in required_topics(CONFIG)}
    assert configs["anpr.reads.FR"]["retention.ms"] == str(360 * HOUR_MS)
    assert configs["anpr.reads.BE"]["retention.ms"] == str(720 * HOUR_MS)
    assert "anpr.reads.NL" not in configs
    assert configs["anpr.alerts"]["cleanup.policy"] == "compact"
    assert set(configs) == {
        f"anpr.{name}"
        for name in ("reads.FR", "reads.BE", "alerts", "matches", "verdicts", "hits", "rejected", "lookbacks")
    }


def test_lookbacks_are_retained_for_longer_than_any_read() -> None:
    configs = {topic.name: topic.configs for topic in required_topics(CONFIG)}
    assert configs["anpr.lookbacks"] == {
        "cleanup.policy": "compact,delete",
        "retention.ms": str(744 * HOUR_MS),
    }


def test_topics_as_required_need_no_change() -> None:
    required = required_topics(CONFIG)
    existing = {topic.name: topic._replace(replication=3) for topic in required}
    assert plan_changes(required, existing) == []


def test_changes_are_listed_with_those_that_are_impossible() -> None:
    required = required_topics(TopicsConfig(replication=3))
    existing = {topic.name: topic for topic in required}
    del existing["anpr.alerts"]
    existing["anpr.hits"] = Topic("anpr.hits", 4, 1, {"cleanup.policy": "delete", "retention.ms": "5"})
    changes = plan_changes(required, existing)
    assert [(change.kind, change.topic) for change in changes] == [
        ("create", "anpr.alerts"),
        ("impossible", "anpr.hits"),
        ("impossible", "anpr.hits"),
        ("config", "anpr.hits"),
    ]
    assert "has 4 partitions, not 8" in changes[1].text
    assert "has replication 1, not 3" in changes[2].text
    assert "retention.ms: from 5 to" in changes[3].text
