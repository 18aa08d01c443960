"""The metrics: what is seen of the cameras, the spool and Kafka, as text for Prometheus.

Names and labels follow https://prometheus.io/docs/practices/naming/. Labels are only the cameras of the
settings and an empty one, the outcomes of events, and the reasons of rejects; no plate is in them.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from streams.gateway.monitoring.camera_health import WINDOW_MINUTES, HealthCounts
from streams.gateway.monitoring.monitor import UNKNOWN_CAMERA, CameraMonitor

_PREFIX: Final = "anpr_gateway_"


class GatewayCounts(NamedTuple):
    """Figures of the spool and of Kafka; those that count are since the start of the process.

    `waiting` entries in the spool, `taken` bytes of it, `oldest_s` the age of the oldest in seconds;
    `confirmed` entries that Kafka has, `given_up` those that waited too long, `full` events that found no
    room; `reached`: whether Kafka took entries when it was last tried.
    """

    pending_entries: int
    spool_bytes: int
    oldest_age_s: float
    acknowledged_entries: int
    expired_entries: int
    spool_full_events: int
    kafka_up: bool


def render_metrics(monitor: CameraMonitor, gateway_counts: GatewayCounts, now_ms: int) -> bytes:
    """The text at a time in ms since 1970 UTC: form 0.0.4 of Prometheus, in UTF-8."""
    # A registry of its own for each scrape: nothing is kept between them, and nothing is global.
    registry = CollectorRegistry()
    registry.register(_Collector(monitor.counts(now_ms), gateway_counts, now_ms))
    return generate_latest(registry)


class _Collector(Collector):
    def __init__(self, health_counts: list[HealthCounts], gateway_counts: GatewayCounts, now_ms: int) -> None:
        self._health_counts = health_counts
        self._gateway_counts = gateway_counts
        self._now_ms = now_ms

    def describe(self) -> Iterable[Metric]:
        # Else the registry collects twice.
        return ()

    def collect(self) -> Iterator[Metric]:
        yield from _event_metrics(self._health_counts)
        yield from _camera_metrics(
            [each for each in self._health_counts if each.camera_id != UNKNOWN_CAMERA], self._now_ms
        )
        yield from _gateway_metrics(self._gateway_counts)


def _event_metrics(health_counts: Iterable[HealthCounts]) -> Iterator[Metric]:
    events = CounterMetricFamily(
        f"{_PREFIX}events", "Events that came, by what became of them.", labels=["camera", "outcome"]
    )
    rejects = CounterMetricFamily(
        f"{_PREFIX}rejects",
        "Events or parts of them that were refused, by reason.",
        labels=["camera", "reason"],
    )
    reads = CounterMetricFamily(f"{_PREFIX}reads", "Reads that events became.", labels=["camera"])
    late = CounterMetricFamily(
        f"{_PREFIX}late_reads", "Reads that the camera marked as sent late.", labels=["camera"]
    )
    for each in health_counts:
        for outcome, number in each.events.items():
            events.add_metric([each.camera_id, outcome], number)
        for reason, number in each.rejects.items():
            rejects.add_metric([each.camera_id, reason], number)
        reads.add_metric([each.camera_id], each.reads)
        late.add_metric([each.camera_id], each.late_reads)
    yield from (events, rejects, reads, late)


def _camera_metrics(health_counts: Iterable[HealthCounts], now_ms: int) -> Iterator[Metric]:
    def gauge(name: str, help_: str, value: Callable[[HealthCounts], float | None]) -> Metric:
        family = GaugeMetricFamily(_PREFIX + name, help_, labels=["camera"])
        for each in health_counts:
            number = value(each)
            if number is not None:
                family.add_metric([each.camera_id], number)
        return family

    minutes = f"{WINDOW_MINUTES} whole minutes"
    yield gauge(
        "since_last_event_seconds",
        "Time since the last event, whatever became of it.",
        lambda each: None if each.last_event_ms is None else max(0, now_ms - each.last_event_ms) / 1000,
    )
    yield gauge(
        "clock_drift_seconds",
        "Least of arrival minus capture over 10 minutes: negative, the camera's clock is ahead; large, it is "
        "behind or the way slow.",
        lambda each: None if each.drift_ms is None else each.drift_ms / 1000,
    )
    yield gauge(
        f"recent_{WINDOW_MINUTES}_minutes_reads",
        f"Reads of the last {minutes}, those sent late left out.",
        lambda each: each.recent_reads,
    )
    yield gauge(
        f"usual_{WINDOW_MINUTES}_minutes_reads",
        f"Reads usual in the last {minutes}.",
        lambda each: each.expected_reads,
    )
    yield gauge("read_rate_ratio", "Reads of these minutes by those usual.", lambda each: each.ratio)
    yield gauge("camera_blind", "1 for a camera that seems to see nothing.", lambda each: each.blind)


def _gateway_metrics(counts: GatewayCounts) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        f"{_PREFIX}spool_entries", "Reads and dead letters that wait for Kafka.", counts.pending_entries
    )
    yield GaugeMetricFamily(f"{_PREFIX}spool_bytes", "Size of the spool.", counts.spool_bytes)
    yield GaugeMetricFamily(
        f"{_PREFIX}spool_oldest_age_seconds", "Age of the oldest that waits.", counts.oldest_age_s
    )
    yield CounterMetricFamily(
        f"{_PREFIX}spool_full_events", "Events that found no room in the spool.", counts.spool_full_events
    )
    yield CounterMetricFamily(
        f"{_PREFIX}given_up_entries",
        "Entries that waited too long and were given up.",
        counts.expired_entries,
    )
    yield CounterMetricFamily(
        f"{_PREFIX}kafka_confirmed_entries", "Entries that Kafka confirmed.", counts.acknowledged_entries
    )
    yield GaugeMetricFamily(
        f"{_PREFIX}kafka_up", "1 if Kafka took entries when it was last tried.", counts.kafka_up
    )
