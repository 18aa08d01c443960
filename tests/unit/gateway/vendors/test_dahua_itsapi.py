"""Parsing of Dahua's ITSAPI events: reads, skipped events, and faults."""

import json
from typing import Any

import orjson
import pytest

from streams.gateway.event import Event, EventError
from streams.gateway.vendors import REPLIES
from streams.gateway.vendors.dahua.itsapi import parse_event
from streams.records.times import YEARS_RULE, to_rfc3339
from tests.support.vendor_samples import (
    ARRIVED_MS,
    BRUSSELS,
    PLAIN_SOURCE,
    SAMPLES_FOLDER,
    expect_refusal,
    fault_fields,
    load_sample,
    make_event,
    single_read,
)

refused = expect_refusal(parse_event)

FULL, SMALL, UMLAUT = "dahua/full.json", "dahua/small.json", "dahua/umlaut.json"
DEVICE = "00000000-9edf-406a-8338-170689f6099e"


def with_fields(path: str = FULL, /, **parts: dict[str, Any]) -> Event:
    """Return a sample with changed fields in parts of its picture; None removes a field."""
    value = json.loads((SAMPLES_FOLDER / path).read_bytes())
    for name, fields in parts.items():
        part = {**value["Picture"].get(name, {}), **fields}
        value["Picture"][name] = {key: each for key, each in part.items() if each is not None}
    return make_event(json.dumps(value))


def test_all_fields_of_a_read() -> None:
    parsed = single_read(parse_event(load_sample(FULL), BRUSSELS))
    (read,) = parsed.reads
    assert (read.camera_id, read.plate, read.country, read.confidence) == ("cam-1", "1XYZ234", "BE", 0.8)
    assert (read.lane, read.direction, read.speed_kmh) == (2, "approaching", 47)
    assert read.vehicle is not None
    assert (read.vehicle.make, read.vehicle.model, read.vehicle.colour, read.vehicle.type) == (
        "Peugeot", "308", "Blue", "car"
    )  # fmt: skip
    assert not parsed.errors


def test_times_are_local_in_the_zone_of_the_settings() -> None:
    assert (
        to_rfc3339(parse_event(load_sample(FULL), BRUSSELS).reads[0].captured_at)
        == "2026-05-21T14:10:06.971Z"
    )
    winter = with_fields(SnapInfo={"AccurateTime": "2026-01-21 16:10:06.971", "TimeZone": 13})
    assert to_rfc3339(parse_event(winter, BRUSSELS).reads[0].captured_at) == "2026-01-21T15:10:06.971Z"


@pytest.mark.parametrize(
    ("zone", "summer", "expected"),
    [
        (1, 1, "2026-05-21T14:10:06.971Z"),
        (1, 0, "2026-05-21T15:10:06.971Z"),
        (12, 0, "2026-05-21T09:10:06.971Z"),
        (24, None, "2026-05-21T20:10:06.971Z"),
        (None, 1, "2026-05-21T16:10:06.971Z"),
    ],
)
def test_without_a_zone_in_the_settings_the_cameras_zone_number_is_used(
    zone: int | None, summer: int | None, expected: str
) -> None:
    event = with_fields(SnapInfo={"TimeZone": zone, "DSTTune": summer})
    assert to_rfc3339(parse_event(event, PLAIN_SOURCE).reads[0].captured_at) == expected


def test_other_formats_of_the_time() -> None:
    assert (
        to_rfc3339(parse_event(load_sample(SMALL), BRUSSELS).reads[0].captured_at)
        == "2026-05-21T14:10:06.000Z"
    )
    assert (
        to_rfc3339(parse_event(load_sample(UMLAUT), BRUSSELS).reads[0].captured_at)
        == "2026-05-21T14:10:06.000Z"
    )


def test_a_vehicle_with_unknown_attributes_has_no_appearance() -> None:
    (read,) = single_read(parse_event(load_sample(SMALL), PLAIN_SOURCE)).reads
    assert (read.plate, read.country, read.confidence) == ("AB123CD", "FR", 0.95)
    assert (read.vehicle, read.speed_kmh, read.direction) == (None, None, "receding")


def test_umlauts_are_preserved_and_numbers_may_be_text() -> None:
    (read,) = single_read(parse_event(load_sample(UMLAUT), PLAIN_SOURCE)).reads
    assert (read.plate, read.country, read.confidence, read.vehicle) == ("TÖL XY 123", None, 0.88, None)


@pytest.mark.parametrize(
    ("number", "confidence"), [(100, 1.0), (51, 0.51), (255, 1.0), (153, 0.6), (0, None)]
)
def test_confidences_are_scaled_from_100_or_255(number: int, confidence: float | None) -> None:
    assert (
        parse_event(with_fields(Plate={"Confidence": number}), PLAIN_SOURCE).reads[0].confidence == confidence
    )


def test_a_repeated_event_has_the_same_id_and_another_vehicle_a_different_one() -> None:
    for path in (FULL, SMALL, UMLAUT):
        first = parse_event(load_sample(path), PLAIN_SOURCE).reads[0]
        again = parse_event(with_fields(path, Plate={"UploadNum": 18}), PLAIN_SOURCE).reads[0]
        assert first.read_id == again.read_id
        other = with_fields(path, SnapInfo={"AccurateTime": "2026-05-21 16:10:07.171"})
        elsewhere = parse_event(load_sample(path), PLAIN_SOURCE._replace(camera_id="cam-2")).reads[0]
        assert len({first.read_id, parse_event(other, PLAIN_SOURCE).reads[0].read_id, elsewhere.read_id}) == 3


def test_a_revised_text_has_the_same_id() -> None:
    ids = {
        parse_event(with_fields(Plate={"PlateNumber": text}), PLAIN_SOURCE).reads[0].read_id
        for text in ("1A", "1B")
    }
    assert len(ids) == 1


def test_two_vehicles_within_a_second_have_two_ids() -> None:
    ids = {
        parse_event(with_fields(SMALL, Plate={"PlateNumber": text}), PLAIN_SOURCE).reads[0].read_id
        for text in ("1A", "1B")
    }
    assert len(ids) == 2


def test_pictures_are_returned_with_the_read_without_faces() -> None:
    parsed = single_read(parse_event(load_sample(FULL), PLAIN_SOURCE))
    assert [each.name for each in parsed.pictures] == [
        "20260521161006971_0_normal.jpg",
        "20260521161006971_0_vehicle.jpg",
        "20260521161006971_0_cutout.jpg",
    ]
    assert parsed.pictures[0].content.startswith(b"\xff\xd8\xff")
    broken = single_read(parse_event(with_fields(NormalPic={"Content": "***"}), PLAIN_SOURCE))
    assert fault_fields(broken) == [("field", "Picture.NormalPic.Content")]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("dahua/keep_alive.json", "a heartbeat"),
        ("dahua/device_info.json", "a description of the camera"),
        ("dahua/alarm.json", "a parking event or an alarm"),
        ("dahua/no_plate.json", "no plate seen"),
    ],
)
def test_an_event_that_is_not_a_read_is_skipped_without_a_fault(path: str, reason: str) -> None:
    parsed = parse_event(load_sample(path), PLAIN_SOURCE)
    assert (parsed.reads, parsed.skipped, list(parsed.errors)) == ([], [reason], [])


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("/NotificationInfo/KeepAlive", b"", "a heartbeat"),
        ("/gate/NotificationInfo/KeepAlive", b'{"Time": 1}', "a heartbeat"),
        ("/NotificationInfo/DeviceInfo/", b"{}", "a description of the camera"),
        ("/NotificationInfo/ParkingInfo", b'{"Picture": {}}', "a parking event or an alarm"),
    ],
)
def test_the_path_determines_the_kind_of_event(path: str, body: bytes, reason: str) -> None:
    assert parse_event(Event(body, ARRIVED_MS, "", path), PLAIN_SOURCE).skipped == [reason]


def test_a_tollgate_event_on_its_own_path_and_on_any_other() -> None:
    body = load_sample(FULL).body
    for path in ("/NotificationInfo/TollgateInfo", "/anything"):
        assert single_read(parse_event(Event(body, ARRIVED_MS, "", path), PLAIN_SOURCE)).reads


def test_the_reply_that_stops_the_camera_repeating_an_event() -> None:
    reply = orjson.loads(REPLIES["dahua"].body)
    assert (reply["Result"], reply["result"], reply["Active"]) == (True, "true", True)


@pytest.mark.parametrize("mark", ["unlicensed", "Unknown", "--"])
def test_a_mark_of_no_plate_is_skipped(mark: str) -> None:
    assert parse_event(with_fields(Plate={"PlateNumber": mark}), PLAIN_SOURCE).skipped == ["no plate seen"]


@pytest.mark.parametrize("plate", ["", None, "京A12345", "ق ط م 123", "АВ1234"])
def test_an_empty_or_non_latin_plate_is_refused(plate: str | None) -> None:
    error = refused(with_fields(Plate={"PlateNumber": plate}))
    assert (error.reason, error.faults[0].field) == ("plate", "Picture.Plate.PlateNumber")
    assert "123" not in str(error)


@pytest.mark.parametrize("time", ["", "today", "2026-13-21 16:10:06.971", "1970-01-01 00:00:00.000", 7])
def test_an_invalid_time_is_refused(time: Any) -> None:
    error = refused(with_fields(SnapInfo={"AccurateTime": time, "SnapTime": None}))
    assert (error.reason, error.faults[0].field) == ("time", "Picture.SnapInfo.AccurateTime")


def test_a_time_outside_the_years_of_records_has_a_fault_of_its_own() -> None:
    early = refused(with_fields(SnapInfo={"AccurateTime": "1999-12-31 23:59:59.999"}))
    assert early.faults[0].rule == YEARS_RULE
    missing = refused(with_fields(SnapInfo={"AccurateTime": None, "SnapTime": None}))
    assert str(missing) == "missing required field `Picture.SnapInfo.AccurateTime`"


def test_an_unknown_country_is_dropped_and_reported() -> None:
    parsed = single_read(parse_event(with_fields(Plate={"Region": "QQ"}), PLAIN_SOURCE))
    assert (parsed.reads[0].country, fault_fields(parsed)) == (None, [("country", "Picture.Plate.Region")])


@pytest.mark.parametrize(
    ("part", "fields", "field"),
    [
        ("Plate", {"Confidence": 256}, "Plate.Confidence"),
        ("Plate", {"IsExist": "perhaps"}, "Plate.IsExist"),
        ("SnapInfo", {"LanNo": 1.5}, "SnapInfo.LanNo"),
        ("SnapInfo", {"TimeZone": 99}, "SnapInfo.TimeZone"),
        ("SnapInfo", {"Direction": ["Approach"]}, "SnapInfo.Direction"),
        ("Vehicle", {"Speed": "fast"}, "Vehicle.Speed"),
        ("Vehicle", {"VehicleColor": {}}, "Vehicle.VehicleColor"),
    ],
)
def test_a_wrong_optional_field_is_dropped_and_reported(
    part: str, fields: dict[str, Any], field: str
) -> None:
    assert fault_fields(single_read(parse_event(with_fields(**{part: fields}), PLAIN_SOURCE))) == [
        ("field", f"Picture.{field}")
    ]


def test_all_faults_are_reported_together() -> None:
    bad = with_fields(Plate={"PlateNumber": "!", "Region": "QQ"}, SnapInfo={"AccurateTime": "soon"})
    assert {fault.field for fault in refused(bad).faults} == {
        "Picture.Plate.PlateNumber", "Picture.Plate.Region", "Picture.SnapInfo.AccurateTime"
    }  # fmt: skip


@pytest.mark.parametrize("path", ["dahua/full.json", "dahua/keep_alive.json", "dahua/device_info.json"])
def test_only_the_device_of_the_settings_is_accepted(path: str) -> None:
    parse_event(load_sample(path), PLAIN_SOURCE._replace(device=DEVICE))
    with pytest.raises(EventError) as caught:
        parse_event(load_sample(path), PLAIN_SOURCE._replace(device="gate-2"))
    assert caught.value.reason == "device"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"{}", b"[" * 5000, b"\xff\xff", b"<Picture/>"])
def test_a_body_that_is_not_an_event_is_refused(body: bytes) -> None:
    assert refused(make_event(body)).reason == "form"
