"""The metrics can be parsed by Prometheus' own parser and have the values at the time of the scrape."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from streams.gateway.event import ParsedEvent, event_error
from streams.gateway.monitoring.metrics import GatewayCounts, render_metrics
from streams.gateway.monitoring.monitor import CameraMonitor
from streams.records.read import Read
from streams.records.times import MINUTE_MS, Millis, from_ms, parse_time, to_ms
from tests.support.builders import a_read

START_MS = to_ms(parse_time("2026-05-21T12:00:00Z"))
COUNTS = GatewayCounts(
    pending_entries=12,
    spool_bytes=81920,
    oldest_age_s=3.5,
    acknowledged_entries=10_000_000_001,
    expired_entries=2,
    spool_full_events=4,
    kafka_up=True,
)
PLATE = "AB123CD"


def read_captured(captured_ms: Millis) -> Read:
    return a_read(PLATE, "FR", captured_at=from_ms(captured_ms))


def samples(text: bytes) -> dict[tuple[str, tuple[str, ...]], float]:
    """Return the values by name and values of the labels."""
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_the_figures_of_a_camera_are_exposed() -> None:
    monitor = CameraMonitor(["camera"])
    monitor.blind_changes(START_MS)
    monitor.record_event("camera", START_MS + MINUTE_MS, ParsedEvent([read_captured(START_MS)]))
    monitor.record_event(
        "camera",
        START_MS + 2 * MINUTE_MS,
        ParsedEvent([read_captured(START_MS)]),
        [event_error("plate", "plate", "is one")],
    )
    values = samples(render_metrics(monitor, COUNTS, START_MS + 3 * MINUTE_MS + 500))
    prefix = "anpr_gateway_"
    assert values[f"{prefix}events_total", ("camera", "taken")] == 1
    assert values[f"{prefix}events_total", ("camera", "refused")] == 1
    assert values[f"{prefix}events_total", ("camera", "passed")] == 0
    assert values[f"{prefix}rejects_total", ("camera", "plate")] == 1
    assert values[f"{prefix}rejects_total", ("camera", "time")] == 0
    assert values[f"{prefix}reads_total", ("camera",)] == 2
    assert values[f"{prefix}late_reads_total", ("camera",)] == 0
    assert values[f"{prefix}clock_drift_seconds", ("camera",)] == 60
    assert values[f"{prefix}since_last_event_seconds", ("camera",)] == 60.5
    assert values[f"{prefix}recent_15_minutes_reads", ("camera",)] == 2
    assert values[f"{prefix}camera_blind", ("camera",)] == 0


def test_an_unknown_figure_has_no_sample() -> None:
    values = samples(render_metrics(CameraMonitor(["camera"]), COUNTS, START_MS))
    names = {name for name, _ in values}
    assert "anpr_gateway_camera_blind" in names
    assert not names & {
        "anpr_gateway_clock_drift_seconds",
        "anpr_gateway_since_last_event_seconds",
        "anpr_gateway_usual_15_minutes_reads",
        "anpr_gateway_read_rate_ratio",
    }


def test_figures_are_of_the_time_of_the_scrape_not_of_the_last_event() -> None:
    monitor = CameraMonitor(["camera"])
    for minute in range(25 * 60):
        monitor.record_event(
            "camera",
            START_MS + minute * MINUTE_MS,
            ParsedEvent([read_captured(START_MS + minute * MINUTE_MS)] * 4),
        )
    end_ms = START_MS + 25 * 60 * MINUTE_MS
    ratio = "anpr_gateway_read_rate_ratio", ("camera",)
    assert samples(render_metrics(monitor, COUNTS, end_ms))[ratio] == pytest.approx(1)
    assert samples(render_metrics(monitor, COUNTS, end_ms + 10 * MINUTE_MS))[ratio] == pytest.approx(
        1 / 3, abs=0.01
    )
    values = samples(render_metrics(monitor, COUNTS, end_ms + 20 * MINUTE_MS))
    assert values[ratio] == 0
    assert values["anpr_gateway_camera_blind", ("camera",)] == 1
    assert values["anpr_gateway_usual_15_minutes_reads", ("camera",)] == pytest.approx(60)


def test_the_figures_of_the_spool_and_of_kafka_are_exposed() -> None:
    values = samples(render_metrics(CameraMonitor([]), COUNTS, START_MS))
    prefix = "anpr_gateway_"
    assert {name.removeprefix(prefix): value for (name, labels), value in values.items() if not labels} == {
        "spool_entries": 12,
        "spool_bytes": 81920,
        "spool_oldest_age_seconds": 3.5,
        "spool_full_events_total": 4,
        "given_up_entries_total": 2,
        "kafka_confirmed_entries_total": 10_000_000_001,
        "kafka_up": 1,
    }
    down = samples(render_metrics(CameraMonitor([]), COUNTS._replace(kafka_up=False), START_MS))
    assert down[f"{prefix}kafka_up", ()] == 0


@given(st.lists(st.text(max_size=12), max_size=20))
def test_labels_hold_only_the_cameras_of_the_settings_and_an_empty_one(names: list[str]) -> None:
    monitor = CameraMonitor(["camera"])
    initial = samples(render_metrics(monitor, COUNTS, START_MS)).keys()
    for name in names:
        if name != "camera":
            monitor.record_refused(name, START_MS, "login")
    values = samples(render_metrics(monitor, COUNTS, START_MS))
    assert values.keys() - initial <= {("anpr_gateway_since_last_event_seconds", ("camera",))}
    assert values["anpr_gateway_rejects_total", ("", "login")] == len([n for n in names if n != "camera"])


@given(st.text(min_size=1, max_size=30).filter(lambda name: "\r" not in name))
def test_any_camera_id_can_be_a_label(name: str) -> None:
    monitor = CameraMonitor([name])
    monitor.record_event(name, START_MS, ParsedEvent([read_captured(START_MS)]))
    text = render_metrics(monitor, COUNTS, START_MS)
    assert PLATE.encode() not in text
    assert samples(text)["anpr_gateway_reads_total", (name,)] == 1


def test_no_plate_is_in_metrics_state_or_messages() -> None:
    monitor = CameraMonitor(["camera"])
    monitor.record_event(
        "camera",
        START_MS,
        ParsedEvent([read_captured(START_MS)]),
        [event_error("plate", "plate", "is one", PLATE)],
    )
    messages = [
        message for minute in range(30) for message in monitor.blind_changes(START_MS + minute * MINUTE_MS)
    ]
    assert PLATE not in f"{render_metrics(monitor, COUNTS, START_MS)!r}{monitor.encode_state()!r}{messages}"
