"""Arrivals, shared by many hits, are equal to a list of the same sites."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.records.arrivals import Arrivals, ArrivalWindow, ArrivalWindows
from streams.records.decode import decode_hit
from streams.records.encode import encode
from streams.records.hit import Hit
from streams.records.journey import Journey, NextSite, PassedSite
from streams.records.times import MINUTE_MS, from_ms, parse_time, to_ms
from tests.support import record_documents as documents
from tests.support.record_documents import Document, encode_document

_BEGIN_MS = to_ms(parse_time("2026-05-21T23:59:00Z"))
_offsets_ms = st.integers(0, 45 * MINUTE_MS)
_windows = st.builds(
    ArrivalWindow,
    st.text("abcé-", min_size=1, max_size=8),
    st.floats(0, 500).map(lambda km: round(km, 1)),
    _offsets_ms,
    _offsets_ms,
    _offsets_ms,
    st.floats(0, 1).map(lambda share: round(share, 3)),
    st.none() | st.sampled_from(["FR", "BE"]),
)
_arrivals = st.builds(
    lambda at, windows: Arrivals(_BEGIN_MS + at, ArrivalWindows(windows)),
    _offsets_ms,
    st.lists(_windows, max_size=5),
)


@given(_arrivals)
def test_arrivals_are_equal_to_a_list_of_the_same_sites_only(arrivals: Arrivals) -> None:
    sites = list(arrivals)
    assert arrivals == sites and sites == arrivals
    assert arrivals == Arrivals(arrivals.at_ms, ArrivalWindows(arrivals.windows))
    assert [arrivals[index] for index in range(len(arrivals))] == sites
    assert arrivals[1:3] == sites[1:3]
    if sites:
        assert arrivals != sites[1:]
        assert arrivals != Arrivals(arrivals.at_ms + 1, arrivals.windows)
        assert Arrivals(arrivals.at_ms + 1, arrivals.windows) != sites


@given(documents.hits, _arrivals)
def test_arrivals_are_encoded_like_a_list(document: Document, arrivals: Arrivals) -> None:
    hit = decode_hit(encode_document(document))
    assert isinstance(hit, Hit)
    passed = [PassedSite("0" * 32, "c", from_ms(_BEGIN_MS))]

    def with_next(next_sites: Sequence[NextSite]) -> Hit:
        return replace(hit, journey=Journey("1" * 32, passed, next_sites or []))

    encoded = encode(with_next(arrivals))
    assert encoded == encode(with_next(list(arrivals)))
    decoded = decode_hit(encoded)
    assert isinstance(decoded, Hit) and decoded.journey is not None
    assert decoded.journey.next == arrivals
