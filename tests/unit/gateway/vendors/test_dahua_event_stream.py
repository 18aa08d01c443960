"""Dahua's event stream: what becomes of each event, and what is refused."""

import json
from typing import Any

import pytest

from streams.gateway.event import Event, EventError
from streams.gateway.vendors.dahua.event_stream import take
from streams.records.times import rfc3339
from tests.support.vendor_samples import BRUSSELS, HERE, PLAIN, changed, event, only, refused_by, sample, told

refused = refused_by(take)

ONE, SEVERAL, OLD = (f"dahua_events/{name}.txt" for name in ("one", "several", "old_without_boundary"))
BARE, SNAP, NOTIFY = "dahua_events/bare.json", "dahua_events/snap.txt", "dahua_events/notify.json"


def with_fields(**fields: Any) -> Event:
    """The sample of bare JSON with other fields, `TrafficCar__Lane` in a part; None leaves one out."""
    value = json.loads((HERE / BARE).read_bytes())
    for name, field in fields.items():
        *path, last = name.split("__")
        holder = value[path[0]] if path else value
        holder[last] = field
        if field is None:
            del holder[last]
    return event(json.dumps(value))


def test_all_fields_of_an_event_in_text() -> None:
    taken = only(take(sample(ONE), PLAIN))
    (read,) = taken.reads
    assert (read.camera_id, read.plate, read.country, read.confidence) == ("cam-1", "1XYZ234", "BE", 0.8)
    assert rfc3339(read.captured_at) == "2026-05-21T14:10:06.971Z"
    assert (read.lane, read.direction, read.speed_kmh) == (2, "approaching", 47)
    assert read.vehicle is not None
    assert (read.vehicle.make, read.vehicle.colour, read.vehicle.type) == ("Peugeot", "Blue", "car")
    assert not taken.refused


def test_the_same_event_as_json_alone_and_in_a_message() -> None:
    reads = [take(sample(path), PLAIN).reads for path in (ONE, BARE, NOTIFY)]
    assert reads[0] == reads[1] == reads[2]


def test_several_events_in_one_body() -> None:
    taken = take(sample(SEVERAL), PLAIN)
    assert [(each.plate, each.country, each.direction) for each in taken.reads] == [
        ("1XYZ234", "BE", "approaching"), ("AB123CD", "FR", "receding")
    ]  # fmt: skip
    assert taken.passed == ["a heartbeat", "an event VideoMotion"]
    assert len({each.read_id for each in taken.reads}) == 2
    assert not taken.refused


def test_a_part_that_is_refused_costs_its_neighbours_nothing() -> None:
    taken = only(
        take(changed(SEVERAL, ('"PlateNumber": "AB123CD"', '"a": 1'), ('"AB123CD"', '"京123"')), PLAIN)
    )
    assert told(taken) == [("plate", "[3].Object.Text")]
    assert "123" not in str(taken.refused[0])
    cut = only(take(changed(SEVERAL, ('"AB123CD"', '"AB12')), PLAIN))
    assert told(cut) == [("form", "[3].data")]


def test_an_event_of_the_stream_cut_off_does_not_cost_the_one_before() -> None:
    body = sample(SEVERAL).body
    taken = only(take(event(body[: body.index(b'"AB123CD"')]), PLAIN))
    assert [reason for reason, _ in told(taken)] == ["form"]


def test_real_utc_is_of_no_zone_and_utc_is_local() -> None:
    times = [take(sample(ONE), source).reads[0].captured_at for source in (PLAIN, BRUSSELS)]
    assert times[0] == times[1]
    local = take(sample(OLD), BRUSSELS).reads[0]
    assert rfc3339(local.captured_at) == "2026-05-21T14:10:06.000Z"
    assert rfc3339(take(sample(OLD), PLAIN).reads[0].captured_at) == "2026-05-21T16:10:06.000Z"


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
    assert rfc3339(take(with_fields(RealUTC=None, **fields), PLAIN).reads[0].captured_at) == expected


def test_an_event_without_boundary_and_with_fewer_fields() -> None:
    (read,) = only(take(sample(OLD), PLAIN)).reads
    assert (read.plate, read.country, read.confidence, read.speed_kmh) == ("TÖLXY123", None, 0.88, None)
    assert read.vehicle is not None
    # A vehicle with a motor, of whatever type.
    assert (read.vehicle.make, read.vehicle.type) == ("Peugeot", None)


def test_lines_of_names_and_values_with_a_picture() -> None:
    taken = only(take(sample(SNAP), BRUSSELS))
    (read,) = taken.reads
    assert (read.plate, read.country, read.confidence, read.direction) == ("1XYZ234", "BE", 0.99, "receding")
    assert rfc3339(read.captured_at) == "2026-05-21T14:10:06.971Z"
    assert [(each.content_type, each.content) for each in taken.pictures] == [
        ("image/jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF")
    ]


@pytest.mark.parametrize(("given", "share"), [(100, 1.0), (51, 0.51), (255, 1.0), (153, 0.6), (0, None)])
def test_confidence_to_a_hundred_and_to_255(given: int, share: float | None) -> None:
    assert take(with_fields(Object__Confidence=given), PLAIN).reads[0].confidence == share


def test_a_resend_has_the_same_id_and_another_event_has_not() -> None:
    first, again = take(sample(ONE), PLAIN).reads[0], take(with_fields(PTS=1.0), PLAIN).reads[0]
    assert first.read_id == again.read_id
    others = [
        take(with_fields(RealUTC=1779372607), PLAIN),
        take(with_fields(GroupID=1), PLAIN),
        take(with_fields(UTCMS=972), PLAIN),
        take(sample(ONE), PLAIN._replace(camera_id="cam-2")),
    ]
    assert len({first.read_id, *(each.reads[0].read_id for each in others)}) == 5


def test_the_pictures_of_a_group_have_one_id() -> None:
    ids = {
        take(with_fields(CountInGroup=2, IndexInGroup=index, EventID=index, UTCMS=index), PLAIN)
        .reads[0]
        .read_id
        for index in (1, 2)
    }
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (sample("dahua_events/heartbeat.txt"), "a heartbeat"),
        (event("Heartbeat"), "a heartbeat"),
        (event("Code=VideoMotion;action=Start;index=0"), "an event VideoMotion"),
        (changed(ONE, ("action=Pulse", "action=Stop")), "the end of an event"),
        (with_fields(Object__Text="unlicensed"), "no plate seen"),
        (with_fields(Object__Text="", TrafficCar__PlateNumber="", NonMotor={}), "no plate seen"),
    ],
)
def test_what_is_no_read_and_no_fault(message: Event, words: str) -> None:
    taken = take(message, PLAIN)
    assert (taken.reads, taken.passed, list(taken.refused)) == ([], [words], [])


def test_an_event_with_a_plate_that_was_not_seen_is_passed_beside_another() -> None:
    taken = only(take(sample(NOTIFY), PLAIN))
    assert taken.passed == ["no plate seen"]


def test_an_empty_plate_of_a_vehicle_is_refused() -> None:
    error = refused(with_fields(Object__Text="", TrafficCar__PlateNumber=""))
    assert (error.reason, error.faults[0].field) == ("plate", "TrafficCar.PlateNumber")


@pytest.mark.parametrize("utc", [None, "soon", 10**15, 0])
def test_a_time_that_is_none_is_refused(utc: Any) -> None:
    assert refused(with_fields(RealUTC=None, UTC=utc, TrafficCar__UTC=None, LocaleTime=None)).reason == "time"


def test_a_time_that_is_wrong_beside_one_that_is_right_is_told() -> None:
    taken = only(take(with_fields(RealUTC="soon"), BRUSSELS))
    assert rfc3339(taken.reads[0].captured_at) == "2026-05-21T14:10:06.971Z"
    assert told(taken) == [("time", "RealUTC")]


def test_an_unknown_country_costs_no_read() -> None:
    taken = only(take(with_fields(TrafficCar__Country="QQ"), PLAIN))
    assert (taken.reads[0].country, told(taken)) == (None, [("country", "TrafficCar.Country")])


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
    assert told(only(take(with_fields(**{name: value}), PLAIN))) == [("field", name.replace("__", "."))]


def test_all_faults_at_once() -> None:
    bad = with_fields(Object__Text="!", TrafficCar__Country="QQ", RealUTC="soon", UTC="soon", LocaleTime=None)
    assert {fault.field for fault in refused(bad).faults} == {
        "Object.Text", "TrafficCar.Country", "RealUTC", "UTC"
    }  # fmt: skip


def test_the_device_of_the_settings_may_send_and_no_other() -> None:
    only(take(sample(ONE), PLAIN._replace(device="0A000000PAJ0001")))
    with pytest.raises(EventError) as caught:
        take(sample(ONE), PLAIN._replace(device="0A000000PAJ0002"))
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
    assert refused(event(body)).reason == "form"


def test_too_many_events() -> None:
    assert refused(event("Code=A\n" * 300)).reason == "size"
