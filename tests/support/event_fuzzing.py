"""Random events for the vendors' parsers, and what must hold of any of them."""

from typing import Final

from hypothesis import strategies as st

from streams.gateway.event import CameraSource, Event, EventError
from streams.gateway.vendors import EventParser
from streams.records.decode import decode_reads
from streams.records.encode import encode
from tests.support.vendor_samples import BRUSSELS, PLAIN_SOURCE

PLATE_MARK: Final = "SECRET"
"""Part of each plate in events whose faults must not show it."""
CONTENT_TYPES: Final = st.sampled_from(
    [
        "",
        "application/json",
        "application/xml",
        "multipart/form-data; boundary=boundary",
        "multipart/mixed",
        "\0",
    ]
)
SOURCES: Final = st.sampled_from([PLAIN_SOURCE, BRUSSELS, PLAIN_SOURCE._replace(device="ACCC8E000001")])
_ODD_TEXTS: Final = (
    *("", " ", "NaN", "-1", "1e999", "9" * 40, "0" * 300, "null", "true", "😀", "ß", "9" * 17),
    *("20261399 999999999", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2026-02-30T25:61:61Z"),
)
TEXTS: Final = st.one_of(st.text(max_size=30), st.sampled_from(_ODD_TEXTS))
JSON_VALUES: Final = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["lat", "brand", "BinaryImage"]), inner)
    ),
    max_leaves=6,
)


def assert_reads_or_error(parse: EventParser, event: Event, source: CameraSource) -> None:
    """Assert that a parser returns valid reads or raises EventError, and that no fault shows a plate."""
    try:
        parsed = parse(event, source)
    except EventError as error:
        errors = [error]
    else:
        decoded = decode_reads([encode(read) for read in parsed.reads])
        assert not decoded.rejected
        errors = list(parsed.errors)
        assert parsed.reads or parsed.skipped or errors
    assert all(error.faults and str(error) for error in errors)
    assert not any(PLATE_MARK in str(error) for error in errors)
