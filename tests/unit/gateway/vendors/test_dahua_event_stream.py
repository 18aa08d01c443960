"""Parsing of Dahua's event stream: reads, skipped events, and faults."""

import json
from typing import Any

import pytest

from streams.gateway.event import Event, EventError
from streams.gateway.vendors.dahua.event_stream import parse_event
from streams.records.times import to_rfc3339
from tests.support.vendor_samples import (
    BRUSSELS,
    PLAIN_SOURCE,
    SAMPLES_FOLDER,
    changed_sample,
    expect_refusal,
    fault_fields,
    load_sample,
    make_event,
    single_read,
)

refused = expect_refusal(parse_event)

ONE, SEVERAL, OLD = (f"dahua_events/{name}.txt" for name in ("one", "several", "old_without_boundary"))
BARE, SNAP, NOTIFY = "dahua_events/bare.json", "dahua_events/snap.txt", "dahua_events/notify.json"


def with_fields(**fields: Any) -> Event:
    """Return the plain JSON sample with changed fields, `TrafficCar__Lane` in a part; None removes one."""
    value = json.loads((SAMPLES_FOLDER / BARE).read_bytes())
    for name, field in fields.items():
        *path, last = name.split("__")
        container = value[path[0]] if path else value
        container[last] = field
        if field is None:
            del container[last]
    return make_event(json.dumps(value))


def test_all_fields_of_an_event_as_text() -> None:
    parsed = single_read(parse_event(load_sample(ONE), PLAIN_SOURCE))
    (read,) = parsed.reads
    assert (read.camera_id, read.plate, read.country, read.confidence) == ("cam-1", "1XYZ234", "BE", 0.8)
    assert to_rfc3339(read.captured_at) == "2026-05-21T14:10:06.971Z"
    assert (read.lane, read.direction, read.speed_kmh) == (2, "approaching", 47)
    assert read.vehicle is not None
    assert (read.vehicle.make, read.vehicle.colour, read.vehicle.type) == ("Peugeot", "Blue", "car")
    assert not parsed.errors


def test_the_same_event_as_json_and_in_a_notification() -> None:
    reads = [parse_event(load_sample(path), PLAIN_SOURCE).reads for path in (ONE, BARE, NOTIFY)]
    assert reads[0] == reads[1] == reads[2]


def test_several_events_in_one_body() -> None:
    parsed = parse_event(load_sample(SEVERAL), PLAIN_SOURCE)
    assert [(each.plate, each.country, each.direction) for each in parsed.reads] == [
        ("1XYZ234", "BE", "approaching"), ("AB123CD", "FR", "receding")
    ]  # fmt: skip
    assert parsed.skipped == ["a heartbeat", "an event VideoMotion"]
    assert len({each.read_id for each in parsed.reads}) == 2
    assert not parsed.errors


def test_a_refused_part_does_not_affect_the_others() -> None:
    parsed = single_read(
        parse_event(
            changed_sample(SEVERAL, ('"PlateNumber": "AB123CD"', '"a": 1'), ('"AB123CD"', '"京123"')),
            PLAIN_SOURCE,
        )
    )
    assert fault_fields(parsed) == [("plate", "[3].Object.Text")]
    assert "123" not in str(parsed.errors[0])
    cut = single_read(parse_event(changed_sample(SEVERAL, ('"AB123CD"', '"AB12')), PLAIN_SOURCE))
    assert fault_fields(cut) == [("form", "[3].data")]


def test_a_truncated_event_does_not_affect_the_one_before() -> None:
    body = load_sample(SEVERAL).body
    parsed = single_read(parse_event(make_event(body[: body.index(b'"AB123CD"')]), PLAIN_SOURCE))
    assert [reason for reason, _ in fault_fields(parsed)] == ["form"]


def test_real_utc_does_not_depend_on_the_zone_and_utc_is_local() -> None:
    times = [
        parse_event(load_sample(ONE), source).reads[0].captured_at for source in (PLAIN_SOURCE, BRUSSELS)
    ]
    assert times[0] == times[1]
    local = parse_event(load_sample(OLD), BRUSSELS).reads[0]
    assert to_rfc3339(local.captured_at) == "2026-05-21T14:10:06.000Z"
    assert (
        to_rfc3339(parse_event(load_sample(OLD), PLAIN_SOURCE).reads[0].captured_at)
        == "2026-05-21T16:10:06.000Z"
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "2026-05-21T14:10:06.971Z"),
        ({"DSTTune": 0}, "2026-05-21T15:10:06.971Z"),
        ({"TimeZone": 13, "DSTTune": 0}, "2026-05-21T08:10:06.971Z"),
        ({"TimeZone": None}, "2026-05-21T16:10:06.971Z"),
        ({"TimeZone": None, "UTC": None}, "2026-05-21T16:10:06.971Z"),
    ],
)
def test_without_a_zone_in_the_settings_the_cameras_zone_number_is_used(
    fields: dict[str, Any], expected: str
) -> None:
    assert (
        to_rfc3339(parse_event(with_fields(RealUTC=None, **fields), PLAIN_SOURCE).reads[0].captured_at)
        == expected
    )


def test_an_event_without_boundary_and_with_few_fields() -> None:
    (read,) = single_read(parse_event(load_sample(OLD), PLAIN_SOURCE)).reads
    assert (read.plate, read.country, read.confidence, read.speed_kmh) == ("TÖLXY123", None, 0.88, None)
    assert read.vehicle is not None
    # The event has a type for any motor vehicle.
    assert (read.vehicle.make, read.vehicle.type) == ("Peugeot", None)


def test_an_event_as_lines_of_names_and_values_with_a_picture() -> None:
    parsed = single_read(parse_event(load_sample(SNAP), BRUSSELS))
    (read,) = parsed.reads
    assert (read.plate, read.country, read.confidence, read.direction) == ("1XYZ234", "BE", 0.99, "receding")
    assert to_rfc3339(read.captured_at) == "2026-05-21T14:10:06.971Z"
    assert [(each.content_type, each.content) for each in parsed.pictures] == [
        ("image/jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF")
    ]


@pytest.mark.parametrize(
    ("number", "confidence"), [(100, 1.0), (51, 0.51), (255, 1.0), (153, 0.6), (0, None)]
)
def test_confidences_are_scaled_from_100_or_255(number: int, confidence: float | None) -> None:
    assert parse_event(with_fields(Object__Confidence=number), PLAIN_SOURCE).reads[0].confidence == confidence


def test_a_repeated_event_has_the_same_id_and_another_event_a_different_one() -> None:
    first, again = (
        parse_event(load_sample(ONE), PLAIN_SOURCE).reads[0],
        parse_event(with_fields(PTS=1.0), PLAIN_SOURCE).reads[0],
    )
    assert first.read_id == again.read_id
    others = [
        parse_event(with_fields(RealUTC=1779372607), PLAIN_SOURCE),
        parse_event(with_fields(GroupID=1), PLAIN_SOURCE),
        parse_event(with_fields(UTCMS=972), PLAIN_SOURCE),
        parse_event(load_sample(ONE), PLAIN_SOURCE._replace(camera_id="cam-2")),
    ]
    assert len({first.read_id, *(each.reads[0].read_id for each in others)}) == 5


def test_the_pictures_of_a_group_have_one_id() -> None:
    ids = {
        parse_event(with_fields(CountInGroup=2, IndexInGroup=index, EventID=index, UTCMS=index), PLAIN_SOURCE)
        .reads[0]
        .read_id
        for index in (1, 2)
    }
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (load_sample("dahua_events/heartbeat.txt"), "a heartbeat"),
        (make_event("Heartbeat"), "a heartbeat"),
        (make_event("Code=VideoMotion;action=Start;index=0"), "an event VideoMotion"),
        (changed_sample(ONE, ("action=Pulse", "action=Stop")), "the end of an event"),
        (with_fields(Object__Text="unlicensed"), "no plate seen"),
        (with_fields(Object__Text="", TrafficCar__PlateNumber="", NonMotor={}), "no plate seen"),
    ],
)
def test_an_event_that_is_not_a_read_is_skipped_without_a_fault(message: Event, reason: str) -> None:
    parsed = parse_event(message, PLAIN_SOURCE)
    assert (parsed.reads, parsed.skipped, list(parsed.errors)) == ([], [reason], [])


def test_an_event_without_a_plate_is_skipped_and_the_other_is_a_read() -> None:
    parsed = single_read(parse_event(load_sample(NOTIFY), PLAIN_SOURCE))
    assert parsed.skipped == ["no plate seen"]


def test_an_empty_plate_of_a_motor_vehicle_is_refused() -> None:
    error = refused(with_fields(Object__Text="", TrafficCar__PlateNumber=""))
    assert (error.reason, error.faults[0].field) == ("plate", "TrafficCar.PlateNumber")


@pytest.mark.parametrize("utc", [None, "soon", 10**15, 0])
def test_an_invalid_time_is_refused(utc: Any) -> None:
    assert refused(with_fields(RealUTC=None, UTC=utc, TrafficCar__UTC=None, LocaleTime=None)).reason == "time"


def test_a_wrong_time_is_reported_if_another_one_is_right() -> None:
    parsed = single_read(parse_event(with_fields(RealUTC="soon"), BRUSSELS))
    assert to_rfc3339(parsed.reads[0].captured_at) == "2026-05-21T14:10:06.971Z"
    assert fault_fields(parsed) == [("time", "RealUTC")]


def test_an_unknown_country_is_dropped_and_reported() -> None:
    parsed = single_read(parse_event(with_fields(TrafficCar__Country="QQ"), PLAIN_SOURCE))
    assert (parsed.reads[0].country, fault_fields(parsed)) == (None, [("country", "TrafficCar.Country")])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Object__Confidence", 256),
        ("Lane", 100),
        ("Speed", -1),
        ("UTCMS", 1000),
        ("Object", "1XYZ234"),
        ("TrafficCar__VehicleColor", ["Blue"]),
    ],
)
def test_a_wrong_optional_field_is_dropped_and_reported(name: str, value: Any) -> None:
    assert fault_fields(single_read(parse_event(with_fields(**{name: value}), PLAIN_SOURCE))) == [
        ("field", name.replace("__", "."))
    ]


def test_all_faults_are_reported_together() -> None:
    bad = with_fields(Object__Text="!", TrafficCar__Country="QQ", RealUTC="soon", UTC="soon", LocaleTime=None)
    assert {fault.field for fault in refused(bad).faults} == {
        "Object.Text", "TrafficCar.Country", "RealUTC", "UTC"
    }  # fmt: skip


def test_only_the_device_of_the_settings_is_accepted() -> None:
    single_read(parse_event(load_sample(ONE), PLAIN_SOURCE._replace(device="0A000000PAJ0001")))
    with pytest.raises(EventError) as caught:
        parse_event(load_sample(ONE), PLAIN_SOURCE._replace(device="0A000000PAJ0002"))
    assert caught.value.reason == "device"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"[1]",
        b"null",
        b"{}",
        b"hello",
        b"Code=TrafficJunction;action=Pulse;index=0",
        b"Code=TrafficJunction;action=Pulse;index=0;data=[]",
        b"Code=TrafficJunction;action=Pulse;index=0;data={}",
        b"--myboundary\r\n\r\n",
        b"[" * 5000,
        b"\xff\xff",
    ],
)
def test_a_body_that_is_not_an_event_is_refused(body: bytes) -> None:
    assert refused(make_event(body)).reason == "form"


def test_too_many_events_are_refused() -> None:
    assert refused(make_event("Code=A\n" * 300)).reason == "size"
