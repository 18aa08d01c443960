"""Parsing of OpenALPR's and Rekor's events: reads, skipped events, and faults."""

import json
from typing import Any

import pytest

from streams.gateway.event import Event, EventError
from streams.gateway.vendors.openalpr import parse_event
from streams.records.times import to_rfc3339
from tests.support.vendor_samples import (
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

GROUP, RESULTS = "openalpr/group.json", "openalpr/results.json"


def with_fields(path: str = GROUP, /, **fields: Any) -> Event:
    """Return a sample with changed fields; None removes a field."""
    value = {**json.loads((SAMPLES_FOLDER / path).read_bytes()), **fields}
    return make_event(json.dumps({name: each for name, each in value.items() if each is not None}))


def with_result(**fields: Any) -> Event:
    """Return the sample of a frame with changed fields in its first result."""
    value = json.loads((SAMPLES_FOLDER / RESULTS).read_bytes())
    value["results"][0].update(fields)
    return make_event(json.dumps(value))


def test_all_fields_of_a_group() -> None:
    parsed = single_read(parse_event(load_sample(GROUP), PLAIN_SOURCE))
    (read,) = parsed.reads
    assert (read.camera_id, read.plate, read.country, read.confidence) == ("cam-1", "AB123CD", "FR", 0.9294)
    assert to_rfc3339(read.captured_at) == "2026-05-21T14:10:06.971Z"
    assert read.direction == "approaching"
    assert read.position is not None
    assert (read.position.lat, read.position.lon) == (50.6056, 3.3879)
    assert read.vehicle is not None
    assert (read.vehicle.make, read.vehicle.model, read.vehicle.colour, read.vehicle.type) == (
        "peugeot", "308 sw", "silver-gray", "sedan-compact"
    )  # fmt: skip
    assert read.vehicle.confidence == 0.87
    assert not parsed.errors
    assert [each.name for each in parsed.pictures] == ["plate", "vehicle"]


def test_candidates_are_the_other_texts_most_likely_first() -> None:
    read = parse_event(load_sample(GROUP), PLAIN_SOURCE).reads[0]
    assert [(each.plate, each.confidence) for each in read.candidates or []] == [
        ("A8123CD", 0.8403), ("AB128CD", 0.8081)
    ]  # fmt: skip


def test_a_preview_is_skipped_and_the_group_itself_is_a_read() -> None:
    assert parse_event(load_sample("openalpr/preview.json"), PLAIN_SOURCE).skipped == [
        "a preview of an incomplete group"
    ]
    single_read(parse_event(with_fields("openalpr/preview.json", is_preview=False), PLAIN_SOURCE))


def test_each_result_of_a_frame_is_a_read() -> None:
    parsed = parse_event(load_sample(RESULTS), PLAIN_SOURCE)
    assert [(each.plate, each.country) for each in parsed.reads] == [("AB123CD", "FR"), ("1XYZ234", "BE")]
    assert len({each.read_id for each in parsed.reads}) == 2
    assert len(parsed.pictures) == 1


def test_a_group_its_best_frame_and_a_repeated_event_have_one_id() -> None:
    group, frame = (
        parse_event(load_sample(GROUP), PLAIN_SOURCE).reads[0],
        parse_event(load_sample(RESULTS), PLAIN_SOURCE).reads[0],
    )
    revised = parse_event(with_fields(best_plate_number="AB128CD"), PLAIN_SOURCE).reads[0]
    alarm = parse_event(load_sample("openalpr/alert.json"), PLAIN_SOURCE).reads[0]
    assert group.read_id == frame.read_id == revised.read_id == alarm.read_id
    others = {
        parse_event(with_fields(best_uuid="AGENT-1234-1"), PLAIN_SOURCE).reads[0].read_id,
        parse_event(load_sample(GROUP), PLAIN_SOURCE._replace(camera_id="cam-2")).reads[0].read_id,
    }
    assert len({group.read_id, *others}) == 3


def test_a_refused_result_does_not_affect_the_other() -> None:
    parsed = single_read(parse_event(with_result(plate="ق ط م 123"), PLAIN_SOURCE))
    assert parsed.reads[0].plate == "1XYZ234"
    assert fault_fields(parsed) == [("plate", "results[0].plate")]
    assert "123" not in str(parsed.errors[0])


def test_umlauts_are_preserved_and_a_parked_vehicle_has_no_direction() -> None:
    (read,) = single_read(parse_event(load_sample("openalpr/old_parked.json"), PLAIN_SOURCE)).reads
    assert (read.plate, read.country, read.direction, read.position) == ("TÖLXY123", None, None, None)


@pytest.mark.parametrize(
    ("degrees", "direction"),
    [
        (180, "approaching"),
        (230, "approaching"),
        (0, "receding"),
        (359.5, "receding"),
        (90, None),
        (270, None),
    ],
)
def test_the_direction_is_that_of_the_travel_in_the_picture(degrees: float, direction: str | None) -> None:
    assert parse_event(with_fields(travel_direction=degrees), PLAIN_SOURCE).reads[0].direction == direction


def test_epoch_times_do_not_depend_on_the_zone() -> None:
    times = [
        parse_event(load_sample(GROUP), source).reads[0].captured_at for source in (PLAIN_SOURCE, BRUSSELS)
    ]
    assert times[0] == times[1]
    begun = parse_event(with_fields(best_uuid_epoch_ms=None), PLAIN_SOURCE).reads[0]
    assert to_rfc3339(begun.captured_at) == "2026-05-21T14:10:06.504Z"


@pytest.mark.parametrize(
    ("path", "reason"),
    [("openalpr/heartbeat.json", "a heartbeat"), ("openalpr/results.json", "a frame without a plate")],
)
def test_an_event_that_is_not_a_read_is_skipped_without_a_fault(path: str, reason: str) -> None:
    parsed = parse_event(with_fields(path, results=[]), PLAIN_SOURCE)
    assert (parsed.reads, parsed.skipped, list(parsed.errors)) == ([], [reason], [])


def test_an_empty_plate_is_refused() -> None:
    error = refused(with_fields(best_plate_number="", best_plate={}))
    assert (error.reason, error.faults[0].field) == ("plate", "best_plate_number")


def test_an_unknown_country_is_dropped_and_reported_and_an_empty_one_is_not() -> None:
    unknown = single_read(parse_event(with_fields(best_region="eu-qq"), PLAIN_SOURCE))
    assert (unknown.reads[0].country, fault_fields(unknown)) == (None, [("country", "best_region")])
    blank = single_read(parse_event(with_fields(best_region=""), PLAIN_SOURCE))
    assert (blank.reads[0].country, fault_fields(blank)) == (None, [])


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"best_confidence": 101}, "best_confidence"),
        ({"best_confidence": "high"}, "best_confidence"),
        ({"travel_direction": "north"}, "travel_direction"),
        ({"gps_latitude": 148.1}, "gps_latitude"),
        ({"is_preview": "perhaps"}, "is_preview"),
        ({"vehicle": "car"}, "vehicle"),
        ({"vehicle": {"color": [{"name": "white", "confidence": -1}]}}, "vehicle.color[0].confidence"),
        ({"vehicle_crop_jpeg": "***"}, "vehicle_crop_jpeg"),
        ({"candidates": [{"plate": ["AB128CD"], "confidence": 2}]}, "candidates[0].plate"),
    ],
)
def test_a_wrong_optional_field_is_dropped_and_reported(fields: dict[str, Any], field: str) -> None:
    assert fault_fields(single_read(parse_event(with_fields(**fields), PLAIN_SOURCE))) == [("field", field)]


def test_all_faults_are_reported_together() -> None:
    error = refused(
        with_fields(best_plate_number="!", best_uuid_epoch_ms=None, epoch_start="soon", best_region="qq")
    )
    assert error.reason == "plate"
    assert {fault.field for fault in error.faults} == {"best_plate_number", "epoch_start", "best_region"}
    frame = refused(with_fields(RESULTS, epoch_time=None, results=[{"plate": "!"}]))
    assert [fault.field for fault in frame.faults] == ["epoch_time", "results[0].plate"]


@pytest.mark.parametrize("device", ["1234", "AGENT0000000000000000000000000000000001"])
def test_only_the_device_of_the_settings_is_accepted(device: str) -> None:
    single_read(parse_event(load_sample(GROUP), PLAIN_SOURCE._replace(device=device)))
    with pytest.raises(EventError) as caught:
        parse_event(load_sample(GROUP), PLAIN_SOURCE._replace(device=f"{device}0"))
    assert caught.value.reason == "device"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"{}", b"[" * 5000, b"\xff\xff"])
def test_a_body_that_is_not_an_event_is_refused(body: bytes) -> None:
    assert refused(make_event(body)).reason == "form"
