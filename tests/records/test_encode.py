"""Records to bytes: what is written is read again as it was."""

import json
from typing import Final

import msgspec
from hypothesis import given, settings

from streams.records.alert import Alert, Withdrawal
from streams.records.decode import decode_alert, decode_reads, decode_verdict
from streams.records.encode import encode
from streams.records.hit import Hit
from streams.records.verdict import Verdict
from streams.schemas import schemas
from tests.records import documents
from tests.records.documents import SMALL, Document, read, sent

_HIT: Final = json.loads(schemas()["hit.schema.json"])["examples"][0]


@settings(max_examples=150, deadline=None)
@given(documents.reads)
def test_a_read_comes_back_as_it_was(document: Document) -> None:
    (one,) = decode_reads([sent(document)]).reads
    (two,) = decode_reads([encode(one)]).reads
    assert encode(two) == encode(one)
    assert msgspec.structs.replace(two, captured_at=one.captured_at) == one
    assert abs(two.captured_at - one.captured_at).total_seconds() < 0.001


@settings(max_examples=150, deadline=None)
@given(documents.alerts | documents.withdrawals)
def test_an_alert_comes_back_as_it_was(document: Document) -> None:
    one = decode_alert(sent(document))
    assert isinstance(one, Alert | Withdrawal)
    two = decode_alert(encode(one))
    assert isinstance(two, type(one)) and encode(two) == encode(one)


@given(documents.verdicts)
def test_a_verdict_comes_back_as_it_was(document: Document) -> None:
    one = decode_verdict(sent(document))
    assert isinstance(one, Verdict)
    two = decode_verdict(encode(one))
    assert isinstance(two, Verdict) and encode(two) == encode(one)


@settings(max_examples=50, deadline=None)
@given(documents.reads, documents.verdicts)
def test_a_hit_comes_back_as_it_was(read_document: Document, verdict_document: Document) -> None:
    document = _HIT | {"read": read_document, "verdict": verdict_document}
    one = msgspec.json.decode(sent(document), type=Hit)
    two = msgspec.json.decode(encode(one), type=Hit)
    assert encode(two) == encode(one)


def test_times_are_written_in_utc_with_milliseconds() -> None:
    (decoded,) = decode_reads([read(captured_at="2026-05-21t18:10:06.123999+02:00")]).reads
    assert b'"captured_at":"2026-05-21T16:10:06.123Z"' in encode(decoded)
    (decoded,) = decode_reads([read()]).reads
    assert b'"captured_at":"2026-05-21T16:10:06.000Z"' in encode(decoded)


def test_a_record_is_written_on_one_line_without_what_is_default() -> None:
    (decoded,) = decode_reads([read(image_ref="a\nb", retransmitted=False, lane=None)]).reads
    assert b"\n" not in encode(decoded)
    assert json.loads(encode(decoded)) == SMALL | {
        "captured_at": "2026-05-21T16:10:06.000Z",
        "image_ref": "a\nb",
    }
