"""Records to bytes: what is written is read again as it was."""

import json
from datetime import UTC, datetime, timedelta, timezone

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.records.alert import Alert, Withdrawal
from streams.records.decode import decode_alert, decode_hit, decode_match, decode_reads, decode_verdict
from streams.records.encode import encode
from streams.records.hit import Hit
from streams.records.match import Match
from streams.records.times import to_rfc3339
from streams.records.verdict import Verdict
from tests.support import record_documents as documents
from tests.support.record_documents import SMALL_READ, Document, encode_document, encode_small_read


@settings(max_examples=150, deadline=None)
@given(documents.reads)
def test_a_read_comes_back_as_it_was(document: Document) -> None:
    (one,) = decode_reads([encode_document(document)]).reads
    (two,) = decode_reads([encode(one)]).reads
    assert encode(two) == encode(one)
    assert msgspec.structs.replace(two, captured_at=one.captured_at) == one
    assert abs(two.captured_at - one.captured_at).total_seconds() < 0.001


@settings(max_examples=150, deadline=None)
@given(documents.alerts | documents.withdrawals)
def test_an_alert_comes_back_as_it_was(document: Document) -> None:
    one = decode_alert(encode_document(document))
    assert isinstance(one, Alert | Withdrawal)
    two = decode_alert(encode(one))
    assert isinstance(two, type(one)) and encode(two) == encode(one)


@given(documents.verdicts)
def test_a_verdict_comes_back_as_it_was(document: Document) -> None:
    one = decode_verdict(encode_document(document))
    assert isinstance(one, Verdict)
    two = decode_verdict(encode(one))
    assert isinstance(two, Verdict) and encode(two) == encode(one)


@settings(max_examples=100, deadline=None)
@given(documents.matches)
def test_a_match_comes_back_as_it_was(document: Document) -> None:
    one = decode_match(encode_document(document))
    assert isinstance(one, Match)
    two = decode_match(encode(one))
    assert isinstance(two, Match) and encode(two) == encode(one)
    assert decode_match(encode(two)) == two


@settings(max_examples=100, deadline=None)
@given(documents.hits)
def test_a_hit_comes_back_as_it_was(document: Document) -> None:
    one = decode_hit(encode_document(document))
    assert isinstance(one, Hit)
    two = decode_hit(encode(one))
    assert isinstance(two, Hit) and encode(two) == encode(one)
    assert decode_hit(encode(two)) == two


_zones = st.sampled_from([UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-11, minutes=-30))])


@settings(max_examples=500)
@given(
    st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30), timezones=_zones),  # noqa: DTZ001
    st.none() | st.sampled_from([0, 1, 999, 1000, 120_000, 999_999]),
)
def test_a_time_is_written_as_everywhere_else(time: datetime, microsecond: int | None) -> None:
    time = time if microsecond is None else time.replace(microsecond=microsecond)
    verdict = Verdict(hit_id="0" * 32, centre="be", verdict="confirmed", at=time)
    assert json.loads(encode(verdict))["at"] == to_rfc3339(time)


def test_times_are_written_in_utc_with_milliseconds() -> None:
    (decoded,) = decode_reads([encode_small_read(captured_at="2026-05-21t18:10:06.123999+02:00")]).reads
    assert b'"captured_at":"2026-05-21T16:10:06.123Z"' in encode(decoded)
    (decoded,) = decode_reads([encode_small_read()]).reads
    assert b'"captured_at":"2026-05-21T16:10:06.000Z"' in encode(decoded)


def test_a_record_is_written_on_one_line_without_what_is_default() -> None:
    (decoded,) = decode_reads([encode_small_read(image_ref="a\nb", retransmitted=False, lane=None)]).reads
    assert b"\n" not in encode(decoded)
    assert json.loads(encode(decoded)) == SMALL_READ | {
        "captured_at": "2026-05-21T16:10:06.000Z",
        "image_ref": "a\nb",
    }
