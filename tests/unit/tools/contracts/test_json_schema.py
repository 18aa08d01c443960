"""The schema files say what the code does: both judge alike, whatever is sent."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker, validators
from jsonschema.exceptions import ValidationError

from streams.alerts.index import Index
from streams.matching.batch import match_batch
from streams.matching.config import MatchingRules
from streams.matching.matcher import Matcher
from streams.network.config import CameraConfig, LinkConfig, Places, SiteConfig
from streams.pipeline import Pipeline, PipelineConfig
from streams.plates.normal_form import LISTED_PATTERN, LITERAL_PATTERN, PLATE_PATTERN, PlateError, normalise
from streams.records.alert import Alert, Withdrawal
from streams.records.countries import COUNTRIES
from streams.records.decode import (
    decode_alert,
    decode_hit,
    decode_lookback_run,
    decode_match,
    decode_verdict,
)
from streams.records.encode import encode
from streams.records.hit import Hit
from streams.records.lookback import LookbackRun
from streams.records.match import Match
from streams.records.read import Read
from streams.records.times import parse_time, to_ms
from streams.records.verdict import Verdict
from tests.support import record_documents as documents
from tests.support.mutated_records import junk_values, mutated, odd_plates
from tests.support.record_documents import Document, encode_document
from tools.contracts import build_schemas

SCHEMAS: Final = {name.split(".")[0]: json.loads(text) for name, text in build_schemas().items()}
_EMPTY: Final = Index()
_JUDGE: Final = Matcher(MatchingRules())


def _pattern(_: Any, pattern: str, value: object, __: Any) -> Iterator[ValidationError]:
    # As ECMA-262 has it, which JSON Schema means: `$` is the end, where Python lets a line feed follow.
    if isinstance(value, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), value):
        yield ValidationError("does not match the pattern")


def _whole(_: Any, value: object) -> bool:
    # To JSON Schema 2.0 is an integer; to the code it is none, as schemas/README.md says.
    return isinstance(value, int) and not isinstance(value, bool)


_formats = FormatChecker(formats=())


@_formats.checks("date-time", raises=ValueError)
def _is_time(value: object) -> bool:
    # The calendar (30 February) and the years in UTC, which no pattern can say.
    return not isinstance(value, str) or bool(parse_time(value))


_Validator = validators.extend(
    Draft202012Validator,
    {"pattern": _pattern},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _whole),
)
VALIDATORS: Final = {name: _Validator(schema, format_checker=_formats) for name, schema in SCHEMAS.items()}


def schema_takes(name: str, document: object) -> bool:
    """Whether the schema of a record says that a document is one."""
    return bool(VALIDATORS[name].is_valid(document))


def _read(record: bytes) -> bool:
    matched = match_batch([record], _EMPTY, _JUDGE)
    assert matched.read_count + len(matched.rejected) == 1
    return matched.read_count == 1


def _alert(record: bytes) -> bool:
    alert = decode_alert(record)
    return isinstance(alert, Alert) and Index().put(alert) is None


def _withdrawal(record: bytes) -> bool:
    return isinstance(decode_alert(record), Withdrawal)


def _verdict(record: bytes) -> bool:
    return isinstance(decode_verdict(record), Verdict)


def _match(record: bytes) -> bool:
    # Plates are looked at where matches are made, so the read and the alert are taken as they are there.
    match = decode_match(record)
    return isinstance(match, Match) and _read(encode(match.read)) and _alert(encode(match.alert))


def _hit(record: bytes) -> bool:
    hit = decode_hit(record)
    return isinstance(hit, Hit) and _read(encode(hit.read))


def _looked_back(record: bytes) -> bool:
    return isinstance(decode_lookback_run(record), LookbackRun)


CASES: Final[dict[str, tuple[st.SearchStrategy[Document], Callable[[bytes], bool]]]] = {
    "read": (documents.reads, _read),
    "alert": (documents.alerts, _alert),
    "withdrawal": (documents.withdrawals, _withdrawal),
    "verdict": (documents.verdicts, _verdict),
    "match": (documents.matches, _match),
    "hit": (documents.hits, _hit),
    "lookedback": (documents.lookback_records, _looked_back),
}
kinds = pytest.mark.parametrize("name", CASES)


@kinds
@settings(max_examples=150, deadline=None)
@given(st.data())
def test_right_documents_are_taken_by_schema_and_code(name: str, data: st.DataObject) -> None:
    right, code_takes = CASES[name]
    document = data.draw(right)
    VALIDATORS[name].validate(document)
    assert code_takes(encode_document(document, data.draw(st.booleans())))


@kinds
@settings(max_examples=400, deadline=None)  # most of the time goes to making them
@given(st.data())
def test_disturbed_documents_are_judged_alike(name: str, data: st.DataObject) -> None:
    right, code_takes = CASES[name]
    document = data.draw(mutated(right))
    assume(not _ends_before_it_begins(document))
    assert code_takes(encode_document(document)) == schema_takes(name, document)


def _ends_before_it_begins(document: Document) -> bool:
    document = document.get("alert", document)
    try:
        return parse_time(document["valid_until"]) <= parse_time(document["valid_from"])
    except (KeyError, TypeError, ValueError, msgspec.ValidationError):
        return False


@kinds
@settings(max_examples=100, deadline=None)
@given(st.data())
def test_what_is_no_object_is_refused_by_both(name: str, data: st.DataObject) -> None:
    value = data.draw(junk_values.filter(lambda value: not isinstance(value, dict)))
    assert not schema_takes(name, value)
    assert not CASES[name][1](json.dumps(value).encode())


@pytest.mark.parametrize("fraction", ["", ".9", ".9999999"])
@pytest.mark.parametrize("zone", ["Z", "+00:00", "-00:01", "+23:59", "-23:59"])
@pytest.mark.parametrize(
    "day", ["1999-12-31", "2000-01-01", "2000-01-02", "2099-12-30", "2099-12-31", "2100-01-01"]
)
def test_times_at_the_edges_of_the_years_are_judged_alike(day: str, zone: str, fraction: str) -> None:
    for clock in ("00:00:00", "23:59:59"):
        document = SCHEMAS["verdict"]["examples"][0] | {"at": f"{day}T{clock}{fraction}{zone}"}
        # 1999-12-31T23:59:59.9999999 is rounded to the year 2000 by the code and refused by the pattern.
        if not (day.startswith("1999") and clock.startswith("23") and fraction == ".9999999"):
            assert _verdict(encode_document(document)) == schema_takes("verdict", document)


def test_a_term_that_ends_before_it_begins_is_refused_by_the_code_alone() -> None:
    document = SCHEMAS["alert"]["examples"][0] | {"valid_until": "2026-04-30T00:00:00Z"}
    assert schema_takes("alert", document) and not _alert(encode_document(document))


def _fits(pattern: str, plate: str) -> bool:
    return re.search(pattern.replace("$", r"\Z"), plate) is not None


def _normal(plate: str, *, wildcards: bool = False) -> bool:
    try:
        return bool(normalise(plate, wildcards=wildcards))
    except PlateError:
        return False


def test_the_pattern_of_a_plate_and_the_code_agree_on_every_character() -> None:
    """Also on those that become a letter when composed or in upper case: ß, ı, ſ, ligatures, Kelvin."""
    unlike = [
        hex(code)
        for code in range(sys.maxunicode + 1)
        if _fits(PLATE_PATTERN, chr(code)) != _normal(chr(code))
        or _fits(PLATE_PATTERN, f"A{chr(code)}") != _normal(f"A{chr(code)}")
    ]
    assert unlike == []


@settings(max_examples=500)
@given(odd_plates | documents.plates | documents.listed_plates)
def test_the_patterns_of_plates_and_the_code_agree(plate: str) -> None:
    assert _fits(PLATE_PATTERN, plate) == _normal(plate)
    listed = _fits(LISTED_PATTERN, plate) and _fits(LITERAL_PATTERN, plate)
    assert listed == _normal(plate, wildcards=True)


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
def test_a_schema_file_is_whole(name: str) -> None:
    schema = SCHEMAS[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:anpr-streams:{name}:1"
    assert schema["title"].lower() == name and schema["description"]
    assert all(inner.get("description") or inner.keys() == {"$ref"} for _, inner in _properties(schema))
    assert all(each.get("description") for each in schema.get("$defs", {}).values())
    text = build_schemas()[f"{name}.schema.json"]
    referred = set(re.findall(r'"#/\$defs/(\w+)"', text))
    assert referred == set(schema.get("$defs", {}))
    assert '"additionalProperties": false' not in text
    assert text.count('"ZM"') <= 1
    assert text.endswith("}\n") and text.isascii()


def test_the_codes_of_countries_stand_once() -> None:
    assert set(SCHEMAS["read"]["$defs"]["Country"]["enum"]) == COUNTRIES


@pytest.mark.parametrize("name", SCHEMAS)
def test_an_example_is_taken_by_schema_and_code_and_written_as_it_stands(name: str) -> None:
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


def test_the_example_of_a_match_is_what_the_match_stage_makes_of_the_others() -> None:
    (document,) = SCHEMAS["match"]["examples"]
    index = Index()
    alert = decode_alert(encode_document(SCHEMAS["alert"]["examples"][0]))
    assert isinstance(alert, Alert)
    index.put(alert)
    matched = match_batch([encode_document(SCHEMAS["read"]["examples"][0])], index, _JUDGE)
    assert [json.loads(encode(match)) for match in matched.matches] == [document]


def test_the_example_of_a_hit_is_what_the_pipeline_makes_of_the_others() -> None:
    (hit_document,) = SCHEMAS["hit"]["examples"]
    now = to_ms(parse_time(hit_document["emitted_at"]))
    outcome = _pipeline(SCHEMAS["alert"]["examples"][0]).handle_reads(
        [encode_document(SCHEMAS["read"]["examples"][0])], now
    )
    assert [json.loads(encode(hit)) for hit in outcome.hits] == [hit_document]


@settings(max_examples=100, deadline=None)
@given(documents.reads, documents.alerts)
def test_every_hit_fits_its_schema(read: Document, alert: Document) -> None:
    alert["plate"] = read["plate"]
    alert |= {"valid_from": "2000-01-01T00:00:00Z", "valid_until": "2099-12-31T00:00:00Z"}
    alert["country"] = read["country"] = "DE"
    alert.pop("match", None)  # it may want more than any read gives
    alert.pop("operation_id", None)  # that of an operation that is not set hits nowhere
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


def _properties(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """All properties in a schema and its definitions, with their paths."""
    if isinstance(schema, dict):
        for name, part in schema.get("properties", {}).items():
            yield f"{path}.{name}", part
        for key, part in schema.items():
            if key != "examples":
                yield from _properties(part, f"{path}.{key}")
    elif isinstance(schema, list):
        for part in schema:
            yield from _properties(part, path)


def _enum_values(schema: Any) -> list[str]:
    """The values of the enumerations in a property, those of its items included; not country codes."""
    if isinstance(schema, list):
        return [value for part in schema for value in _enum_values(part)]
    if not isinstance(schema, dict):
        return []
    parts = [schema.get(key, []) for key in ("anyOf", "items", "additionalProperties")]
    return [*schema.get("enum", ()), *_enum_values(parts)]
