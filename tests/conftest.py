"""The order of the tests, so that what is broken shows soon, and brokers that start quickly."""

import os
from pathlib import Path
from typing import Final

import pytest

_HERE: Final = Path(__file__).parent
_WITH_KAFKA: Final = (_HERE / "broker", _HERE / "cli" / "test_demo.py")


def pytest_configure() -> None:
    """A broker of a test lives for minutes: Java's best compiler doubles the work of its start."""
    os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those without a Kafka, then those with one, last those that kill processes under load."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    if item.get_closest_marker("faults"):
        return 2
    call = getattr(item, "callspec", None)
    on_kafka = call is not None and call.params.get("runner") == "kafka"
    return int(on_kafka or any(map(item.path.is_relative_to, _WITH_KAFKA)))
