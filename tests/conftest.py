"""Markers, the order of the tests, and how properties are tried.

Tests that need a broker are marked `kafka`, those that drive a page `browser`; tests that kill processes
under load mark themselves `chaos`. `make test-fast` runs the unit tests, the cases over files and the
properties, with fewer examples.

Properties see the same inputs each time, so that a failure is the same for everybody;
`pytest tests/properties --hypothesis-profile explore` tries many others.
"""

import os
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings

from tests.support.examples import FAST_EXAMPLES, FULL_EXAMPLES

_INTEGRATION: Final = Path(__file__).parent / "integration"
_STARTS_BROKERS: Final = tuple(
    _INTEGRATION / name for name in ("kafka", "worker", "lookback", "cli/test_demo.py")
)
_BROKER_FIXTURES: Final = frozenset({"kafka", "cluster", "cluster_of_three"})

_COMMON: Final = {
    "deadline": None,
    "suppress_health_check": (HealthCheck.too_slow, HealthCheck.data_too_large),
}

settings.register_profile("same", max_examples=FULL_EXAMPLES, derandomize=True, **_COMMON)
settings.register_profile("fast", max_examples=FAST_EXAMPLES, derandomize=True, **_COMMON)
settings.register_profile("explore", max_examples=3000, **_COMMON)
settings.load_profile("same")


def pytest_configure() -> None:
    """Let brokers start quickly: they live for minutes, and the optimising compiler doubles their start."""
    os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what a test needs."""
    if _needs_broker(item):
        item.add_marker(pytest.mark.kafka)
    if "chromium" in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.browser)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the tests: first those without a broker, then those with one, last those that kill processes."""
    items.sort(key=_turn)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Let one process take tests from the beginning of that order, the other from its end."""
    from tests.support.scheduling import FromBothEnds

    return FromBothEnds(config, log)


def _needs_broker(item: pytest.Item) -> bool:
    call = getattr(item, "callspec", None)
    on_kafka = call is not None and call.params.get("runner") == "kafka"
    uses_broker = not _BROKER_FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))
    return on_kafka or uses_broker or any(map(item.path.is_relative_to, _STARTS_BROKERS))


def _turn(item: pytest.Item) -> int:
    if item.get_closest_marker("chaos"):
        return 2
    return int(item.get_closest_marker("kafka") is not None)
