"""The metrics: Prometheus reads them, and they are what was seen at the time of the scrape."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from streams.gateway.event import ParsedEvent, event_error
from streams.gateway.monitoring.metrics import GatewayCounts, render_metrics
from streams.gateway.monitoring.monitor import CameraMonitor
from streams.records.read import Read
from streams.records.times import from_ms, parse_time, to_ms

S = 1000
MINUTE = 60 * S
START = to_ms(parse_time("2026-05-21T12:00:00Z"))
NUMBERS = GatewayCounts(
    pending_entries=12,
    spool_bytes=81920,
    oldest_age_s=3.5,
    acknowledged_entries=10_000_000_001,
    expired_entries=2,
    spool_full_events=4,
    kafka_up=True,
)
PLATE = "AB123CD"


def read(captured: int) -> Read:
    return Read(
        read_id="r",
        camera_id="camera",
        captured_at=from_ms(captured),
        plate=PLATE,
        country="FR",
        confidence=0.9,
    )


def samples(text: bytes) -> dict[tuple[str, tuple[str, ...]], float]:
    """By name and the values of the labels."""
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_prometheus_reads_what_was_seen_of_a_camera() -> None:
    watch = CameraMonitor(["camera"])
    watch.blind_changes(START)
    watch.record_event("camera", START + MINUTE, ParsedEvent([read(START)]))
    watch.record_event(
        "camera", START + 2 * MINUTE, ParsedEvent([read(START)]), [event_error("plate", "plate", "is one")]
    )
    found = samples(render_metrics(watch, NUMBERS, START + 3 * MINUTE + 500))
    of = "anpr_gateway_"
    assert found[f"{of}events_total", ("camera", "taken")] == 1
    assert found[f"{of}events_total", ("camera", "refused")] == 1
    assert found[f"{of}events_total", ("camera", "passed")] == 0
    assert found[f"{of}rejects_total", ("camera", "plate")] == 1
    assert found[f"{of}rejects_total", ("camera", "time")] == 0
    assert found[f"{of}reads_total", ("camera",)] == 2
    assert found[f"{of}late_reads_total", ("camera",)] == 0
    assert found[f"{of}clock_drift_seconds", ("camera",)] == 60
    assert found[f"{of}since_last_event_seconds", ("camera",)] == 60.5
    assert found[f"{of}recent_15_minutes_reads", ("camera",)] == 2
    assert found[f"{of}camera_blind", ("camera",)] == 0


def test_what_is_not_known_is_left_out() -> None:
    found = samples(render_metrics(CameraMonitor(["camera"]), NUMBERS, START))
    names = {name for name, _ in found}
    assert "anpr_gateway_camera_blind" in names
    assert not names & {
        "anpr_gateway_clock_drift_seconds",
        "anpr_gateway_since_last_event_seconds",
        "anpr_gateway_usual_15_minutes_reads",
        "anpr_gateway_read_rate_ratio",
    }


def test_the_time_of_the_scrape_counts_not_that_of_the_last_event() -> None:
    watch = CameraMonitor(["camera"])
    for minute in range(25 * 60):
        watch.record_event(
            "camera", START + minute * MINUTE, ParsedEvent([read(START + minute * MINUTE)] * 4)
        )
    last = START + 25 * 60 * MINUTE
    ratio = "anpr_gateway_read_rate_ratio", ("camera",)
    assert samples(render_metrics(watch, NUMBERS, last))[ratio] == pytest.approx(1)
    assert samples(render_metrics(watch, NUMBERS, last + 10 * MINUTE))[ratio] == pytest.approx(
        1 / 3, abs=0.01
    )
    found = samples(render_metrics(watch, NUMBERS, last + 20 * MINUTE))
    assert found[ratio] == 0
    assert found["anpr_gateway_camera_blind", ("camera",)] == 1
    assert found["anpr_gateway_usual_15_minutes_reads", ("camera",)] == pytest.approx(60)


def test_figures_of_the_spool_and_kafka_are_those_handed_in() -> None:
    found = samples(render_metrics(CameraMonitor([]), NUMBERS, START))
    of = "anpr_gateway_"
    assert {name.removeprefix(of): value for (name, labels), value in found.items() if not labels} == {
        "spool_entries": 12,
        "spool_bytes": 81920,
        "spool_oldest_age_seconds": 3.5,
        "spool_full_events_total": 4,
        "given_up_entries_total": 2,
        "kafka_confirmed_entries_total": 10_000_000_001,
        "kafka_up": 1,
    }
    down = samples(render_metrics(CameraMonitor([]), NUMBERS._replace(kafka_up=False), START))
    assert down[f"{of}kafka_up", ()] == 0


@given(st.lists(st.text(max_size=12), max_size=20))
def test_labels_are_only_the_cameras_of_the_settings_and_an_empty_one(names: list[str]) -> None:
    watch = CameraMonitor(["camera"])
    before = samples(render_metrics(watch, NUMBERS, START)).keys()
    for name in names:
        if name != "camera":
            watch.record_refused(name, START, "login")
    found = samples(render_metrics(watch, NUMBERS, START))
    assert found.keys() - before <= {("anpr_gateway_since_last_event_seconds", ("camera",))}
    assert found["anpr_gateway_rejects_total", ("", "login")] == len([n for n in names if n != "camera"])


@given(st.text(min_size=1, max_size=30).filter(lambda name: "\r" not in name))
def test_a_camera_of_any_name_is_read_back(name: str) -> None:
    watch = CameraMonitor([name])
    watch.record_event(name, START, ParsedEvent([read(START)]))
    text = render_metrics(watch, NUMBERS, START)
    assert PLATE.encode() not in text
    assert samples(text)["anpr_gateway_reads_total", (name,)] == 1


def test_no_plate_is_in_the_text_or_in_the_words() -> None:
    watch = CameraMonitor(["camera"])
    watch.record_event(
        "camera", START, ParsedEvent([read(START)]), [event_error("plate", "plate", "is one", PLATE)]
    )
    said = [words for minute in range(30) for words in watch.blind_changes(START + minute * MINUTE)]
    assert PLATE not in f"{render_metrics(watch, NUMBERS, START)!r}{watch.encode_state()!r}{said}"
