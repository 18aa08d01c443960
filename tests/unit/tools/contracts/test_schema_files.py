"""The schema files are complete, and their examples are valid and belong together."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from streams.alerts.index import Index
from streams.matching.batch import match_batch
from streams.matching.config import MatchingRules
from streams.matching.matcher import Matcher
from streams.network.config import CameraConfig, LinkConfig, Places, SiteConfig
from streams.pipeline import Pipeline, PipelineConfig
from streams.records.alert import Alert, Withdrawal
from streams.records.countries import COUNTRIES
from streams.records.decode import (
    decode_alert,
)
from streams.records.encode import encode
from streams.records.hit import Hit
from streams.records.lookback import LookbackRun
from streams.records.match import Match
from streams.records.read import Read
from streams.records.times import parse_time, to_ms
from streams.records.verdict import Verdict
from tests.support import record_documents as documents
from tests.support.examples import examples
from tests.support.record_documents import Document, encode_document
from tests.unit.tools.contracts.test_json_schema import CASES, SCHEMAS, VALIDATORS, kinds
from tools.contracts import build_schemas

_MATCHER: Final = Matcher(MatchingRules())


def _properties(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        for name, value in schema.items():
            if name == "properties":
                yield from ((f"{path}.{field}", inner) for field, inner in value.items())
            if name != "examples":
                yield from _properties(value, f"{path}.{name}")
    elif isinstance(schema, list):
        for item in schema:
            yield from _properties(item, path)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_file_is_complete(name: str) -> None:
    schema = SCHEMAS[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:anpr-streams:{name}:1"
    assert schema["title"].lower() == name and schema["description"]
    assert all(inner.get("description") or inner.keys() == {"$ref"} for _, inner in _properties(schema))
    assert all(part.get("description") for part in schema.get("$defs", {}).values())
    text = build_schemas()[f"{name}.schema.json"]
    referenced = set(re.findall(r'"#/\$defs/(\w+)"', text))
    assert referenced == set(schema.get("$defs", {}))
    assert '"additionalProperties": false' not in text
    assert text.count('"ZM"') <= 1
    assert text.endswith("}\n") and text.isascii()


def test_the_country_codes_are_defined_once() -> None:
    assert set(SCHEMAS["read"]["$defs"]["Country"]["enum"]) == COUNTRIES


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_and_code_accept_an_example_and_the_encoder_writes_it(name: str) -> None:
    (document,) = SCHEMAS[name]["examples"]
    VALIDATORS[name].validate(document)
    if name in CASES:
        assert CASES[name][1](encode_document(document))
    record = msgspec.json.decode(encode_document(document), type=_kind(name))
    assert json.loads(encode(record)) == document


def _kind(name: str) -> type[msgspec.Struct]:
    kinds: tuple[type[msgspec.Struct], ...] = (
        Read,
        Alert,
        Withdrawal,
        Match,
        Hit,
        Verdict,
        LookbackRun,
    )
    public = {kind.__name__.lower(): kind for kind in kinds} | {"lookedback": LookbackRun}
    return public[name]


def _pipeline(alert: Document) -> Pipeline:
    decoded = decode_alert(encode_document(alert))
    assert isinstance(decoded, Alert)
    index = Index()
    index.put(decoded)
    places = Places(
        sites={
            "rekkem": SiteConfig(
                road="A14/E17",
                territory="BE",
                lat=50.786,
                lon=3.158,
                links=[LinkConfig("kortrijk", km=10.9, minutes=6.2)],
            ),
            "kortrijk": SiteConfig(territory="BE"),
        },
        cameras={"be.a14.rekkem.n": CameraConfig(site="rekkem", direction="Kortrijk")},
    )
    return Pipeline(PipelineConfig(places=places), index)


def test_the_example_of_a_match_is_the_result_of_the_other_examples() -> None:
    (document,) = SCHEMAS["match"]["examples"]
    index = Index()
    alert = decode_alert(encode_document(SCHEMAS["alert"]["examples"][0]))
    assert isinstance(alert, Alert)
    index.put(alert)
    matched = match_batch([encode_document(SCHEMAS["read"]["examples"][0])], index, _MATCHER)
    assert [json.loads(encode(match)) for match in matched.matches] == [document]


def test_the_example_of_a_hit_is_the_result_of_the_other_examples() -> None:
    (hit_document,) = SCHEMAS["hit"]["examples"]
    now_ms = to_ms(parse_time(hit_document["emitted_at"]))
    outcome = _pipeline(SCHEMAS["alert"]["examples"][0]).handle_reads(
        [encode_document(SCHEMAS["read"]["examples"][0])], now_ms
    )
    assert [json.loads(encode(hit)) for hit in outcome.hits] == [hit_document]


@examples(100)
@given(documents.reads, documents.alerts)
def test_every_hit_is_valid_by_its_schema(read: Document, alert: Document) -> None:
    alert["plate"] = read["plate"]
    alert |= {"valid_from": "2000-01-01T00:00:00Z", "valid_until": "2099-12-31T00:00:00Z"}
    alert["country"] = read["country"] = "DE"
    alert.pop("match", None)  # it may demand more than the read has
    alert.pop("operation_id", None)  # an alert of an unknown operation never hits
    outcome = _pipeline(alert).handle_reads([encode_document(read)])
    assert len(outcome.hits) == 1
    for hit in outcome.hits:
        VALIDATORS["hit"].validate(json.loads(encode(hit)))


@kinds
def test_the_description_of_every_enumerated_property_names_every_value(name: str) -> None:
    for path, schema in _properties(SCHEMAS[name]):
        values = _enum_values(schema)
        if values:
            unnamed = [value for value in values if f"`{value}`" not in schema.get("description", "")]
            assert not unnamed, path


def _enum_values(schema: Any) -> list[str]:
    """The values of the enumerations in a property and in its items, except country codes."""
    if isinstance(schema, list):
        return [value for part in schema for value in _enum_values(part)]
    if not isinstance(schema, dict):
        return []
    parts = [schema.get(key, []) for key in ("anyOf", "items", "additionalProperties")]
    return [*schema.get("enum", ()), *_enum_values(parts)]
