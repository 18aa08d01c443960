"""Times of cameras: of a clock in some zone, often without an offset, or since an epoch."""

import re
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from streams.gateway.event import CameraSource, Event
from streams.records.times import FIRST_YEAR, LAST_YEAR, YEARS_RULE, Millis, from_ms, to_ms

_CAMERA_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    r"(?: ?(?:Z|[+-][0-9]{2}:?[0-9]{2}))?\Z",
    re.ASCII,
)


class YearError(ValueError):
    """A time is outside the years that a record may have."""

    def __init__(self) -> None:
        super().__init__(YEARS_RULE)


def time_rule(error: Exception, format_rule: str) -> str:
    """Return the rule that a time breaks: that of the years for a YearError, else that of its format."""
    return YEARS_RULE if isinstance(error, YearError) else format_rule


def check_year(local_time: datetime) -> None:
    """Raise YearError for a time outside the years that a record may have."""
    if not FIRST_YEAR <= local_time.year <= LAST_YEAR:
        raise YearError


def from_epoch_ms(ms: float) -> datetime:
    """Return the UTC time of milliseconds since 1970. Raises ValueError beyond the years of a calendar."""
    try:
        return from_ms(int(ms))
    except (OverflowError, ValueError) as error:
        raise ValueError("milliseconds beyond the year 9999") from error


def zone_to_utc(local_time: datetime, zone: ZoneInfo, arrived_ms: Millis) -> datetime:
    """Return the UTC time of a clock in a zone.

    In the hour that is repeated when summer time ends, and in the one that is skipped when it begins, the
    result is the instant nearer to the arrival of the event.
    """
    naive = local_time.replace(tzinfo=None)
    instants = [naive.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    return min(instants, key=lambda instant: abs(to_ms(instant) - arrived_ms))


def camera_to_utc(local_time: datetime, source: CameraSource, event: Event) -> datetime:
    """Return the UTC time of a camera's clock: in its zone if that is set, else by its own offset, else UTC.

    Raises YearError.
    """
    check_year(local_time)
    if source.zone is not None:
        return zone_to_utc(local_time, source.zone, event.arrived_ms)
    return local_time.replace(tzinfo=UTC) if local_time.tzinfo is None else local_time.astimezone(UTC)


def offset_to_utc(local_time: datetime, source: CameraSource, event: Event) -> datetime:
    """Return the UTC time of one with an offset, by that; of one without, as `camera_to_utc` does.

    Raises YearError.
    """
    if local_time.tzinfo is None:
        return camera_to_utc(local_time, source, event)
    check_year(local_time)
    return local_time.astimezone(UTC)


def parse_camera_time(text: str) -> datetime:
    """Return an ISO 8601 time with a blank or T in it, with an offset or without. Raises ValueError."""
    if not _CAMERA_TIME.match(text):
        raise ValueError("not an ISO 8601 time")
    return datetime.fromisoformat(text)
