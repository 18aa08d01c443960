"""The schema files and the code accept and reject the same documents."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker, validators
from jsonschema.exceptions import ValidationError

from streams.alerts.index import Index
from streams.matching.batch import match_batch
from streams.matching.config import MatchingRules
from streams.matching.matcher import Matcher
from streams.plates.normal_form import LISTED_PATTERN, LITERAL_PATTERN, PLATE_PATTERN, PlateError, normalise
from streams.records.alert import Alert, Withdrawal
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
from streams.records.times import parse_time
from streams.records.verdict import Verdict
from tests.support import record_documents as documents
from tests.support.examples import examples, sampled
from tests.support.mutated_records import junk_values, mutated, odd_plates
from tests.support.record_documents import Document, encode_document
from tools.contracts import build_schemas

SCHEMAS: Final = {name.split(".")[0]: json.loads(text) for name, text in build_schemas().items()}
_EMPTY: Final = Index()
_MATCHER: Final = Matcher(MatchingRules())


def _pattern(_: Any, pattern: str, value: object, __: Any) -> Iterator[ValidationError]:
    # JSON Schema uses ECMA-262, where `$` is the end; in Python a line feed may follow.
    if isinstance(value, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), value):
        yield ValidationError("does not match the pattern")


def _whole(_: Any, value: object) -> bool:
    # In JSON Schema 2.0 is an integer; the code rejects it, as schemas/README.md says.
    return isinstance(value, int) and not isinstance(value, bool)


_formats = FormatChecker(formats=())


@_formats.checks("date-time", raises=ValueError)
def _is_time(value: object) -> bool:
    # The calendar (30 February) and the years in UTC, which no pattern can express.
    return not isinstance(value, str) or bool(parse_time(value))


_Validator = validators.extend(
    Draft202012Validator,
    {"pattern": _pattern},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _whole),
)
VALIDATORS: Final = {name: _Validator(schema, format_checker=_formats) for name, schema in SCHEMAS.items()}


def schema_accepts(name: str, document: object) -> bool:
    """True if a document is valid by the schema of a record."""
    return bool(VALIDATORS[name].is_valid(document))


def _read(record: bytes) -> bool:
    matched = match_batch([record], _EMPTY, _MATCHER)
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
    # The plates of a match are checked when it is made, so read and alert are checked by themselves here.
    match = decode_match(record)
    return isinstance(match, Match) and _read(encode(match.read)) and _alert(encode(match.alert))


def _hit(record: bytes) -> bool:
    hit = decode_hit(record)
    return isinstance(hit, Hit) and _read(encode(hit.read))


def _is_lookback_record(record: bytes) -> bool:
    return isinstance(decode_lookback_run(record), LookbackRun)


CASES: Final[dict[str, tuple[st.SearchStrategy[Document], Callable[[bytes], bool]]]] = {
    "read": (documents.reads, _read),
    "alert": (documents.alerts, _alert),
    "withdrawal": (documents.withdrawals, _withdrawal),
    "verdict": (documents.verdicts, _verdict),
    "match": (documents.matches, _match),
    "hit": (documents.hits, _hit),
    "lookedback": (documents.lookback_records, _is_lookback_record),
}
kinds = pytest.mark.parametrize("name", CASES)


@kinds
@examples(150)
@given(st.data())
def test_schema_and_code_accept_valid_documents(name: str, data: st.DataObject) -> None:
    valid_documents, code_accepts = CASES[name]
    document = data.draw(valid_documents)
    VALIDATORS[name].validate(document)
    assert code_accepts(encode_document(document, data.draw(st.booleans())))


@kinds
@examples(400)  # most of the time goes into generating them
@given(st.data())
def test_schema_and_code_agree_on_mutated_documents(name: str, data: st.DataObject) -> None:
    valid_documents, code_accepts = CASES[name]
    document = data.draw(mutated(valid_documents))
    assume(not _ends_before_it_begins(document))
    assert code_accepts(encode_document(document)) == schema_accepts(name, document)


def _ends_before_it_begins(document: Document) -> bool:
    document = document.get("alert", document)
    try:
        return parse_time(document["valid_until"]) <= parse_time(document["valid_from"])
    except (KeyError, TypeError, ValueError, msgspec.ValidationError):
        return False


@kinds
@examples(100)
@given(st.data())
def test_schema_and_code_reject_what_is_not_an_object(name: str, data: st.DataObject) -> None:
    value = data.draw(junk_values.filter(lambda value: not isinstance(value, dict)))
    assert not schema_accepts(name, value)
    assert not CASES[name][1](json.dumps(value).encode())


@pytest.mark.parametrize("fraction", ["", ".9", ".9999999"])
@pytest.mark.parametrize("zone", ["Z", "+00:00", "-00:01", "+23:59", "-23:59"])
@pytest.mark.parametrize(
    "day", ["1999-12-31", "2000-01-01", "2000-01-02", "2099-12-30", "2099-12-31", "2100-01-01"]
)
def test_schema_and_code_agree_on_times_at_the_limits_of_the_years(
    day: str, zone: str, fraction: str
) -> None:
    for clock in ("00:00:00", "23:59:59"):
        document = SCHEMAS["verdict"]["examples"][0] | {"at": f"{day}T{clock}{fraction}{zone}"}
        # The code rounds 1999-12-31T23:59:59.9999999 to the year 2000; the pattern rejects it.
        if not (day.startswith("1999") and clock.startswith("23") and fraction == ".9999999"):
            assert _verdict(encode_document(document)) == schema_accepts("verdict", document)


def test_only_the_code_rejects_an_alert_that_ends_before_it_begins() -> None:
    document = SCHEMAS["alert"]["examples"][0] | {"valid_until": "2026-04-30T00:00:00Z"}
    assert schema_accepts("alert", document) and not _alert(encode_document(document))


def _fits(pattern: str, plate: str) -> bool:
    return re.search(pattern.replace("$", r"\Z"), plate) is not None


def _normal(plate: str, *, wildcards: bool = False) -> bool:
    try:
        return bool(normalise(plate, wildcards=wildcards))
    except PlateError:
        return False


def test_the_pattern_of_a_plate_and_the_code_agree_on_every_character() -> None:
    """Including those that become a letter when composed or in upper case: ß, ı, ſ, ligatures, Kelvin."""
    differing = [
        hex(code)
        for code in sampled(range(sys.maxunicode + 1))
        if _fits(PLATE_PATTERN, chr(code)) != _normal(chr(code))
        or _fits(PLATE_PATTERN, f"A{chr(code)}") != _normal(f"A{chr(code)}")
    ]
    assert differing == []


@examples(500)
@given(odd_plates | documents.plates | documents.listed_plates)
def test_the_patterns_of_plates_and_the_code_agree(plate: str) -> None:
    assert _fits(PLATE_PATTERN, plate) == _normal(plate)
    listed = _fits(LISTED_PATTERN, plate) and _fits(LITERAL_PATTERN, plate)
    assert listed == _normal(plate, wildcards=True)
