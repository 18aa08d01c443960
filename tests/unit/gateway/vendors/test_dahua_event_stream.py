"""Dahua's event stream: what becomes of each event, and what is refused."""

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
    """The sample of bare JSON with other fields, `TrafficCar__Lane` in a part; None leaves one out."""
    value = json.loads((SAMPLES_FOLDER / BARE).read_bytes())
    for name, field in fields.items():
        *path, last = name.split("__")
        holder = value[path[0]] if path else value
        holder[last] = field
        if field is None:
            del holder[last]
    return make_event(json.dumps(value))


def test_all_fields_of_an_event_in_text() -> None:
    taken = single_read(parse_event(load_sample(ONE), PLAIN_SOURCE))
    (read,) = taken.reads
    assert (read.camera_id, read.plate, read.country, read.confidence) == ("cam-1", "1XYZ234", "BE", 0.8)
    assert to_rfc3339(read.captured_at) == "2026-05-21T14:10:06.971Z"
    assert (read.lane, read.direction, read.speed_kmh) == (2, "approaching", 47)
    assert read.vehicle is not None
    assert (read.vehicle.make, read.vehicle.colour, read.vehicle.type) == ("Peugeot", "Blue", "car")
    assert not taken.errors


def test_the_same_event_as_json_alone_and_in_a_message() -> None:
    reads = [parse_event(load_sample(path), PLAIN_SOURCE).reads for path in (ONE, BARE, NOTIFY)]
    assert reads[0] == reads[1] == reads[2]


def test_several_events_in_one_body() -> None:
    taken = parse_event(load_sample(SEVERAL), PLAIN_SOURCE)
    assert [(each.plate, each.country, each.direction) for each in taken.reads] == [
        ("1XYZ234", "BE", "approaching"), ("AB123CD", "FR", "receding")
    ]  # fmt: skip
    assert taken.skipped == ["a heartbeat", "an event VideoMotion"]
    assert len({each.read_id for each in taken.reads}) == 2
    assert not taken.errors


def test_a_part_that_is_refused_costs_its_neighbours_nothing() -> None:
    taken = single_read(
        parse_event(
            changed_sample(SEVERAL, ('"PlateNumber": "AB123CD"', '"a": 1'), ('"AB123CD"', '"京123"')),
            PLAIN_SOURCE,
        )
    )
    assert fault_fields(taken) == [("plate", "[3].Object.Text")]
    assert "123" not in str(taken.errors[0])
    cut = single_read(parse_event(changed_sample(SEVERAL, ('"AB123CD"', '"AB12')), PLAIN_SOURCE))
    assert fault_fields(cut) == [("form", "[3].data")]


def test_an_event_of_the_stream_cut_off_does_not_cost_the_one_before() -> None:
    body = load_sample(SEVERAL).body
    taken = single_read(parse_event(make_event(body[: body.index(b'"AB123CD"')]), PLAIN_SOURCE))
    assert [reason for reason, _ in fault_fields(taken)] == ["form"]


def test_real_utc_is_of_no_zone_and_utc_is_local() -> None:
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
def test_without_a_zone_in_the_settings_the_cameras_number_of_one_is_used(
    fields: dict[str, Any], expected: str
) -> None:
    assert (
        to_rfc3339(parse_event(with_fields(RealUTC=None, **fields), PLAIN_SOURCE).reads[0].captured_at)
        == expected
    )


def test_an_event_without_boundary_and_with_fewer_fields() -> None:
    (read,) = single_read(parse_event(load_sample(OLD), PLAIN_SOURCE)).reads
    assert (read.plate, read.country, read.confidence, read.speed_kmh) == ("TÖLXY123", None, 0.88, None)
    assert read.vehicle is not None
    # A vehicle with a motor, of whatever type.
    assert (read.vehicle.make, read.vehicle.type) == ("Peugeot", None)


def test_lines_of_names_and_values_with_a_picture() -> None:
    taken = single_read(parse_event(load_sample(SNAP), BRUSSELS))
    (read,) = taken.reads
    assert (read.plate, read.country, read.confidence, read.direction) == ("1XYZ234", "BE", 0.99, "receding")
    assert to_rfc3339(read.captured_at) == "2026-05-21T14:10:06.971Z"
    assert [(each.content_type, each.content) for each in taken.pictures] == [
        ("image/jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF")
    ]


@pytest.mark.parametrize(("given", "share"), [(100, 1.0), (51, 0.51), (255, 1.0), (153, 0.6), (0, None)])
def test_confidence_to_a_hundred_and_to_255(given: int, share: float | None) -> None:
    assert parse_event(with_fields(Object__Confidence=given), PLAIN_SOURCE).reads[0].confidence == share


def test_a_resend_has_the_same_id_and_another_event_has_not() -> None:
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
    ("message", "words"),
    [
        (load_sample("dahua_events/heartbeat.txt"), "a heartbeat"),
        (make_event("Heartbeat"), "a heartbeat"),
        (make_event("Code=VideoMotion;action=Start;index=0"), "an event VideoMotion"),
        (changed_sample(ONE, ("action=Pulse", "action=Stop")), "the end of an event"),
        (with_fields(Object__Text="unlicensed"), "no plate seen"),
        (with_fields(Object__Text="", TrafficCar__PlateNumber="", NonMotor={}), "no plate seen"),
    ],
)
def test_what_is_no_read_and_no_fault(message: Event, words: str) -> None:
    taken = parse_event(message, PLAIN_SOURCE)
    assert (taken.reads, taken.skipped, list(taken.errors)) == ([], [words], [])


def test_an_event_with_a_plate_that_was_not_seen_is_passed_beside_another() -> None:
    taken = single_read(parse_event(load_sample(NOTIFY), PLAIN_SOURCE))
    assert taken.skipped == ["no plate seen"]


def test_an_empty_plate_of_a_vehicle_is_refused() -> None:
    error = refused(with_fields(Object__Text="", TrafficCar__PlateNumber=""))
    assert (error.reason, error.faults[0].field) == ("plate", "TrafficCar.PlateNumber")


@pytest.mark.parametrize("utc", [None, "soon", 10**15, 0])
def test_a_time_that_is_none_is_refused(utc: Any) -> None:
    assert refused(with_fields(RealUTC=None, UTC=utc, TrafficCar__UTC=None, LocaleTime=None)).reason == "time"


def test_a_time_that_is_wrong_beside_one_that_is_right_is_told() -> None:
    taken = single_read(parse_event(with_fields(RealUTC="soon"), BRUSSELS))
    assert to_rfc3339(taken.reads[0].captured_at) == "2026-05-21T14:10:06.971Z"
    assert fault_fields(taken) == [("time", "RealUTC")]


def test_an_unknown_country_costs_no_read() -> None:
    taken = single_read(parse_event(with_fields(TrafficCar__Country="QQ"), PLAIN_SOURCE))
    assert (taken.reads[0].country, fault_fields(taken)) == (None, [("country", "TrafficCar.Country")])


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
def test_an_optional_field_that_is_wrong_is_left_out_and_told(name: str, value: Any) -> None:
    assert fault_fields(single_read(parse_event(with_fields(**{name: value}), PLAIN_SOURCE))) == [
        ("field", name.replace("__", "."))
    ]


def test_all_faults_at_once() -> None:
    bad = with_fields(Object__Text="!", TrafficCar__Country="QQ", RealUTC="soon", UTC="soon", LocaleTime=None)
    assert {fault.field for fault in refused(bad).faults} == {
        "Object.Text", "TrafficCar.Country", "RealUTC", "UTC"
    }  # fmt: skip


def test_the_device_of_the_settings_may_send_and_no_other() -> None:
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
def test_bodies_that_are_no_event(body: bytes) -> None:
    assert refused(make_event(body)).reason == "form"


def test_too_many_events() -> None:
    assert refused(make_event("Code=A\n" * 300)).reason == "size"
