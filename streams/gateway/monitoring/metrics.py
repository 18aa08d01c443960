"""The metrics: what is seen of the cameras, the spool and Kafka, as text for Prometheus.

Names and labels follow https://prometheus.io/docs/practices/naming/. Labels are only the cameras of the
settings and an empty one, the outcomes of events, and the reasons of rejects; no plate is in them.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from streams.gateway.monitoring.camera_health import WINDOW, Seen
from streams.gateway.monitoring.monitor import NOBODY, Watch

_PREFIX: Final = "anpr_gateway_"


class Numbers(NamedTuple):
    """Figures of the spool and of Kafka; those that count are since the start of the process.

    `waiting` entries in the spool, `taken` bytes of it, `oldest_s` the age of the oldest in seconds;
    `confirmed` entries that Kafka has, `given_up` those that waited too long, `full` events that found no
    room; `reached`: whether Kafka took entries when it was last tried.
    """

    waiting: int
    taken: int
    oldest_s: float
    confirmed: int
    given_up: int
    full: int
    reached: bool


def text_of(watch: Watch, numbers: Numbers, now: int) -> bytes:
    """The text at a time in ms since 1970 UTC: form 0.0.4 of Prometheus, in UTF-8."""
    # A registry of its own for each scrape: nothing is kept between them, and nothing is global.
    registry = CollectorRegistry()
    registry.register(_Collector(watch.seen(now), numbers, now))
    return generate_latest(registry)


class _Collector(Collector):
    def __init__(self, seen: list[Seen], numbers: Numbers, now: int) -> None:
        self._seen = seen
        self._numbers = numbers
        self._now = now

    def describe(self) -> Iterable[Metric]:
        # Else the registry collects twice.
        return ()

    def collect(self) -> Iterator[Metric]:
        yield from _counted(self._seen)
        yield from _of_cameras([each for each in self._seen if each.camera_id != NOBODY], self._now)
        yield from _of_gateway(self._numbers)


def _counted(seen: Iterable[Seen]) -> Iterator[Metric]:
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
    for each in seen:
        for outcome, number in each.events.items():
            events.add_metric([each.camera_id, outcome], number)
        for reason, number in each.rejects.items():
            rejects.add_metric([each.camera_id, reason], number)
        reads.add_metric([each.camera_id], each.reads)
        late.add_metric([each.camera_id], each.late_reads)
    yield from (events, rejects, reads, late)


def _of_cameras(seen: Iterable[Seen], now: int) -> Iterator[Metric]:
    def gauge(name: str, help_: str, value: Callable[[Seen], float | None]) -> Metric:
        family = GaugeMetricFamily(_PREFIX + name, help_, labels=["camera"])
        for each in seen:
            number = value(each)
            if number is not None:
                family.add_metric([each.camera_id], number)
        return family

    minutes = f"{WINDOW} whole minutes"
    yield gauge(
        "since_last_event_seconds",
        "Time since the last event, whatever became of it.",
        lambda each: None if each.last_event is None else max(0, now - each.last_event) / 1000,
    )
    yield gauge(
        "clock_drift_seconds",
        "Least of arrival minus capture over 10 minutes: negative, the camera's clock is ahead; large, it is "
        "behind or the way slow.",
        lambda each: None if each.drift_ms is None else each.drift_ms / 1000,
    )
    yield gauge(
        f"recent_{WINDOW}_minutes_reads",
        f"Reads of the last {minutes}, those sent late left out.",
        lambda each: each.recent,
    )
    yield gauge(
        f"usual_{WINDOW}_minutes_reads", f"Reads usual in the last {minutes}.", lambda each: each.usual
    )
    yield gauge("read_rate_ratio", "Reads of these minutes by those usual.", lambda each: each.ratio)
    yield gauge("camera_blind", "1 for a camera that seems to see nothing.", lambda each: each.blind)


def _of_gateway(numbers: Numbers) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        f"{_PREFIX}spool_entries", "Reads and dead letters that wait for Kafka.", numbers.waiting
    )
    yield GaugeMetricFamily(f"{_PREFIX}spool_bytes", "Size of the spool.", numbers.taken)
    yield GaugeMetricFamily(
        f"{_PREFIX}spool_oldest_age_seconds", "Age of the oldest that waits.", numbers.oldest_s
    )
    yield CounterMetricFamily(
        f"{_PREFIX}spool_full_events", "Events that found no room in the spool.", numbers.full
    )
    yield CounterMetricFamily(
        f"{_PREFIX}given_up_entries", "Entries that waited too long and were given up.", numbers.given_up
    )
    yield CounterMetricFamily(
        f"{_PREFIX}kafka_confirmed_entries", "Entries that Kafka confirmed.", numbers.confirmed
    )
    yield GaugeMetricFamily(
        f"{_PREFIX}kafka_up", "1 if Kafka took entries when it was last tried.", numbers.reached
    )
