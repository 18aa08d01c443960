"""Times: formatting and parsing, and the rules that a wrong text breaks."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.records.times import Time, from_ms, has_valid_year, parse_time, to_ms, to_rfc3339
from tests.support.mutated_records import odd_times
from tests.support.record_documents import times

_FIRST = to_ms(datetime(2000, 1, 1, tzinfo=UTC))
_AFTER_LAST = to_ms(datetime(2100, 1, 1, tzinfo=UTC))
_ms = st.integers(_FIRST, _AFTER_LAST - 1)
_zones = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_moments = st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30), timezones=_zones)  # noqa: DTZ001 - zones are added


@given(_ms)
def test_milliseconds_survive_conversion(ms: int) -> None:
    time = from_ms(ms)
    assert time.tzinfo is UTC
    assert to_ms(time) == ms
    assert parse_time(to_rfc3339(time)) == time


@given(_ms, st.integers(0, 999))
def test_microseconds_are_rounded_down(ms: int, microseconds: int) -> None:
    time = from_ms(ms) + timedelta(microseconds=microseconds)
    assert to_ms(time) == ms
    assert to_rfc3339(time) == to_rfc3339(from_ms(ms))


@given(_moments, _zones)
def test_the_time_zone_does_not_matter(moment: datetime, zone: timezone) -> None:
    converted = moment.astimezone(zone)
    assert to_ms(converted) == to_ms(moment)
    assert to_rfc3339(converted) == to_rfc3339(moment)


@given(_ms, _ms)
def test_texts_sort_as_times_do(first: int, second: int) -> None:
    assert (to_rfc3339(from_ms(first)) < to_rfc3339(from_ms(second))) == (first < second)


@given(_ms)
def test_a_time_is_written_in_utc_with_milliseconds(ms: int) -> None:
    text = to_rfc3339(from_ms(ms))
    assert len(text) == len("2026-05-21T16:10:06.123Z")
    assert text[19] == "." and text.endswith("Z")


def test_known_times() -> None:
    assert to_ms(datetime(1970, 1, 1, tzinfo=UTC)) == 0
    assert to_rfc3339(from_ms(1_779_379_806_123)) == "2026-05-21T16:10:06.123Z"
    assert to_ms(parse_time("2026-05-21T18:10:06.1239+02:00")) == 1_779_379_806_123
    assert to_ms(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)) == -1


@given(times() | odd_times)
def test_the_parser_accepts_what_the_decoder_of_records_accepts(text: str) -> None:
    try:
        decoded: datetime | None = msgspec.convert(text, Time)
    except msgspec.ValidationError:
        decoded = None
    if decoded is None or not has_valid_year(decoded):
        with pytest.raises(ValueError):
            parse_time(text)
    else:
        parsed = parse_time(text)
        assert parsed == decoded and parsed.tzinfo is UTC
        assert has_valid_year(parsed) and parse_time(to_rfc3339(parsed)) == from_ms(to_ms(parsed))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("yesterday", "must be an RFC 3339 time such as "),
        ("", "must be an RFC 3339 time such as "),
        ("2026-05-21", "must be an RFC 3339 time such as "),
        ("2026-05-21T24:00:00Z", "must be an RFC 3339 time such as "),
        ("2016-12-31T23:59:60Z", "must be an RFC 3339 time such as "),
        ("2026-02-30T10:00:00Z", "must be an RFC 3339 time such as "),
        ("2026-W21-4T10:00:00Z", "must be an RFC 3339 time such as "),
        ("2026-05-21T10:00:00", "must have a time zone, Z or an offset such as "),
        ("1999-12-31T23:59:59Z", "must be in the years 2000 to 2099"),
        ("9999-12-31T23:59:59-10:00", "must be in the years 2000 to 2099"),
        ("0001-01-01T00:00:00+10:00", "must be in the years 2000 to 2099"),
        ("2000-01-01T00:00:00+02:00", "must be in the years 2000 to 2099"),
        ("2099-12-31T23:00:00-02:00", "must be in the years 2000 to 2099"),
    ],
)
def test_a_text_that_is_not_a_time_raises_its_rule(text: str, rule: str) -> None:
    with pytest.raises(ValueError, match=f"^{rule}"):
        parse_time(text)
