"""Parsing of the project's own format: one read, a list, or one read per line."""

import json

import pytest

from streams.gateway.event import EventError
from streams.gateway.vendors.native import parse_event
from streams.records.times import to_rfc3339
from tests.support.vendor_samples import BRUSSELS, PLAIN_SOURCE, load_sample, make_event


def test_all_fields_of_one_read() -> None:
    (read,) = parse_event(load_sample("read/one.json"), BRUSSELS).reads
    assert (read.read_id, read.camera_id, read.plate, read.country) == ("e1", "cam-1", "1-XYZ-789", "BE")
    # The time has an offset of its own, so the zone of the camera's clock is not used.
    assert to_rfc3339(read.captured_at) == "2026-05-21T14:10:06.123Z"
    assert (read.confidence, read.lane, read.speed_kmh) == (0.97, 2, 87.5)
    assert read.vehicle is not None and read.vehicle.make == "Peugeot"


@pytest.mark.parametrize(("name", "plates"), [("list.json", ["LÖ-AB 12", "AB-123-CD"]), ("empty.txt", [])])
def test_a_list_of_reads(name: str, plates: list[str]) -> None:
    parsed = parse_event(load_sample(f"read/{name}"), PLAIN_SOURCE)
    assert [read.plate for read in parsed.reads] == plates
    assert list(parsed.skipped) == ([] if plates else ["an empty list"])


def test_one_read_per_line() -> None:
    parsed = parse_event(load_sample("read/lines.txt"), PLAIN_SOURCE)
    assert [(read.read_id, read.retransmitted) for read in parsed.reads] == [("e1", False), ("e2", True)]


def test_errors_have_the_index_of_their_read_and_the_others_are_accepted() -> None:
    good = {"read_id": "e", "captured_at": "2026-05-21T14:10:06Z", "plate": "1-XYZ-789"}
    wrong = [{**good, "plate": "-"}, {**good, "country": "XX"}, {**good, "camera_id": "other"}, 7]
    parsed = parse_event(make_event(json.dumps([good, *wrong, good])), PLAIN_SOURCE)
    assert len(parsed.reads) == 2
    assert [error.reason for error in parsed.errors] == ["plate", "country", "device", "form"]
    assert [error.faults[0].field for error in parsed.errors] == [
        "[1].plate",
        "[2].country",
        "[3].camera_id",
        "[4]",
    ]
    lines = f"{json.dumps(good)}\n{{\n{json.dumps(good)}"
    parsed = parse_event(make_event(lines), PLAIN_SOURCE)
    assert (len(parsed.reads), [error.reason for error in parsed.errors]) == (2, ["form"])


@pytest.mark.parametrize("body", ["", "{", "no JSON", b"\xff\xfe"])
def test_a_body_that_is_not_json_is_refused(body: bytes | str) -> None:
    with pytest.raises(EventError) as error:
        parse_event(make_event(body), PLAIN_SOURCE)
    assert error.value.reason == "form"
