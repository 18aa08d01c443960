"""The order of the tests, so that what is broken shows soon; brokers that start quickly; how properties are
tried: the same inputs each time, so that a red test is red for everybody, on a slow machine too.

`pytest tests/properties --hypothesis-profile explore` tries many others.
"""

import os
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings

_HERE: Final = Path(__file__).parent
_WITH_KAFKA: Final = tuple(
    _HERE / "integration" / name
    for name in ("kafka", "worker", "lookback", "gateway/test_delivery.py", "gateway/test_hits.py")
)

_ALL: Final = {"deadline": None, "suppress_health_check": (HealthCheck.too_slow, HealthCheck.data_too_large)}

settings.register_profile("same", max_examples=200, derandomize=True, **_ALL)
settings.register_profile("explore", max_examples=3000, **_ALL)
settings.load_profile("same")


def pytest_configure() -> None:
    """A broker of a test lives for minutes: Java's best compiler doubles the work of its start."""
    os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those without a Kafka, then those with one, last those that kill processes under load."""
    items.sort(key=_turn)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `-n 2` one process takes tests from the beginning of that order, the other from its end."""
    from tests.support.scheduling import FromBothEnds

    return FromBothEnds(config, log)


def _turn(item: pytest.Item) -> int:
    if item.get_closest_marker("faults"):
        return 2
    call = getattr(item, "callspec", None)
    on_kafka = call is not None and call.params.get("runner") == "kafka"
    return int(on_kafka or any(map(item.path.is_relative_to, _WITH_KAFKA)))
