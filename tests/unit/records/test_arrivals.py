"""Arrivals: the sites ahead, shared by many hits, are what a list of them is."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.records.arrivals import Arrivals, ArrivalWindow, ArrivalWindows
from streams.records.decode import decode_hit
from streams.records.encode import encode
from streams.records.hit import Hit
from streams.records.journey import Journey, NextSite, PassedSite
from streams.records.times import from_ms, parse_time, to_ms
from tests.support import record_documents as documents
from tests.support.record_documents import Document, encode_document

_BEGIN = to_ms(parse_time("2026-05-21T23:59:00Z"))
_minutes = st.integers(0, 45 * 60_000)
_windows = st.builds(
    ArrivalWindow,
    st.text("abcé-", min_size=1, max_size=8),
    st.floats(0, 500).map(lambda km: round(km, 1)),
    _minutes,
    _minutes,
    _minutes,
    st.floats(0, 1).map(lambda share: round(share, 3)),
    st.none() | st.sampled_from(["FR", "BE"]),
)
_arrivals = st.builds(
    lambda at, windows: Arrivals(_BEGIN + at, ArrivalWindows(windows)),
    _minutes,
    st.lists(_windows, max_size=5),
)


@given(_arrivals)
def test_they_are_equal_to_a_list_of_the_same_and_to_no_other(arrivals: Arrivals) -> None:
    alike = list(arrivals)
    assert arrivals == alike and alike == arrivals
    assert arrivals == Arrivals(arrivals.at_ms, ArrivalWindows(arrivals.windows))
    assert [arrivals[place] for place in range(len(arrivals))] == alike
    assert arrivals[1:3] == alike[1:3]
    if alike:
        assert arrivals != alike[1:]
        assert arrivals != Arrivals(arrivals.at_ms + 1, arrivals.windows)
        assert Arrivals(arrivals.at_ms + 1, arrivals.windows) != alike


@given(documents.hits, _arrivals)
def test_they_are_written_as_a_list_is(document: Document, arrivals: Arrivals) -> None:
    hit = decode_hit(encode_document(document))
    assert isinstance(hit, Hit)
    passed = [PassedSite("0" * 32, "c", from_ms(_BEGIN))]

    def of(next_: Sequence[NextSite]) -> Hit:
        return replace(hit, journey=Journey("1" * 32, passed, next_ or []))

    written = encode(of(arrivals))
    assert written == encode(of(list(arrivals)))
    again = decode_hit(written)
    assert isinstance(again, Hit) and again.journey is not None
    assert again.journey.next == arrivals
