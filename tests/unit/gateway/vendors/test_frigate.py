"""Parsing of Frigate's messages: reads, skipped messages, and faults."""

import json
from typing import Any

import pytest

from streams.gateway.event import Event, EventError
from streams.gateway.vendors.frigate import find_camera_name, parse_event
from streams.records.times import to_rfc3339
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

LPR, UPDATE, END = "frigate/lpr.json", "frigate/update.json", "frigate/end.json"


def with_fields(path: str = LPR, /, **fields: Any) -> Event:
    """Return a sample with changed fields: those of its tracked object if it has one."""
    value = json.loads((SAMPLES_FOLDER / path).read_bytes())
    value.get("after", value).update(fields)
    return make_event(json.dumps(value))


def test_all_fields_of_a_plate_update() -> None:
    parsed = single_read(parse_event(load_sample(LPR), PLAIN_SOURCE))
    (read,) = parsed.reads
    assert (read.camera_id, read.plate, read.confidence) == ("cam-1", "1XYZ234", 0.95)
    assert to_rfc3339(read.captured_at) == "2026-05-21T14:10:06.748Z"
    assert not parsed.errors


def test_all_fields_of_a_tracked_object() -> None:
    (read,) = single_read(parse_event(load_sample(UPDATE), PLAIN_SOURCE)).reads
    assert (read.plate, read.confidence) == ("1XYZ234", 0.933451)
    assert to_rfc3339(read.captured_at) == "2026-05-21T14:10:06.971Z"
    assert read.vehicle is not None
    assert read.vehicle.type == "car"
    # The unit of speeds is a setting that messages do not have.
    assert read.speed_kmh is None


def test_messages_of_one_object_have_one_id_although_the_text_is_revised() -> None:
    reads = [parse_event(load_sample(path), PLAIN_SOURCE).reads[0] for path in (LPR, UPDATE, END)]
    assert len({read.read_id for read in reads}) == 1
    assert [read.plate for read in reads] == ["1XYZ234", "1XYZ234", "1XYZ284"]
    other = parse_event(with_fields(id="1779372600.475377-other0"), PLAIN_SOURCE).reads[0]
    elsewhere = parse_event(load_sample(LPR), PLAIN_SOURCE._replace(camera_id="cam-2")).reads[0]
    assert len({reads[0].read_id, other.read_id, elsewhere.read_id}) == 3


def test_the_time_of_an_object_that_left_is_that_of_its_arrival() -> None:
    assert (
        to_rfc3339(parse_event(load_sample(END), PLAIN_SOURCE).reads[0].captured_at)
        == "2026-05-21T14:10:00.475Z"
    )


def test_plate_and_score_in_one_list() -> None:
    (read,) = single_read(parse_event(load_sample("frigate/update_list.json"), PLAIN_SOURCE)).reads
    assert (read.plate, read.confidence) == ("TÖL-XY 123", 0.91)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("frigate/new_without_plate.json", "an object without a plate"),
        ("frigate/face.json", "an update other than a plate"),
        ("frigate/review.json", "a review"),
    ],
)
def test_an_event_that_is_not_a_read_is_skipped_without_a_fault(path: str, reason: str) -> None:
    parsed = parse_event(load_sample(path), PLAIN_SOURCE)
    assert (parsed.reads, parsed.skipped, list(parsed.errors)) == ([], [reason], [])


def test_the_topic_determines_the_kind_of_message_whatever_its_prefix() -> None:
    body = load_sample(LPR).body
    for topic in ("frigate/tracked_object_update", "site/north/tracked_object_update", ""):
        single_read(parse_event(Event(body, ARRIVED_MS, "", topic), PLAIN_SOURCE))
    with pytest.raises(EventError) as caught:
        parse_event(Event(body, ARRIVED_MS, "", "frigate/events"), PLAIN_SOURCE)
    assert caught.value.reason == "form"


def test_the_camera_of_a_message() -> None:
    assert [find_camera_name(load_sample(path)) for path in (LPR, UPDATE, "frigate/review.json")] == [
        "gate"
    ] * 3
    assert find_camera_name(make_event(b"online")) is None
    assert find_camera_name(make_event(b"[]")) is None


def test_epoch_times_do_not_depend_on_the_zone() -> None:
    times = [
        parse_event(load_sample(LPR), source).reads[0].captured_at for source in (PLAIN_SOURCE, BRUSSELS)
    ]
    assert times[0] == times[1]


def test_an_empty_or_non_latin_plate_is_refused_and_one_of_another_type_reported() -> None:
    assert refused(with_fields(plate="")).reason == "plate"
    assert refused(with_fields(plate="аб123")).reason == "plate"
    strange = parse_event(with_fields(UPDATE, recognized_license_plate={"text": "1XYZ234"}), PLAIN_SOURCE)
    assert fault_fields(strange) == [("field", "after.recognized_license_plate")]
    assert "1XYZ234" not in str(strange.errors[0])


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        (with_fields(score=2), [("field", "score")]),
        (with_fields(UPDATE, label=[]), [("field", "after.label")]),
        (with_fields(UPDATE, false_positive="?"), [("field", "after.false_positive")]),
    ],
)
def test_a_wrong_optional_field_is_dropped_and_reported(
    message: Event, fields: list[tuple[str, str]]
) -> None:
    assert fault_fields(single_read(parse_event(message, PLAIN_SOURCE))) == fields


def test_all_faults_are_reported_together() -> None:
    error = refused(with_fields(plate="!", score="high", timestamp=None))
    assert {fault.field for fault in error.faults} == {"plate", "score", "timestamp"}


def test_only_the_camera_of_the_settings_is_accepted() -> None:
    single_read(parse_event(load_sample(LPR), PLAIN_SOURCE._replace(device="gate")))
    for path in (LPR, UPDATE):
        with pytest.raises(EventError) as caught:
            parse_event(load_sample(path), PLAIN_SOURCE._replace(device="yard"))
        assert caught.value.reason == "device"


@pytest.mark.parametrize("body", [b"", b"online", b"[]", b"{}", b'{"type": "end"}', b'{"after": {}}'])
def test_a_body_that_is_not_an_event_is_refused(body: bytes) -> None:
    assert refused(make_event(body)).reason == "form"
