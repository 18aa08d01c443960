"""A topic of alerts, and what its readers log."""

from collections.abc import Callable
from pathlib import Path

import pytest

from streams.kafka.dev_cluster import Cluster
from tests.support.alert_topics import AlertTopic


@pytest.fixture
def topic(kafka: Cluster, tmp_path: Path) -> AlertTopic:
    """An empty topic of alerts."""
    return AlertTopic(kafka.servers, tmp_path)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Return a function that returns what readers of the topic of alerts have logged so far."""

    def messages() -> list[str]:
        return [
            record.getMessage()
            for record in caplog.records
            if record.name.startswith("streams.kafka.alert_topic.")
        ]

    return messages
