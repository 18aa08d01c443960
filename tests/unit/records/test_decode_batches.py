"""Batches are decoded like their records one by one, whatever is in them."""

import itertools
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streams.records.decode import (
    MAX_RECORD_BYTES,
    DecodedReads,
    decode_alert,
    decode_alerts,
    decode_match,
    decode_matches,
    decode_reads,
)
from tests.support import record_documents as documents
from tests.support.examples import examples
from tests.support.mutated_records import mutated
from tests.support.record_documents import encode_document, encode_small_read

_ONE, _TWO = encode_small_read(), encode_small_read(read_id="2")


@pytest.mark.parametrize(
    "records",
    [
        [b'{"a":1', b',"b":2}'],
        [_ONE[:-1], b',"lane":1}'],
        [_ONE[:20], _ONE[20:]],
        [_ONE + b"\n" + _TWO, b""],
        [b"", _ONE + b"\n" + _TWO],
        [_ONE + b"\n" + _TWO, b" "],
        [_ONE + _TWO, b"{}"],
        [_ONE + b"\n" + _TWO, b"{"],
        [b"}", _ONE + b"\n" + _TWO],
        [b'{"x":{}', _ONE[1:]],
        [b'{"x":[{}', b"{}]," + _ONE[1:]],
        [_ONE[:-1] + b',"x":"{}', b'{}"}'],
        [_ONE[:-1] + b',"x":[{}', b"{}]}", _TWO + b"\n" + _TWO],
        [_ONE + b"\r\n", _TWO],
        [b"\n" + _ONE, _TWO + b"\n"],
        [b" " + _ONE, b"\t" + _TWO],
        [_ONE, b"null", _TWO],
        [_ONE, b"\x00" + _TWO],
    ],
)
def test_no_value_spans_two_records(records: list[bytes]) -> None:
    for order in itertools.permutations(records):
        assert _same(decode_reads(order), _one_by_one(order))
        assert decode_alerts(order) == [decode_alert(record) for record in order]


def _one_by_one(records: Any) -> DecodedReads:
    """The results of `decode_reads` for each record alone, combined."""
    parts = [decode_reads([record]) for record in records]
    times = [time for part in parts for time in part.times]
    return DecodedReads(
        [entry for part in parts for entry in part.reads],
        [index for index, part in enumerate(parts) if part.reads],
        times,
        [entry._replace(position=index) for index, part in enumerate(parts) for entry in part.rejected],
        (min(times), max(times)) if times else None,
    )


def _same(left: DecodedReads, right: DecodedReads) -> bool:
    return left._replace(indices=list(left.indices)) == right._replace(indices=list(right.indices))


_records = st.one_of(
    documents.reads.map(encode_document),
    documents.reads.map(encode_document),
    mutated(documents.reads).map(encode_document),
    st.binary(max_size=12),
    st.sampled_from(
        [_ONE, _TWO, _ONE[:-1], _ONE[1:], _ONE + b"\n" + _TWO, b"{", b"}", b"{}", b"", b"\n", b"[{}"]
    ),
    st.tuples(documents.reads.map(encode_document), st.integers(0, 200)).map(lambda cut: cut[0][: cut[1]]),
)


@examples(300)
@given(st.lists(_records, max_size=8))
@example([])
def test_a_batch_is_decoded_like_its_records_one_by_one(records: list[bytes]) -> None:
    assert _same(decode_reads(records), _one_by_one(records))
    decoded = decode_reads(records)
    assert sorted([*decoded.indices, *(entry.position for entry in decoded.rejected)]) == list(
        range(len(records))
    )
    assert all(entry.faults and entry.raw == records[entry.position] for entry in decoded.rejected)


@examples(100)
@given(
    st.lists(
        mutated(documents.alerts).map(encode_document) | documents.alerts.map(encode_document) | _records,
        max_size=6,
    )
)
def test_a_batch_of_alerts_is_decoded_like_its_records_one_by_one(records: list[bytes]) -> None:
    assert decode_alerts(records) == [decode_alert(record) for record in records]


@examples(100)
@given(
    st.lists(
        mutated(documents.matches).map(encode_document) | documents.matches.map(encode_document) | _records,
        max_size=6,
    )
)
def test_a_batch_of_matches_is_decoded_like_its_records_one_by_one(records: list[bytes]) -> None:
    assert decode_matches(records) == [decode_match(record) for record in records]


def test_an_empty_batch_is_empty() -> None:
    assert decode_reads([]) == DecodedReads([], [], [], [])
    assert decode_alerts([]) == []
    assert decode_matches([]) == []


def test_a_record_may_have_the_maximum_length_and_no_more() -> None:
    filler = MAX_RECORD_BYTES - len(encode_small_read(x=""))
    assert len(decode_reads([encode_small_read(x="x" * filler)]).reads) == 1
    assert len(decode_reads([encode_small_read(x="x" * filler)] * 3).reads) == 3
    decoded = decode_reads(
        [encode_small_read(), encode_small_read(x="x" * (filler + 1)), encode_small_read()]
    )
    assert len(decoded.reads) == 2 and decoded.rejected[0].position == 1


@pytest.mark.parametrize("empty_first", [True, False])
def test_two_reads_in_one_record_do_not_make_up_for_an_empty_one(empty_first: bool) -> None:
    double = encode_small_read() + b"\n" + encode_small_read()
    records = [b"", double] if empty_first else [double, b""]
    decoded = decode_reads(records)
    assert decoded.reads == []
    assert [entry.position for entry in decoded.rejected] == [0, 1]
