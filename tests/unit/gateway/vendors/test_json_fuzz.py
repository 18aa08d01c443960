"""Whatever comes of makers that send JSON: reads that are valid, or EventError; and no plate in a fault."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.gateway.event import Event
from streams.gateway.vendors import frigate, native, openalpr, platerecognizer
from streams.gateway.vendors.dahua import event_stream, itsapi
from tests.support.vendor_samples import ARRIVED_MS, PLAIN_SOURCE, SAMPLES_FOLDER, make_event
from tests.unit.gateway.vendors.test_hikvision_axis_fuzz import JSON, SOURCES, TYPES, Take, holds

MAKERS: Final[dict[str, Take]] = {
    "dahua": itsapi.parse_event,
    "dahua-events": event_stream.parse_event,
    "frigate": frigate.parse_event,
    "openalpr": openalpr.parse_event,
    "platerecognizer": platerecognizer.parse_event,
    "read": native.parse_event,
}
SAMPLES: Final = {maker: sorted((SAMPLES_FOLDER / maker.replace("-", "_")).iterdir()) for maker in MAKERS}
PATHS: Final = st.sampled_from(
    ["", "/NotificationInfo/TollgateInfo", "/NotificationInfo/KeepAlive", "frigate/events", "/\0"]
)


@pytest.mark.parametrize("maker", MAKERS)
@given(body=st.binary(max_size=300), content_type=TYPES, path=PATHS, source=SOURCES)
def test_any_bytes(maker: str, body: bytes, content_type: str, path: str, source: Any) -> None:
    holds(MAKERS[maker], Event(body, ARRIVED_MS, content_type, path), source)


@pytest.mark.parametrize("maker", MAKERS)
@given(value=JSON, path=PATHS, source=SOURCES)
def test_any_json(maker: str, value: Any, path: str, source: Any) -> None:
    body = json.dumps(value).encode("utf-8", "replace")
    holds(MAKERS[maker], Event(body, ARRIVED_MS, "application/json", path), source)


@pytest.mark.parametrize("maker", MAKERS)
@given(data=st.data(), content_type=TYPES, source=SOURCES)
def test_samples_cut_off_and_disturbed(maker: str, data: Any, content_type: str, source: Any) -> None:
    body = data.draw(st.sampled_from(SAMPLES[maker])).read_bytes()
    at, cut = data.draw(st.integers(0, len(body))), data.draw(st.integers(0, 40))
    put = data.draw(st.binary(max_size=8))
    holds(MAKERS[maker], Event(body[:at] + put + body[at + cut :], ARRIVED_MS, content_type), source)
    holds(MAKERS[maker], Event(body[:at], ARRIVED_MS, content_type), source)


@pytest.mark.parametrize("maker", MAKERS)
@settings(max_examples=300)
@given(data=st.data(), source=SOURCES)
def test_samples_with_other_values_in_their_fields(maker: str, data: Any, source: Any) -> None:
    path: Path = data.draw(st.sampled_from([each for each in SAMPLES[maker] if each.suffix == ".json"]))
    value = json.loads(path.read_bytes())
    places = list(_places(value))
    for holder, key in data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=5)):
        holder[key] = data.draw(JSON)
    holds(MAKERS[maker], make_event(json.dumps(value).encode("utf-8", "replace")), source)


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("bad", ["SECRETSECRETSECRET", "SECRET!", "ΩSECRET", ["SECRET"], {"a": "SECRET"}])
def test_no_plate_in_a_fault(maker: str, bad: Any) -> None:
    for path in SAMPLES[maker]:
        if path.suffix != ".json":
            continue
        value = json.loads(path.read_bytes())
        for holder, key in list(_places(value)):
            named = isinstance(key, str) and ("plate" in key.lower() or key in ("Text", "value"))
            if named and not isinstance(holder[key], dict):
                holder[key] = bad
        holds(MAKERS[maker], make_event(json.dumps(value)), PLAIN_SOURCE)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each field and entry of a JSON value, as what holds it and its key."""
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])
