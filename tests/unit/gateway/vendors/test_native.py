"""The project's own read: one, a list, or one a line; what is wrong with one costs its neighbours nothing."""

import json

import pytest

from streams.gateway.event import EventError
from streams.gateway.vendors.native import parse_event
from streams.records.times import to_rfc3339
from tests.support.vendor_samples import BRUSSELS, PLAIN_SOURCE, load_sample, make_event


def test_one_with_all_that_it_says() -> None:
    (read,) = parse_event(load_sample("read/one.json"), BRUSSELS).reads
    assert (read.read_id, read.camera_id, read.plate, read.country) == ("e1", "cam-1", "1-XYZ-789", "BE")
    # It has a zone of its own, so that of the camera's clock says nothing.
    assert to_rfc3339(read.captured_at) == "2026-05-21T14:10:06.123Z"
    assert (read.confidence, read.lane, read.speed_kmh) == (0.97, 2, 87.5)
    assert read.vehicle is not None and read.vehicle.make == "Peugeot"


@pytest.mark.parametrize(("name", "plates"), [("list.json", ["LÖ-AB 12", "AB-123-CD"]), ("empty.txt", [])])
def test_a_list(name: str, plates: list[str]) -> None:
    taken = parse_event(load_sample(f"read/{name}"), PLAIN_SOURCE)
    assert [read.plate for read in taken.reads] == plates
    assert list(taken.skipped) == ([] if plates else ["an empty list"])


def test_one_a_line() -> None:
    taken = parse_event(load_sample("read/lines.txt"), PLAIN_SOURCE)
    assert [(read.read_id, read.retransmitted) for read in taken.reads] == [("e1", False), ("e2", True)]


def test_what_is_wrong_is_said_with_its_place_and_its_neighbours_are_taken() -> None:
    good = {"read_id": "e", "captured_at": "2026-05-21T14:10:06Z", "plate": "1-XYZ-789"}
    wrong = [{**good, "plate": "-"}, {**good, "country": "XX"}, {**good, "camera_id": "other"}, 7]
    taken = parse_event(make_event(json.dumps([good, *wrong, good])), PLAIN_SOURCE)
    assert len(taken.reads) == 2
    assert [error.reason for error in taken.errors] == ["plate", "country", "device", "form"]
    assert [error.faults[0].field for error in taken.errors] == [
        "[1].plate",
        "[2].country",
        "[3].camera_id",
        "[4]",
    ]
    lines = f"{json.dumps(good)}\n{{\n{json.dumps(good)}"
    taken = parse_event(make_event(lines), PLAIN_SOURCE)
    assert (len(taken.reads), [error.reason for error in taken.errors]) == (2, ["form"])


@pytest.mark.parametrize("body", ["", "{", "no JSON", b"\xff\xfe"])
def test_what_is_no_json_is_refused(body: bytes | str) -> None:
    with pytest.raises(EventError) as error:
        parse_event(make_event(body), PLAIN_SOURCE)
    assert error.value.reason == "form"
