"""Fuzzing of Hikvision's and Axis' parsers: any input gives valid reads or EventError."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.gateway.event import CameraSource, Event
from streams.gateway.vendors import EventParser, axis, hikvision
from tests.support.event_fuzzing import CONTENT_TYPES, JSON_VALUES, SOURCES, TEXTS, assert_reads_or_error
from tests.support.examples import examples
from tests.support.vendor_samples import ARRIVED_MS, PLAIN_SOURCE, SAMPLES_FOLDER, make_event

PARSERS: Final[dict[str, EventParser]] = {"hikvision": hikvision.parse_event, "axis": axis.parse_event}
SAMPLES: Final = {
    vendor: [path for path in sorted((SAMPLES_FOLDER / vendor).iterdir()) if path.is_file()]
    for vendor in PARSERS
}


@pytest.mark.parametrize("vendor", PARSERS)
@given(body=st.binary(max_size=300), content_type=CONTENT_TYPES, source=SOURCES)
def test_any_bytes_give_valid_reads_or_an_error(
    vendor: str, body: bytes, content_type: str, source: CameraSource
) -> None:
    assert_reads_or_error(PARSERS[vendor], Event(body, ARRIVED_MS, content_type), source)


@pytest.mark.parametrize("vendor", PARSERS)
@given(data=st.data(), content_type=CONTENT_TYPES, source=SOURCES)
def test_truncated_and_damaged_samples_give_valid_reads_or_an_error(
    vendor: str, data: Any, content_type: str, source: CameraSource
) -> None:
    body = data.draw(st.sampled_from(SAMPLES[vendor])).read_bytes()
    start = data.draw(st.integers(0, len(body)))
    removed = data.draw(st.integers(0, 40))
    inserted = data.draw(st.binary(max_size=8))
    damaged = body[:start] + inserted + body[start + removed :]
    assert_reads_or_error(PARSERS[vendor], Event(damaged, ARRIVED_MS, content_type), source)
    assert_reads_or_error(PARSERS[vendor], Event(body[:start], ARRIVED_MS, content_type), source)


@examples(400)
@given(data=st.data(), source=SOURCES)
def test_xml_with_random_texts_gives_valid_reads_or_an_error(data: Any, source: CameraSource) -> None:
    path: Path = data.draw(st.sampled_from([each for each in SAMPLES["hikvision"] if each.suffix == ".xml"]))
    text = path.read_text(encoding="utf-8")
    for _ in range(data.draw(st.integers(1, 4))):
        spans = [match.span(1) for match in re.finditer(r"<\w[^>/]*>([^<]*)<", text)]
        start, end = data.draw(st.sampled_from(spans))
        replacement = data.draw(TEXTS).replace("&", "&amp;").replace("<", "&lt;")
        text = text[:start] + replacement + text[end:]
    assert_reads_or_error(hikvision.parse_event, make_event(text.encode("utf-8", "replace")), source)


@examples(400)
@given(data=st.data(), source=SOURCES)
def test_json_with_random_values_gives_valid_reads_or_an_error(data: Any, source: CameraSource) -> None:
    path: Path = data.draw(st.sampled_from([each for each in SAMPLES["axis"] if each.suffix == ".json"]))
    value = json.loads(path.read_bytes())
    for name in data.draw(st.lists(st.sampled_from(sorted(value)), min_size=1, max_size=5)):
        if isinstance(value[name], dict) and value[name] and data.draw(st.booleans()):
            value[name] = {
                **value[name],
                data.draw(st.sampled_from(sorted(value[name]))): data.draw(JSON_VALUES),
            }
        else:
            value[name] = data.draw(JSON_VALUES)
    assert_reads_or_error(axis.parse_event, make_event(json.dumps(value).encode("utf-8", "replace")), source)


@given(plate=st.sampled_from(["SECRETSECRETSECRET", "SECRET!", "SECRET♥1", "ΩSECRET"]))
def test_faults_show_no_plate(plate: str) -> None:
    xml = (SAMPLES_FOLDER / "hikvision" / "full.xml").read_text(encoding="utf-8").replace("1XYZ234", plate)
    assert_reads_or_error(hikvision.parse_event, make_event(xml), PLAIN_SOURCE)
    fields = json.loads((SAMPLES_FOLDER / "axis" / "update.json").read_bytes())
    plates = {
        name: plate for name in fields if name in ("plateUTF8", "plateUnicode", "plateText", "plateASCII")
    }
    assert_reads_or_error(axis.parse_event, make_event(json.dumps({**fields, **plates})), PLAIN_SOURCE)
