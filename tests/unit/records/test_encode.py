"""Encoding: a record that is encoded and decoded is the same record."""

import json
from datetime import UTC, datetime, timedelta, timezone

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from streams.records.alert import Alert, Withdrawal
from streams.records.decode import decode_alert, decode_hit, decode_match, decode_reads, decode_verdict
from streams.records.encode import encode
from streams.records.hit import Hit
from streams.records.match import Match
from streams.records.times import to_rfc3339
from streams.records.verdict import Verdict
from tests.support import record_documents as documents
from tests.support.examples import examples
from tests.support.record_documents import SMALL_READ, Document, encode_document, encode_small_read


@examples(150)
@given(documents.reads)
def test_a_read_survives_encoding_and_decoding(document: Document) -> None:
    (original,) = decode_reads([encode_document(document)]).reads
    (copy,) = decode_reads([encode(original)]).reads
    assert encode(copy) == encode(original)
    assert msgspec.structs.replace(copy, captured_at=original.captured_at) == original
    assert abs(copy.captured_at - original.captured_at).total_seconds() < 0.001


@examples(150)
@given(documents.alerts | documents.withdrawals)
def test_an_alert_survives_encoding_and_decoding(document: Document) -> None:
    original = decode_alert(encode_document(document))
    assert isinstance(original, Alert | Withdrawal)
    copy = decode_alert(encode(original))
    assert isinstance(copy, type(original)) and encode(copy) == encode(original)


@given(documents.verdicts)
def test_a_verdict_survives_encoding_and_decoding(document: Document) -> None:
    original = decode_verdict(encode_document(document))
    assert isinstance(original, Verdict)
    copy = decode_verdict(encode(original))
    assert isinstance(copy, Verdict) and encode(copy) == encode(original)


@examples(100)
@given(documents.matches)
def test_a_match_survives_encoding_and_decoding(document: Document) -> None:
    original = decode_match(encode_document(document))
    assert isinstance(original, Match)
    copy = decode_match(encode(original))
    assert isinstance(copy, Match) and encode(copy) == encode(original)
    assert decode_match(encode(copy)) == copy


@examples(100)
@given(documents.hits)
def test_a_hit_survives_encoding_and_decoding(document: Document) -> None:
    original = decode_hit(encode_document(document))
    assert isinstance(original, Hit)
    copy = decode_hit(encode(original))
    assert isinstance(copy, Hit) and encode(copy) == encode(original)
    assert decode_hit(encode(copy)) == copy


_zones = st.sampled_from([UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-11, minutes=-30))])


@examples(500)
@given(
    st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30), timezones=_zones),  # noqa: DTZ001
    st.none() | st.sampled_from([0, 1, 999, 1000, 120_000, 999_999]),
)
def test_the_encoder_writes_times_as_to_rfc3339_does(time: datetime, microsecond: int | None) -> None:
    time = time if microsecond is None else time.replace(microsecond=microsecond)
    verdict = Verdict(hit_id="0" * 32, centre="be", verdict="confirmed", at=time)
    assert json.loads(encode(verdict))["at"] == to_rfc3339(time)


def test_times_are_written_in_utc_with_milliseconds() -> None:
    (decoded,) = decode_reads([encode_small_read(captured_at="2026-05-21t18:10:06.123999+02:00")]).reads
    assert b'"captured_at":"2026-05-21T16:10:06.123Z"' in encode(decoded)
    (decoded,) = decode_reads([encode_small_read()]).reads
    assert b'"captured_at":"2026-05-21T16:10:06.000Z"' in encode(decoded)


def test_a_record_is_one_line_without_default_values() -> None:
    (decoded,) = decode_reads([encode_small_read(image_ref="a\nb", retransmitted=False, lane=None)]).reads
    assert b"\n" not in encode(decoded)
    assert json.loads(encode(decoded)) == SMALL_READ | {
        "captured_at": "2026-05-21T16:10:06.000Z",
        "image_ref": "a\nb",
    }
