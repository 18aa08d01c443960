"""Frigate's messages: what becomes of each, and what is refused."""

import json
from typing import Any

import pytest

from streams.gateway.event import Event, EventError
from streams.gateway.vendors.frigate import camera_of, take
from streams.records.times import rfc3339
from tests.support.vendor_samples import ARRIVED, BRUSSELS, HERE, PLAIN, event, only, refused_by, sample, told

refused = refused_by(take)

LPR, UPDATE, END = "frigate/lpr.json", "frigate/update.json", "frigate/end.json"


def with_fields(path: str = LPR, /, **fields: Any) -> Event:
    """A sample with other fields: of the object after the change, if it is of an object."""
    value = json.loads((HERE / path).read_bytes())
    value.get("after", value).update(fields)
    return event(json.dumps(value))


def test_a_plate_as_it_is_read() -> None:
    taken = only(take(sample(LPR), PLAIN))
    (read,) = taken.reads
    assert (read.camera_id, read.plate, read.confidence) == ("cam-1", "1XYZ234", 0.95)
    assert rfc3339(read.captured_at) == "2026-05-21T14:10:06.748Z"
    assert not taken.refused


def test_a_change_of_an_object_with_a_plate() -> None:
    (read,) = only(take(sample(UPDATE), PLAIN)).reads
    assert (read.plate, read.confidence) == ("1XYZ234", 0.933451)
    assert rfc3339(read.captured_at) == "2026-05-21T14:10:06.971Z"
    assert read.vehicle is not None
    assert read.vehicle.type == "car"
    # Their unit is a setting that messages do not tell.
    assert read.speed_kmh is None


def test_messages_of_one_object_have_one_id_though_the_text_is_revised() -> None:
    reads = [take(sample(path), PLAIN).reads[0] for path in (LPR, UPDATE, END)]
    assert len({read.read_id for read in reads}) == 1
    assert [read.plate for read in reads] == ["1XYZ234", "1XYZ234", "1XYZ284"]
    other = take(with_fields(id="1779372600.475377-other0"), PLAIN).reads[0]
    elsewhere = take(sample(LPR), PLAIN._replace(camera_id="cam-2")).reads[0]
    assert len({reads[0].read_id, other.read_id, elsewhere.read_id}) == 3


def test_an_object_that_left_was_seen_as_it_came() -> None:
    assert rfc3339(take(sample(END), PLAIN).reads[0].captured_at) == "2026-05-21T14:10:00.475Z"


def test_plate_and_score_as_one_list() -> None:
    (read,) = only(take(sample("frigate/update_list.json"), PLAIN)).reads
    assert (read.plate, read.confidence) == ("TÖL-XY 123", 0.91)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("frigate/new_without_plate.json", "an object without a plate"),
        ("frigate/face.json", "an update that is no plate"),
        ("frigate/review.json", "a review"),
    ],
)
def test_what_is_no_read_and_no_fault(path: str, words: str) -> None:
    taken = take(sample(path), PLAIN)
    assert (taken.reads, taken.passed, list(taken.refused)) == ([], [words], [])


def test_the_topic_says_what_a_message_is_whatever_its_prefix() -> None:
    body = sample(LPR).body
    for topic in ("frigate/tracked_object_update", "site/north/tracked_object_update", ""):
        only(take(Event(body, ARRIVED, "", topic), PLAIN))
    with pytest.raises(EventError) as caught:
        take(Event(body, ARRIVED, "", "frigate/events"), PLAIN)
    assert caught.value.reason == "form"


def test_the_camera_of_a_message() -> None:
    assert [camera_of(sample(path)) for path in (LPR, UPDATE, "frigate/review.json")] == ["gate"] * 3
    assert camera_of(event(b"online")) is None
    assert camera_of(event(b"[]")) is None


def test_times_of_the_epoch_are_of_no_zone() -> None:
    times = [take(sample(LPR), source).reads[0].captured_at for source in (PLAIN, BRUSSELS)]
    assert times[0] == times[1]


def test_an_empty_plate_is_refused_where_one_was_read_and_a_strange_one_is() -> None:
    assert refused(with_fields(plate="")).reason == "plate"
    assert refused(with_fields(plate="аб123")).reason == "plate"
    strange = take(with_fields(UPDATE, recognized_license_plate={"text": "1XYZ234"}), PLAIN)
    assert told(strange) == [("field", "after.recognized_license_plate")]
    assert "1XYZ234" not in str(strange.refused[0])


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        (with_fields(score=2), [("field", "score")]),
        (with_fields(UPDATE, label=[]), [("field", "after.label")]),
        (with_fields(UPDATE, false_positive="?"), [("field", "after.false_positive")]),
    ],
)
def test_an_optional_field_that_is_wrong_is_left_out_and_told(
    message: Event, fields: list[tuple[str, str]]
) -> None:
    assert told(only(take(message, PLAIN))) == fields


def test_all_faults_at_once() -> None:
    error = refused(with_fields(plate="!", score="high", timestamp=None))
    assert {fault.field for fault in error.faults} == {"plate", "score", "timestamp"}


def test_the_camera_of_the_settings_may_send_and_no_other() -> None:
    only(take(sample(LPR), PLAIN._replace(device="gate")))
    for path in (LPR, UPDATE):
        with pytest.raises(EventError) as caught:
            take(sample(path), PLAIN._replace(device="yard"))
        assert caught.value.reason == "device"


@pytest.mark.parametrize("body", [b"", b"online", b"[]", b"{}", b'{"type": "end"}', b'{"after": {}}'])
def test_bodies_that_are_no_event(body: bytes) -> None:
    assert refused(event(body)).reason == "form"
