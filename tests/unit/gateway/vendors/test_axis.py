"""Parsing of Axis' and FF Group's events: reads, skipped events, and faults."""

import json
from typing import Any

import pytest

from streams.gateway.event import Event, EventError
from streams.gateway.vendors.axis import parse_event
from streams.records.times import to_rfc3339
from tests.support.vendor_samples import (
    BRUSSELS,
    PLAIN_SOURCE,
    SAMPLES_FOLDER,
    expect_refusal,
    load_sample,
    make_event,
    single_read,
)

refused = expect_refusal(parse_event)

NEW, UPDATE, LOST = "axis/new.json", "axis/update.json", "axis/lost.json"


def with_fields(path: str = UPDATE, /, *without: str, **fields: Any) -> Event:
    """Return a sample with changed fields, and without some."""
    value = {**json.loads((SAMPLES_FOLDER / path).read_bytes()), **fields}
    return make_event(json.dumps({name: each for name, each in value.items() if name not in without}))


def test_all_fields_of_a_read() -> None:
    parsed = single_read(parse_event(load_sample(UPDATE), BRUSSELS))
    (read,) = parsed.reads
    assert (read.camera_id, read.plate, read.country, read.confidence) == ("cam-1", "TÖLXY123", "DE", 0.8688)
    assert to_rfc3339(read.captured_at) == "2026-05-21T14:10:06.971Z"
    assert read.direction == "approaching"
    assert read.position is not None
    assert (read.position.lat, read.position.lon) == (48.1374, 11.5755)
    assert read.vehicle is not None
    assert (read.vehicle.make, read.vehicle.model, read.vehicle.colour, read.vehicle.type) == (
        "Skoda", "Rapid/Scala", "GRAY", "CAR"
    )  # fmt: skip
    assert read.vehicle.confidence == 0.999847
    assert not parsed.errors
    assert not parsed.skipped


def test_the_events_of_a_vehicle_have_one_id_although_the_text_is_revised() -> None:
    reads = [parse_event(load_sample(path), PLAIN_SOURCE).reads[0] for path in (NEW, UPDATE, LOST)]
    assert len({read.read_id for read in reads}) == 1
    assert [read.plate for read in reads] == ["TOLXY128", "TÖLXY123", "TÖLXY123"]


def test_other_vehicles_have_other_ids_even_if_the_numbers_start_again() -> None:
    three_hours_before = str(1779372606971 - 3 * 3600 * 1000)
    ids = {
        parse_event(each, source).reads[0].read_id
        for each, source in (
            (load_sample(UPDATE), PLAIN_SOURCE),
            (with_fields(carID="54951"), PLAIN_SOURCE),
            (with_fields(capture_timestamp=three_hours_before), PLAIN_SOURCE),
            (load_sample(UPDATE), PLAIN_SOURCE._replace(camera_id="cam-2")),
        )
    }
    assert len(ids) == 4


def test_without_a_car_number_a_repeated_event_has_the_same_id() -> None:
    ids = [parse_event(with_fields(UPDATE, "carID"), PLAIN_SOURCE).reads[0].read_id for _ in range(2)]
    assert ids[0] == ids[1]


def test_epoch_times_do_not_depend_on_the_zone() -> None:
    times = [
        parse_event(load_sample(UPDATE), source).reads[0].captured_at for source in (PLAIN_SOURCE, BRUSSELS)
    ]
    assert times[0] == times[1]


@pytest.mark.parametrize(
    ("datetime", "plain", "brussels"),
    [
        ("20260521 161006471", "2026-05-21T16:10:06.471Z", "2026-05-21T14:10:06.471Z"),
        ("20260521 161006471+0800", "2026-05-21T08:10:06.471Z", "2026-05-21T14:10:06.471Z"),
    ],
)
def test_local_time_is_used_only_without_epoch_time(datetime: str, plain: str, brussels: str) -> None:
    local = with_fields(UPDATE, "capture_timestamp", datetime=datetime)
    times = [parse_event(local, source).reads[0].captured_at for source in (PLAIN_SOURCE, BRUSSELS)]
    assert [to_rfc3339(time) for time in times] == [
        plain, brussels
    ]  # fmt: skip


def test_confidences_of_an_installation_with_another_scale() -> None:
    (read,) = single_read(parse_event(load_sample("axis/cammra_hundred.json"), PLAIN_SOURCE)).reads
    assert (read.plate, read.country, read.confidence) == ("AB123CD", "FR", 0.96657967)
    assert read.direction == "receding"
    assert read.vehicle is not None
    assert (read.vehicle.make, read.vehicle.confidence) == ("Opel", 0.96657967)


def test_the_position_of_the_factory_settings_is_ignored() -> None:
    assert parse_event(load_sample("axis/cammra_hundred.json"), PLAIN_SOURCE).reads[0].position is None
    text = with_fields(geotag={"lat": "48.5", "lon": "11.25"})
    assert parse_event(text, PLAIN_SOURCE).reads[0].position is not None


@pytest.mark.parametrize(
    ("plates", "expected"),
    [
        ({"plateUTF8": "TÖLXY123"}, "TÖLXY123"),
        ({"plateText": "TÖL XY 123", "plateASCII": "TOLXY123"}, "TÖL XY 123"),
        ({"plateUTF8": "TOLXY123", "plateText": "TÖLXY123"}, "TÖLXY123"),
        ({"plateUTF8": "СА2228АМ", "plateASCII": "CA2228AM"}, "CA2228AM"),
        ({"plateUTF8": "", "plateASCII": "CA2228AM"}, "CA2228AM"),
    ],
)
def test_the_best_spelling_of_the_plate_is_used(plates: dict[str, str], expected: str) -> None:
    names = ("plateUTF8", "plateUnicode", "plateText", "plateASCII")
    others = [name for name in names if name not in plates]
    assert parse_event(with_fields(UPDATE, *others, **plates), PLAIN_SOURCE).reads[0].plate == expected


NO_PLATES = {"plateUTF8": "", "plateUnicode": "", "plateText": "", "plateASCII": ""}


def test_an_empty_plate_is_refused_except_for_a_vehicle_that_left() -> None:
    error = refused(with_fields(UPDATE, **NO_PLATES))
    assert (error.reason, error.faults[0].field) == ("plate", "plateUTF8")
    assert parse_event(with_fields(LOST, **NO_PLATES), PLAIN_SOURCE).skipped == [
        "a vehicle left without a plate read"
    ]


def test_a_mark_of_no_plate_is_skipped() -> None:
    marked = with_fields(UPDATE, **dict.fromkeys(NO_PLATES, "----/----"))
    assert parse_event(marked, PLAIN_SOURCE).skipped == ["no plate seen"]


def test_a_non_latin_plate_is_refused_and_not_shown() -> None:
    error = refused(with_fields(UPDATE, **dict.fromkeys(NO_PLATES, "ق ط م 123")))
    assert error.reason == "plate"
    assert "123" not in str(error)


def test_a_heartbeat_is_skipped() -> None:
    assert parse_event(load_sample("axis/heartbeat.json"), PLAIN_SOURCE).skipped == ["a heartbeat"]


@pytest.mark.parametrize("country", ["", "unk", "UNKNOWN", "n/a"])
def test_a_mark_of_an_unknown_country_is_not_a_fault(country: str) -> None:
    parsed = single_read(parse_event(with_fields(plateCountry=country), PLAIN_SOURCE))
    assert parsed.reads[0].country is None
    assert not parsed.errors


def test_an_unknown_country_is_dropped_and_reported() -> None:
    parsed = single_read(parse_event(with_fields(plateCountry="QQQ"), PLAIN_SOURCE))
    assert parsed.reads[0].country is None
    assert [(each.reason, each.faults[0].field) for each in parsed.errors] == [("country", "plateCountry")]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"plateConfidence": "101"}, "plateConfidence"),
        ({"plateConfidence": "high"}, "plateConfidence"),
        ({"plateConfidence": "1e400"}, "plateConfidence"),
        ({"geotag": {"lat": 148.1, "lon": 11.5}}, "geotag.lat"),
        ({"geotag": "here"}, "geotag"),
        ({"vehicle_info": {"type": "CAR", "confidenceMMR": -1}}, "vehicle_info.confidenceMMR"),
        ({"vehicle_info": {"brand": ["Skoda"]}}, "vehicle_info.brand"),
        ({"carMoveDirection": {}}, "carMoveDirection"),
        ({"capture_timestamp": "soon"}, "capture_timestamp"),
        ({"ImageArray": [{"BinaryImage": "***"}]}, "ImageArray[0].BinaryImage"),
    ],
)
def test_a_wrong_optional_field_is_dropped_and_reported(fields: dict[str, Any], field: str) -> None:
    parsed = single_read(parse_event(with_fields(**fields), PLAIN_SOURCE))
    assert [(each.reason, each.faults[0].field) for each in parsed.errors] == [("field", field)]


def test_all_faults_are_reported_together() -> None:
    error = refused(
        with_fields(
            UPDATE,
            "datetime",
            **dict.fromkeys(NO_PLATES, "!"),
            capture_timestamp=None,
            plateCountry="QQ",
            plateConfidence="x",
        )
    )
    assert error.reason == "plate"
    assert {fault.field for fault in error.faults} == {
        "plateUTF8", "capture_timestamp", "plateCountry", "plateConfidence"
    }  # fmt: skip


@pytest.mark.parametrize("device", ["ACCC8E000001", "accc8e000001", "AC:CC:8E:00:00:01", "defaultID"])
def test_the_device_of_the_settings_is_accepted_in_any_notation(device: str) -> None:
    source = PLAIN_SOURCE._replace(device=device)
    assert single_read(parse_event(load_sample(UPDATE), source)).reads


def test_another_device_is_refused() -> None:
    with pytest.raises(EventError) as caught:
        parse_event(load_sample(UPDATE), PLAIN_SOURCE._replace(device="ACCC8E000002"))
    assert caught.value.reason == "device"


def test_pictures_are_returned_with_the_read() -> None:
    parts = single_read(parse_event(load_sample("axis/with_picture.multipart"), PLAIN_SOURCE))
    assert [(each.name, each.content_type) for each in parts.pictures] == [("image", "image/jpeg")]
    within = single_read(parse_event(load_sample("axis/base64.json"), PLAIN_SOURCE))
    assert [(each.name, each.content) for each in within.pictures] == [
        ("plate", b"\xff\xd8\xff\xe0\0\x10JFIF")
    ]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"1", b"null", b"{}", b'{"a": 1}', b"[" * 5000, b'{"carID": ' * 2000, b"\xff\xff"],
)
def test_a_body_that_is_not_an_event_is_refused(body: bytes) -> None:
    assert refused(make_event(body)).reason == "form"
