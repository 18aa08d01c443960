"""Decoding: all faults of a record are reported, and they do not affect other records."""

import json
from typing import Any, Final

import pytest

from streams.alerts.index import Index
from streams.matching.batch import match_batch
from streams.matching.config import MatchingRules
from streams.matching.matcher import Matcher
from streams.records.alert import Alert, Withdrawal
from streams.records.decode import (
    decode_alert,
    decode_alerts,
    decode_hit,
    decode_match,
    decode_matches,
    decode_reads,
    decode_verdict,
)
from streams.records.faults import Fault
from tests.support.record_documents import encode_document, encode_small_read
from tools.contracts import build_schemas

EXAMPLES: Final = {
    name.split(".")[0]: json.loads(text)["examples"][0] for name, text in build_schemas().items()
}


def alert(**changes: Any) -> bytes:
    """The example of an alert with some fields changed; None removes one."""
    return encode_document(
        {name: value for name, value in (EXAMPLES["alert"] | changes).items() if value is not None}
    )


def _name(value: object) -> str:
    """A short name for a case; records may have ten million bytes."""
    return value[:50] if isinstance(value, str) else ""


def faults_of_read(record: bytes) -> list[str]:
    """The faults of a record that is not a read, between two that are."""
    matched = match_batch(
        [encode_small_read(), record, encode_small_read()], Index(), Matcher(MatchingRules())
    )
    assert matched.read_count == 2
    (rejected,) = matched.rejected
    assert (rejected.position, rejected.raw) == (1, record)
    return [str(fault) for fault in rejected.faults]


def faults_of_alert(record: bytes) -> list[str]:
    """The faults of a record that is not an alert."""
    decoded = decode_alert(record)
    assert isinstance(decoded, tuple)
    return [str(fault) for fault in decoded]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (encode_small_read(plate=None), "missing required field `plate`"),
        (encode_small_read(lane="two"), 'lane: must be a whole number, got "two"'),
        (encode_small_read(lane=2.0), "lane: must be a whole number, got 2.0"),
        (encode_small_read(confidence=1.5), "confidence: must be a number of at most 1, got 1.5"),
        (
            encode_small_read(country="be"),
            'country: must be a country\'s ISO 3166-1 alpha-2 code in upper case, got "be"',
        ),
        (encode_small_read(direction="left"), 'direction: must be one of approaching, receding, got "left"'),
        (
            encode_small_read(read_id="x" * 65),
            f'read_id: must be text of at most 64 characters, got "{"x" * 59}… (67 characters)',
        ),
        (encode_small_read(position={"lat": 50.8}), "missing required field `position.lon`"),
        (
            encode_small_read(captured_at="9999-12-31T00:00:00Z"),
            'captured_at: must be in the years 2000 to 2099, got "9999-12-31T00:00:00+00:00"',
        ),
        (
            encode_small_read(captured_at="9999-12-31T23:59:59-10:00"),
            'captured_at: must be in the years 2000 to 2099, got "9999-12-31T23:59:59-10:00"',
        ),
        (
            encode_small_read(captured_at="2026-05-21T16:10:06"),
            'captured_at: must have a time zone, Z or an offset such as +02:00, got "2026-05-21T16:10:06"',
        ),
        (
            encode_small_read(captured_at="2026-02-30T16:10:06Z"),
            "captured_at: must be an RFC 3339 time such as 2026-05-21T16:10:06.123Z, "
            'got "2026-02-30T16:10:06Z"',
        ),
        (encode_small_read(plate="   "), "plate: must have at least one letter or digit, got 3 characters"),
        (
            encode_small_read(plate="ΑΒ-123"),
            "plate: must have only letters A-Z Ä Ö Ü, digits and separators (has a Greek letter), got ",
        ),
        (
            encode_small_read(plate="ß-123"),
            "plate: must have only letters A-Z Ä Ö Ü, digits and separators (has U+00DF), got ",
        ),
        (
            encode_small_read(plate="A" * 13),
            "plate: must have at most 12 letters and digits (has 13), got 13 characters",
        ),
        (b"[1]", "must be a JSON object, got a list"),
        (b"null", "must be a JSON object, got null"),
        (b"true", "must be a JSON object, got true or false"),
        (
            b"plate;AB-123-CD",
            "must be one JSON object on one line (JSON is malformed: invalid character (byte 0)), ",
        ),
        (b"", "must be one JSON object on one line (Input data was truncated), got 0 bytes"),
        (b" \t", "must be one JSON object on one line (Input data was truncated), got 2 bytes"),
        (encode_small_read()[:-1], "must be one JSON object on one line (Input data was truncated), got "),
        (
            encode_small_read() + encode_small_read(),
            "must be one JSON object on one line (JSON is malformed: trailing characters (byte ",
        ),
        (
            encode_small_read() + b"\n" + encode_small_read(),
            "must be one JSON object on one line (JSON is malformed: trailing characters (byte ",
        ),
        (
            encode_small_read() + b",",
            "must be one JSON object on one line (JSON is malformed: trailing characters (byte ",
        ),
        (
            b"\xef\xbb\xbf" + encode_small_read(),
            "must be one JSON object on one line (JSON is malformed: invalid character (byte 0)",
        ),
        (encode_small_read(x="?").replace(b"?", b"\\ud800"), "must be one JSON object on one line ("),
        (
            encode_small_read(x="?").replace(b"?", b"\n"),
            "must be one JSON object on one line (JSON is malformed: invalid character",
        ),
        (encode_small_read(image_ref="?").replace(b"?", b"\xff"), "must be UTF-8 text, got 0xFF at byte "),
        (
            encode_small_read(image_ref="?").replace(b"?", b"\xed\xa0\x80"),
            "must be UTF-8 text, got 0xED at byte ",
        ),
        (
            encode_small_read(x=1).replace(b'"x": 1', b'"x": ' + b"[" * 100_000),
            "must be nested less deeply, got 100",
        ),
        (b"[" * 400_000, "must be nested less deeply, got 400000 bytes"),
        (
            encode_small_read(lane=1).replace(b'"lane": 1', b'"lane": ' + b"1" * 5000),
            "must be one JSON object on one line (Integer ",
        ),
        (encode_small_read(x="x" * 10_000_000), "must be at most 1,000,000 bytes long, got a longer record"),
    ],
    ids=_name,
)
def test_a_bad_read_is_reported_and_the_others_are_kept(record: bytes, message: str) -> None:
    (line,) = faults_of_read(record)
    assert line.startswith(message)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (alert(action={"BE": "stop"}), "action must have an entry default"),
        (alert(valid_until="2026-04-30T00:00:00Z"), "valid_until must be after valid_from"),
        (alert(valid_until=EXAMPLES["alert"]["valid_from"]), "valid_until must be after valid_from"),
        (
            alert(valid_until="9999-12-31T23:59:59Z"),
            'valid_until: must be in the years 2000 to 2099, got "9999-12-31T23:59:59Z"',
        ),
        (
            alert(action={"default": "stop", "XX": "stop"}),
            "action: each key must be `default` or a country's ISO 3166-1 alpha-2 code in upper case, "
            'got "XX"',
        ),
        (
            alert(action={"default": "arrest"}),
            "action.default: must be one of discreet-check, inform, inquiry-check, seize, specific-check, "
            'stop, got "arrest"',
        ),
        (alert(list_id="a/b"), "list_id must have no slash, which separates list and alert in a key"),
        (alert(version=0), "version: must be a whole number of at least 1, got 0"),
        (alert(audience=[]), "audience: must be a list of at least 1 entry, got []"),
        (alert(audience=["be", ""]), 'audience[1]: must be text of at least 1 character, got ""'),
        (b'{"withdrawn_at": "2026-05-01T00:00:00Z", "list_id": "sis"}', "missing required field `alert_id`"),
        (
            b'{"list_id": "sis"',
            "must be one JSON object on one line (Input data was truncated), got 17 bytes",
        ),
        (b'{"list_id": "\xff"}', "must be UTF-8 text, got 0xFF at byte 13"),
        (b"[" * 400_000, "must be nested less deeply, got 400000 bytes"),
        (alert(x="x" * 10_000_000), "must be at most 1,000,000 bytes long, got a longer record"),
    ],
    ids=_name,
)
def test_a_bad_alert_is_reported(record: bytes, message: str) -> None:
    (line,) = faults_of_alert(record)
    assert line == message


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (
            encode_document(EXAMPLES["verdict"] | {"verdict": "maybe"}),
            "verdict: must be one of acknowledged, confirmed, ",
        ),
        (
            encode_document(EXAMPLES["verdict"] | {"hit_id": "f" * 33}),
            "hit_id: must be text of at most 32 characters, ",
        ),
        (
            encode_document(EXAMPLES["verdict"] | {"hit_id": "f" * 32 + "\n"}),
            "hit_id: must be text of at most 32 characters, ",
        ),
        (
            encode_document(EXAMPLES["verdict"] | {"hit_id": "x" * 32}),
            "hit_id: must be 32 hexadecimal digits in lower case, got ",
        ),
        (
            encode_document(EXAMPLES["verdict"] | {"at": "1999-01-01T00:00:00Z"}),
            "at: must be in the years 2000 to 2099, ",
        ),
        (b"{}x", "must be one JSON object on one line ("),
        (b"[" * 400_000, "must be nested less deeply, got "),
        (b" " * 10_000_000, "must be at most 1,000,000 bytes long, got a longer record"),
    ],
    ids=_name,
)
def test_a_bad_verdict_is_reported(record: bytes, message: str) -> None:
    decoded = decode_verdict(record)
    assert isinstance(decoded, tuple)
    assert str(decoded[0]).startswith(message)


def changed(name: str, field: str, value: Any) -> bytes:
    """The example of a record with one field changed; `field` is a path such as `result.class`."""
    document = json.loads(json.dumps(EXAMPLES[name]))
    *parents, last = field.split(".")
    holder = document
    for part in parents:
        holder = holder[part]
    holder[last] = value
    return encode_document(document)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (
            changed("match", "result.class", "near"),
            "result.class: must be one of confusable, exact, fuzzy, pattern,",
        ),
        (changed("match", "result.edits", [{}]), "missing required field `result.edits[0].kind`"),
        (
            changed("match", "alert.valid_until", "2026-04-30T00:00:00Z"),
            "alert: valid_until must be after valid_from",
        ),
        (
            changed("match", "read.captured_at", "1999-01-01T00:00:00Z"),
            "read.captured_at: must be in the years ",
        ),
        (changed("match", "read", None), "read: must be an object"),
        (b"[]", "must be a JSON object, got a list"),
        (b"", "must be one JSON object on one line ("),
        (b" " * 10_000_000, "must be at most 1,000,000 bytes long, got a longer record"),
    ],
    ids=_name,
)
def test_a_bad_match_is_reported_and_the_others_are_kept(record: bytes, message: str) -> None:
    good = encode_document(EXAMPLES["match"])
    first, faults, second = decode_matches([good, record, good])
    assert isinstance(faults, tuple) and str(faults[0]).startswith(message)
    assert first == second == decode_match(good)
    assert decode_match(record) == faults


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (changed("hit", "kind", "old"), "kind: must be one of amended, new, withdrawn, "),
        (changed("hit", "revision", 0), "revision: must be a whole number of at least 1, got 0"),
        (
            changed("hit", "emitted_at", "1999-01-01T00:00:00Z"),
            "emitted_at: must be in the years 2000 to 2099, ",
        ),
        (
            changed("hit", "alert.valid_until", "2100-01-01T00:00:00Z"),
            "alert.valid_until: must be in the years ",
        ),
        (
            changed("hit", "read.captured_at", "2100-01-01T00:00:00Z"),
            "read.captured_at: must be in the years ",
        ),
        (b"null", "must be a JSON object, got null"),
        (b"[" * 400_000, "must be nested less deeply, got "),
    ],
    ids=_name,
)
def test_a_bad_hit_is_reported(record: bytes, message: str) -> None:
    faults = decode_hit(record)
    assert isinstance(faults, tuple) and str(faults[0]).startswith(message)


@pytest.mark.parametrize(
    "field", ["match.read_plate", "match.listed_plate", "match.edits", "match.contradictions", "read.plate"]
)
def test_no_message_shows_a_plate_of_a_hit(field: str) -> None:
    value: Any = 123456
    if field in ("match.edits", "match.contradictions"):
        value = [{"read": value, "listed": value, "meaning": value}]
    faults = decode_hit(changed("hit", field, value))
    assert isinstance(faults, tuple) and "123456" not in " ".join(map(str, faults))
    assert any("not shown: it may be personal data" in str(fault) for fault in faults)


def test_all_faults_of_a_record_are_reported() -> None:
    record = encode_small_read(
        camera_id=None,
        captured_at="1999-12-31T00:00:00Z",
        country="XX",
        char_confidences=[0.5, 2, 1, -1],
        candidates=[{"plate": "AB-128-CD", "confidence": "high"}, {}],
        vehicle={"make": "", "colour": 3},
    )
    (rejected,) = decode_reads([record]).rejected
    assert [fault.field for fault in rejected.faults] == [
        "camera_id",
        "captured_at",
        "country",
        "char_confidences[1]",
        "char_confidences[3]",
        "candidates[0].confidence",
        "candidates[1].plate",
        "vehicle.make",
        "vehicle.colour",
    ]
    record = alert(version=1.0, plate="", action={"default": "x", "be": "stop"}, valid_from="never")
    faults = decode_alert(record)
    assert isinstance(faults, tuple)
    assert [fault.field for fault in faults] == [
        "version", "plate", "action.default", "action", "valid_from"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "plate", ["AB-123-CD!", "AB-123-CDE-456-FG-789", ["AB-123-CD"], {"AB-123-CD": 1}, 123456]
)
@pytest.mark.parametrize("field", ["plate", "candidates", "char_alternatives"])
def test_no_message_shows_a_plate(field: str, plate: Any) -> None:
    value = {"plate": plate, "candidates": [{"plate": [plate]}], "char_alternatives": [plate]}[field]
    messages = " ".join(faults_of_read(encode_small_read(**{field: value})))
    assert "not shown: it may be personal data" in messages
    assert "AB" not in messages and "123" not in messages


def test_unknown_fields_are_ignored() -> None:
    assert (
        decode_reads([encode_small_read(firmware={"a": [1]})]).reads
        == decode_reads([encode_small_read()]).reads
    )
    assert decode_alert(alert(colour="red", withdrawn=None)) == decode_alert(alert())


def test_a_fault_has_the_field_the_rule_and_the_value() -> None:
    (rejected,) = decode_reads([encode_small_read(lane=100)]).rejected
    assert rejected.faults == (Fault("lane", "must be a whole number of at most 99", "100"),)


def test_an_alert_with_withdrawn_at_is_a_withdrawal() -> None:
    line = encode_document(json.loads(alert()) | {"withdrawn_at": "2026-05-21T12:00:00Z"})
    assert isinstance(decode_alert(line), Withdrawal)
    assert [type(entry) for entry in decode_alerts([alert(), line, alert()])] == [Alert, Withdrawal, Alert]
    mentioned = encode_document(json.loads(alert()) | {"reason": 'the word "withdrawn_at" in a reason'})
    assert isinstance(decode_alert(mentioned), Alert)
