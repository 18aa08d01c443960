"""Fuzzing of the JSON parsers: any input gives valid reads or EventError."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.gateway.event import Event
from streams.gateway.vendors import EventParser, frigate, native, openalpr, platerecognizer
from streams.gateway.vendors.dahua import event_stream, itsapi
from tests.support.event_fuzzing import CONTENT_TYPES, JSON_VALUES, SOURCES, assert_reads_or_error
from tests.support.examples import examples
from tests.support.vendor_samples import ARRIVED_MS, PLAIN_SOURCE, SAMPLES_FOLDER, make_event

PARSERS: Final[dict[str, EventParser]] = {
    "dahua": itsapi.parse_event,
    "dahua-events": event_stream.parse_event,
    "frigate": frigate.parse_event,
    "openalpr": openalpr.parse_event,
    "platerecognizer": platerecognizer.parse_event,
    "read": native.parse_event,
}
SAMPLES: Final = {vendor: sorted((SAMPLES_FOLDER / vendor.replace("-", "_")).iterdir()) for vendor in PARSERS}
PATHS: Final = st.sampled_from(
    ["", "/NotificationInfo/TollgateInfo", "/NotificationInfo/KeepAlive", "frigate/events", "/\0"]
)


@pytest.mark.parametrize("vendor", PARSERS)
@given(body=st.binary(max_size=300), content_type=CONTENT_TYPES, path=PATHS, source=SOURCES)
def test_any_bytes_give_valid_reads_or_an_error(
    vendor: str, body: bytes, content_type: str, path: str, source: Any
) -> None:
    assert_reads_or_error(PARSERS[vendor], Event(body, ARRIVED_MS, content_type, path), source)


@pytest.mark.parametrize("vendor", PARSERS)
@given(value=JSON_VALUES, path=PATHS, source=SOURCES)
def test_any_json_gives_valid_reads_or_an_error(vendor: str, value: Any, path: str, source: Any) -> None:
    body = json.dumps(value).encode("utf-8", "replace")
    assert_reads_or_error(PARSERS[vendor], Event(body, ARRIVED_MS, "application/json", path), source)


@pytest.mark.parametrize("vendor", PARSERS)
@given(data=st.data(), content_type=CONTENT_TYPES, source=SOURCES)
def test_truncated_and_damaged_samples_give_valid_reads_or_an_error(
    vendor: str, data: Any, content_type: str, source: Any
) -> None:
    body = data.draw(st.sampled_from(SAMPLES[vendor])).read_bytes()
    start, removed = data.draw(st.integers(0, len(body))), data.draw(st.integers(0, 40))
    inserted = data.draw(st.binary(max_size=8))
    damaged = body[:start] + inserted + body[start + removed :]
    assert_reads_or_error(PARSERS[vendor], Event(damaged, ARRIVED_MS, content_type), source)
    assert_reads_or_error(PARSERS[vendor], Event(body[:start], ARRIVED_MS, content_type), source)


@pytest.mark.parametrize("vendor", PARSERS)
@examples(300)
@given(data=st.data(), source=SOURCES)
def test_samples_with_random_values_give_valid_reads_or_an_error(vendor: str, data: Any, source: Any) -> None:
    path: Path = data.draw(st.sampled_from([each for each in SAMPLES[vendor] if each.suffix == ".json"]))
    value = json.loads(path.read_bytes())
    positions = list(_positions(value))
    for container, key in data.draw(st.lists(st.sampled_from(positions), min_size=1, max_size=5)):
        container[key] = data.draw(JSON_VALUES)
    assert_reads_or_error(PARSERS[vendor], make_event(json.dumps(value).encode("utf-8", "replace")), source)


@pytest.mark.parametrize("vendor", PARSERS)
@pytest.mark.parametrize("plate", ["SECRETSECRETSECRET", "SECRET!", "ΩSECRET", ["SECRET"], {"a": "SECRET"}])
def test_faults_show_no_plate(vendor: str, plate: Any) -> None:
    for path in SAMPLES[vendor]:
        if path.suffix != ".json":
            continue
        value = json.loads(path.read_bytes())
        for container, key in list(_positions(value)):
            may_be_plate = isinstance(key, str) and ("plate" in key.lower() or key in ("Text", "value"))
            if may_be_plate and not isinstance(container[key], dict):
                container[key] = plate
        assert_reads_or_error(PARSERS[vendor], make_event(json.dumps(value)), PLAIN_SOURCE)


def _positions(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each field and entry of a JSON value, as its container and its key."""
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _positions(value[key])
