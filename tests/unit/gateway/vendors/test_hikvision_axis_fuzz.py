"""Whatever comes: reads that are valid, or EventError, and nothing else; and no plate in a fault."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.gateway.event import CameraSource, Event, EventError, ParsedEvent
from streams.gateway.vendors import axis, hikvision
from streams.records.decode import decode_reads
from streams.records.encode import encode
from tests.support.vendor_samples import ARRIVED_MS, BRUSSELS, PLAIN_SOURCE, SAMPLES_FOLDER, make_event

Take = Callable[[Event, CameraSource], ParsedEvent]
MAKERS: Final[dict[str, Take]] = {"hikvision": hikvision.parse_event, "axis": axis.parse_event}
SAMPLES: Final = {
    maker: [path for path in sorted((SAMPLES_FOLDER / maker).iterdir()) if path.is_file()] for maker in MAKERS
}
TYPES: Final = st.sampled_from(
    [
        "",
        "application/json",
        "application/xml",
        "multipart/form-data; boundary=boundary",
        "multipart/mixed",
        "\0",
    ]
)
SOURCES: Final = st.sampled_from([PLAIN_SOURCE, BRUSSELS, PLAIN_SOURCE._replace(device="ACCC8E000001")])
TEXTS: Final = (
    *("", " ", "NaN", "-1", "1e999", "9" * 40, "0" * 300, "null", "true", "😀", "ß", "9" * 17),
    *("20261399 999999999", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2026-02-30T25:61:61Z"),
)
ODD: Final = st.one_of(st.text(max_size=30), st.sampled_from(TEXTS))
JSON: Final = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), ODD),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["lat", "brand", "BinaryImage"]), inner)
    ),
    max_leaves=6,
)


def holds(take: Take, event: Event, source: CameraSource) -> None:
    try:
        taken = take(event, source)
    except EventError as error:
        faults = [error]
    else:
        decoded = decode_reads([encode(read) for read in taken.reads])
        assert not decoded.rejected
        faults = list(taken.errors)
        assert taken.reads or taken.skipped or faults
    assert all(error.faults and str(error) for error in faults)
    assert not any("SECRET" in str(error) for error in faults)


@pytest.mark.parametrize("maker", MAKERS)
@given(body=st.binary(max_size=300), content_type=TYPES, source=SOURCES)
def test_any_bytes(maker: str, body: bytes, content_type: str, source: CameraSource) -> None:
    holds(MAKERS[maker], Event(body, ARRIVED_MS, content_type), source)


@pytest.mark.parametrize("maker", MAKERS)
@given(data=st.data(), content_type=TYPES, source=SOURCES)
def test_samples_cut_off_and_disturbed(
    maker: str, data: Any, content_type: str, source: CameraSource
) -> None:
    body = data.draw(st.sampled_from(SAMPLES[maker])).read_bytes()
    at = data.draw(st.integers(0, len(body)))
    cut = data.draw(st.integers(0, 40))
    put = data.draw(st.binary(max_size=8))
    holds(MAKERS[maker], Event(body[:at] + put + body[at + cut :], ARRIVED_MS, content_type), source)
    holds(MAKERS[maker], Event(body[:at], ARRIVED_MS, content_type), source)


@settings(max_examples=400)
@given(data=st.data(), source=SOURCES)
def test_xml_with_other_texts_in_its_fields(data: Any, source: CameraSource) -> None:
    path: Path = data.draw(st.sampled_from([each for each in SAMPLES["hikvision"] if each.suffix == ".xml"]))
    text = path.read_text(encoding="utf-8")
    for _ in range(data.draw(st.integers(1, 4))):
        places = [found.span(1) for found in re.finditer(r"<\w[^>/]*>([^<]*)<", text)]
        start, end = data.draw(st.sampled_from(places))
        put = data.draw(ODD)
        put = put.replace("&", "&amp;").replace("<", "&lt;")
        text = text[:start] + put + text[end:]
    holds(hikvision.parse_event, make_event(text.encode("utf-8", "replace")), source)


@settings(max_examples=400)
@given(data=st.data(), source=SOURCES)
def test_json_with_other_values_in_its_fields(data: Any, source: CameraSource) -> None:
    path: Path = data.draw(st.sampled_from([each for each in SAMPLES["axis"] if each.suffix == ".json"]))
    value = json.loads(path.read_bytes())
    for name in data.draw(st.lists(st.sampled_from(sorted(value)), min_size=1, max_size=5)):
        if isinstance(value[name], dict) and value[name] and data.draw(st.booleans()):
            value[name] = {**value[name], data.draw(st.sampled_from(sorted(value[name]))): data.draw(JSON)}
        else:
            value[name] = data.draw(JSON)
    holds(axis.parse_event, make_event(json.dumps(value).encode("utf-8", "replace")), source)


@given(plate=st.sampled_from(["SECRETSECRETSECRET", "SECRET!", "SECRET♥1", "ΩSECRET"]))
def test_no_plate_in_a_fault(plate: str) -> None:
    xml = (SAMPLES_FOLDER / "hikvision" / "full.xml").read_text(encoding="utf-8").replace("1XYZ234", plate)
    holds(hikvision.parse_event, make_event(xml), PLAIN_SOURCE)
    fields = json.loads((SAMPLES_FOLDER / "axis" / "update.json").read_bytes())
    plates = {
        name: plate for name in fields if name in ("plateUTF8", "plateUnicode", "plateText", "plateASCII")
    }
    holds(axis.parse_event, make_event(json.dumps({**fields, **plates})), PLAIN_SOURCE)
