"""Parsing of Plate Recognizer Stream's webhook: reads, skipped events, and faults."""

import json
from typing import Any

import pytest

from streams.gateway.event import Event, EventError
from streams.gateway.vendors.platerecognizer import parse_event
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

ONE, TWO, PROPS = "platerecognizer/one.json", "platerecognizer/two.json", "platerecognizer/props.json"


def with_fields(path: str = ONE, /, *, data: dict[str, Any] | None = None, **result: Any) -> Event:
    """Return a sample with changed fields in its data and in its first result."""
    value = json.loads((SAMPLES_FOLDER / path).read_bytes())
    value["data"].update(data or {})
    value["data"]["results"][0].update(result)
    return make_event(json.dumps(value))


def test_all_fields_of_a_result() -> None:
    parsed = single_read(parse_event(load_sample(ONE), PLAIN_SOURCE))
    (read,) = parsed.reads
    assert (read.camera_id, read.plate, read.country, read.confidence) == ("cam-1", "1XYZ234", "BE", 0.902)
    assert to_rfc3339(read.captured_at) == "2026-05-21T14:10:06.971Z"
    assert [(each.plate, each.confidence) for each in read.candidates or []] == [("1XYZ284", 0.758)]
    assert (read.direction, read.heading_deg) == ("receding", None)
    assert read.vehicle is not None
    assert (read.vehicle.make, read.vehicle.model, read.vehicle.colour, read.vehicle.type) == (
        "Peugeot", "208", "red", "Sedan"
    )  # fmt: skip
    assert read.vehicle.confidence == 0.43
    assert not parsed.errors


def test_each_result_is_a_read_with_its_own_id_which_a_repeated_event_has_too() -> None:
    reads = parse_event(load_sample(TWO), PLAIN_SOURCE).reads
    assert [(each.plate, each.country) for each in reads] == [("1XYZ234", "BE"), ("AB123CD", "FR")]
    assert [each.plate for each in reads[1].candidates or []] == ["A8123CD"]
    assert len({each.read_id for each in reads}) == 2
    assert [each.read_id for each in parse_event(load_sample(TWO), PLAIN_SOURCE).reads] == [
        each.read_id for each in reads
    ]
    later = parse_event(with_fields(TWO, data={"filename": "other.jpg"}), PLAIN_SOURCE).reads
    elsewhere = parse_event(load_sample(TWO), PLAIN_SOURCE._replace(camera_id="cam-2")).reads
    assert len({each.read_id for each in (*reads, *later, *elsewhere)}) == 6


def test_a_refused_result_does_not_affect_the_other() -> None:
    parsed = single_read(parse_event(with_fields(TWO, plate="ав1234"), PLAIN_SOURCE))
    assert parsed.reads[0].plate == "AB123CD"
    assert fault_fields(parsed) == [("plate", "data.results[0].plate")]
    assert "1234" not in str(parsed.errors[0])


def test_the_format_with_props() -> None:
    parsed = single_read(parse_event(load_sample(PROPS), PLAIN_SOURCE))
    (read,) = parsed.reads
    assert (read.plate, read.country, read.confidence, read.direction) == (
        "1XYZ234",
        "BE",
        0.93,
        "approaching",
    )
    assert [(each.plate, each.confidence) for each in read.candidates or []] == [("1XYZ284", 0.7)]
    assert read.vehicle is not None
    assert (read.vehicle.make, read.vehicle.colour, read.vehicle.type) == ("Dacia", "blue", "SUV")
    assert parsed.skipped == ["no plate seen"]


def test_a_multipart_event_with_its_picture() -> None:
    parsed = single_read(parse_event(load_sample("platerecognizer/with_picture.multipart"), PLAIN_SOURCE))
    assert parsed.reads == parse_event(load_sample(ONE), PLAIN_SOURCE).reads
    assert [(each.name, each.content) for each in parsed.pictures] == [
        ("14-10-06.971000.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF")
    ]


def test_umlauts_are_preserved_and_only_letters_of_plates_are_changed_to_upper_case() -> None:
    assert (
        parse_event(load_sample("platerecognizer/umlaut.json"), PLAIN_SOURCE).reads[0].plate == "TÖL XY 123"
    )
    assert refused(with_fields(plate="aß123")).reason == "plate"


def test_utc_time_does_not_depend_on_the_zone_and_local_time_is_used_without_it() -> None:
    times = [
        parse_event(load_sample(ONE), source).reads[0].captured_at for source in (PLAIN_SOURCE, BRUSSELS)
    ]
    assert times[0] == times[1]
    local = with_fields(data={"timestamp": None})
    assert to_rfc3339(parse_event(local, PLAIN_SOURCE).reads[0].captured_at) == "2026-05-21T14:10:06.971Z"
    bare = with_fields(data={"timestamp": None, "timestamp_local": "2026-05-21 16:10:06.971"})
    times = [parse_event(bare, source).reads[0].captured_at for source in (PLAIN_SOURCE, BRUSSELS)]
    assert [to_rfc3339(time) for time in times] == [
        "2026-05-21T16:10:06.971Z", "2026-05-21T14:10:06.971Z"
    ]  # fmt: skip


def test_an_event_that_is_not_a_read_is_skipped_without_a_fault() -> None:
    assert parse_event(load_sample("platerecognizer/heartbeat.json"), PLAIN_SOURCE).skipped == ["a heartbeat"]
    assert parse_event(with_fields(plate=None), PLAIN_SOURCE).skipped == ["no plate seen"]
    assert parse_event(with_fields(data={"results": [{}]}), PLAIN_SOURCE).skipped == ["no plate seen"]
    nothing = changed_sample(ONE, ('"results"', '"results": [], "other"'))
    assert parse_event(nothing, PLAIN_SOURCE).skipped == ["no plate seen"]


def test_an_event_without_results_is_a_missing_field() -> None:
    assert str(refused(make_event('{"data": {}}'))) == "missing required field `data.results`"


@pytest.mark.parametrize("plate", ["", " ", "!", "1234567890123"])
def test_an_empty_or_invalid_plate_is_refused(plate: str) -> None:
    assert refused(with_fields(plate=plate)).reason == "plate"


def test_an_unknown_country_is_dropped_and_reported() -> None:
    unknown = single_read(parse_event(with_fields(region={"code": "qq", "score": 0.5}), PLAIN_SOURCE))
    assert unknown.reads[0].country is None
    assert [reason for reason, _ in fault_fields(unknown)] == ["country"]
    blank = single_read(parse_event(with_fields(region={"code": "", "score": 0}), PLAIN_SOURCE))
    assert (blank.reads[0].country, fault_fields(blank)) == (None, [])


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"score": 1.5}, "score"),
        ({"region": "be"}, "region"),
        ({"color": [{"color": "red", "score": "high"}]}, "color[0].score"),
        ({"vehicle": {"type": 7.5, "score": -1}}, "vehicle.score"),
        ({"candidates": [{"plate": "1" * 21}]}, "candidates[0].plate"),
    ],
)
def test_a_wrong_optional_field_is_dropped_and_reported(fields: dict[str, Any], field: str) -> None:
    assert fault_fields(single_read(parse_event(with_fields(**fields), PLAIN_SOURCE))) == [
        ("field", f"data.results[0].{field}")
    ]


def test_all_faults_are_reported_together() -> None:
    bad = with_fields(TWO, plate="!", region={"code": "qq"}, data={"timestamp": "soon"})
    assert {fault.field for fault in refused(bad).faults} == {
        "data.timestamp", "data.results[0].plate", "data.results[0].region.code"
    }  # fmt: skip


def test_only_the_device_of_the_settings_is_accepted() -> None:
    single_read(parse_event(load_sample(ONE), PLAIN_SOURCE._replace(device="camera-1")))
    with pytest.raises(EventError) as caught:
        parse_event(load_sample(ONE), PLAIN_SOURCE._replace(device="camera-2"))
    assert caught.value.reason == "device"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", ""),
        (b"[]", ""),
        (b"{}", "application/json"),
        (b'{"hook": {"event": "recognition"}, "data": {}}', ""),
        (b"--boundary\r\n\r\n{}", "multipart/form-data; boundary=boundary"),
        (
            b'--b\r\nContent-Disposition: form-data; name="upload"\r\n\r\nx\r\n--b--\r\n',
            "multipart/mixed; boundary=b",
        ),
    ],
)
def test_a_body_that_is_not_an_event_is_refused(body: bytes, content_type: str) -> None:
    assert refused(make_event(body, content_type)).reason == "form"
