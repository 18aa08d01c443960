"""The metrics of the gateway, as text for Prometheus.

Names and labels follow https://prometheus.io/docs/practices/naming/. Labels hold only the cameras of the
settings, an empty one for unknown senders, the outcomes of events, and the reasons of rejects; no plate.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Literal, NamedTuple

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.core import Metric as MetricFamily
from prometheus_client.registry import Collector

from streams.gateway.monitoring.camera_health import WINDOW_MINUTES, HealthCounts
from streams.gateway.monitoring.monitor import UNKNOWN_CAMERA, CameraMonitor
from streams.records.times import SECOND_MS, Millis

METRIC_PREFIX: Final = "anpr_gateway_"
_MINUTES: Final = f"{WINDOW_MINUTES} whole minutes"


class GatewayCounts(NamedTuple):
    """Figures of the spool and of delivery to Kafka. Those that only grow are since the start of the
    process."""

    pending_entries: int
    spool_bytes: int
    oldest_age_s: float
    acknowledged_entries: int
    expired_entries: int
    spool_full_events: int
    kafka_up: bool


class _Scrape(NamedTuple):
    cameras: Sequence[HealthCounts]
    gateway: GatewayCounts
    now_ms: Millis


_Samples = Iterable[tuple[Sequence[str], float]]
"""Values, each behind those of the labels."""


class Metric(NamedTuple):
    """A metric: its name behind METRIC_PREFIX, its type, the unit of its value, and its meaning.

    The exposed name of a counter ends with `_total`.
    """

    name: str
    type: Literal["counter", "gauge"]
    unit: str
    meaning: str
    labels: tuple[str, ...]
    samples: Callable[[_Scrape], _Samples]


def _from_cameras(value: Callable[[HealthCounts, Millis], float | None]) -> Callable[[_Scrape], _Samples]:
    """Return the samples of a figure of each known camera; a camera without a value has no sample."""

    def samples(scrape: _Scrape) -> _Samples:
        for counts in scrape.cameras:
            number = None if counts.camera_id == UNKNOWN_CAMERA else value(counts, scrape.now_ms)
            if number is not None:
                yield [counts.camera_id], number

    return samples


def _from_gateway(value: Callable[[GatewayCounts], float]) -> Callable[[_Scrape], _Samples]:
    return lambda scrape: [((), value(scrape.gateway))]


METRICS: Final[Sequence[Metric]] = (
    Metric(
        "events",
        "counter",
        "events",
        "Events received, by outcome: taken (reads), passed (no reads, nothing wrong) or refused.",
        ("camera", "outcome"),
        lambda scrape: (
            ([counts.camera_id, outcome], number)
            for counts in scrape.cameras
            for outcome, number in counts.events.items()
        ),
    ),
    Metric(
        "rejects",
        "counter",
        "events or parts of them",
        "Events, or parts of them, that were refused, by reason.",
        ("camera", "reason"),
        lambda scrape: (
            ([counts.camera_id, reason], number)
            for counts in scrape.cameras
            for reason, number in counts.rejects.items()
        ),
    ),
    Metric(
        "reads",
        "counter",
        "reads",
        "Reads parsed from events.",
        ("camera",),
        lambda scrape: (([counts.camera_id], counts.reads) for counts in scrape.cameras),
    ),
    Metric(
        "late_reads",
        "counter",
        "reads",
        "Reads that the camera marked as sent late.",
        ("camera",),
        lambda scrape: (([counts.camera_id], counts.late_reads) for counts in scrape.cameras),
    ),
    Metric(
        "since_last_event_seconds",
        "gauge",
        "seconds",
        "Time since the last event, whatever its outcome.",
        ("camera",),
        _from_cameras(
            lambda counts, now_ms: (
                None if counts.last_event_ms is None else max(0, now_ms - counts.last_event_ms) / SECOND_MS
            )
        ),
    ),
    Metric(
        "clock_drift_seconds",
        "gauge",
        "seconds",
        "Least difference of arrival and capture over 10 minutes. Negative: the camera's clock is ahead. "
        "Large: it is behind, or the connection is slow.",
        ("camera",),
        _from_cameras(lambda counts, _: None if counts.drift_ms is None else counts.drift_ms / SECOND_MS),
    ),
    Metric(
        f"recent_{WINDOW_MINUTES}_minutes_reads",
        "gauge",
        "reads",
        f"Reads of the last {_MINUTES}, without those sent late.",
        ("camera",),
        _from_cameras(lambda counts, _: counts.recent_reads),
    ),
    Metric(
        f"usual_{WINDOW_MINUTES}_minutes_reads",
        "gauge",
        "reads",
        f"Reads expected in the last {_MINUTES}, from the days before.",
        ("camera",),
        _from_cameras(lambda counts, _: counts.expected_reads),
    ),
    Metric(
        "read_rate_ratio",
        "gauge",
        "ratio",
        f"Reads of the last {_MINUTES} divided by those expected.",
        ("camera",),
        _from_cameras(lambda counts, _: counts.ratio),
    ),
    Metric(
        "camera_blind",
        "gauge",
        "0 or 1",
        "1 for a camera that gives far fewer reads than expected.",
        ("camera",),
        _from_cameras(lambda counts, _: counts.blind),
    ),
    Metric(
        "spool_entries",
        "gauge",
        "entries",
        "Reads and dead letters in the spool, not yet acknowledged by Kafka.",
        (),
        _from_gateway(lambda counts: counts.pending_entries),
    ),
    Metric(
        "spool_bytes",
        "gauge",
        "bytes",
        "Size of the spool on disk.",
        (),
        _from_gateway(lambda counts: counts.spool_bytes),
    ),
    Metric(
        "spool_oldest_age_seconds",
        "gauge",
        "seconds",
        "Age of the oldest entry in the spool; 0 if it is empty.",
        (),
        _from_gateway(lambda counts: counts.oldest_age_s),
    ),
    Metric(
        "spool_full_events",
        "counter",
        "events",
        "Events refused because the spool was full.",
        (),
        _from_gateway(lambda counts: counts.spool_full_events),
    ),
    Metric(
        "given_up_entries",
        "counter",
        "entries",
        "Entries deleted undelivered after [gateway] spool_hours.",
        (),
        _from_gateway(lambda counts: counts.expired_entries),
    ),
    Metric(
        "kafka_confirmed_entries",
        "counter",
        "entries",
        "Entries that Kafka has acknowledged.",
        (),
        _from_gateway(lambda counts: counts.acknowledged_entries),
    ),
    Metric(
        "kafka_up",
        "gauge",
        "0 or 1",
        "1 if Kafka accepted entries at the last attempt.",
        (),
        _from_gateway(lambda counts: counts.kafka_up),
    ),
)


def render_metrics(monitor: CameraMonitor, gateway_counts: GatewayCounts, now_ms: Millis) -> bytes:
    """Return the metrics at a time in Prometheus' text format 0.0.4, in UTF-8."""
    # Each scrape has a registry of its own: nothing is kept between scrapes, and nothing is global.
    registry = CollectorRegistry()
    registry.register(_Collector(_Scrape(monitor.counts(now_ms), gateway_counts, now_ms)))
    return generate_latest(registry)


class _Collector(Collector):
    def __init__(self, scrape: _Scrape) -> None:
        self._scrape = scrape

    def describe(self) -> Iterable[MetricFamily]:
        """Return nothing: otherwise the registry collects twice."""
        return ()

    def collect(self) -> Iterator[MetricFamily]:
        for metric in METRICS:
            family_type = CounterMetricFamily if metric.type == "counter" else GaugeMetricFamily
            family = family_type(METRIC_PREFIX + metric.name, metric.meaning, labels=metric.labels)
            for labels, value in metric.samples(self._scrape):
                family.add_metric(labels, value)
            yield family
