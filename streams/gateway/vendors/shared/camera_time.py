"""Times as cameras tell them: of a clock in some zone, often without saying in which, or of an epoch."""

import re
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from streams.gateway.event import CameraSource, Event
from streams.records.times import FIRST_YEAR, LAST_YEAR, YEARS_RULE, from_ms, to_ms

_CAMERA_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    r"(?: ?(?:Z|[+-][0-9]{2}:?[0-9]{2}))?\Z",
    re.ASCII,
)


def from_epoch_ms(ms: float) -> datetime:
    """The time of milliseconds since 1970 UTC. Raises ValueError for one that no calendar has."""
    try:
        return from_ms(int(ms))
    except (OverflowError, ValueError) as error:
        raise ValueError("is a time in milliseconds since 1970") from error


def zone_to_utc(local_time: datetime, zone: ZoneInfo, arrived_ms: int) -> datetime:
    """The instant (UTC) of a clock's time without a zone, which the clock has in `zone`.

    `arrived`, in ms since 1970 UTC, is when the event came. In the hour that comes twice when summer time
    ends, and in the one that never is when it begins, it is the instant nearer to that.
    """
    naive = local_time.replace(tzinfo=None)
    either = [naive.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    return min(either, key=lambda each: abs(to_ms(each) - arrived_ms))


def camera_to_utc(local_time: datetime, source: CameraSource, event: Event) -> datetime:
    """The UTC time of a camera's clock: in its zone if that is set, else by its own offset, else UTC.

    Raises ValueError for one outside the years of records.
    """
    if not FIRST_YEAR <= local_time.year <= LAST_YEAR:
        raise ValueError(YEARS_RULE)
    if source.zone is not None:
        return zone_to_utc(local_time, source.zone, event.arrived_ms)
    return local_time.replace(tzinfo=UTC) if local_time.tzinfo is None else local_time.astimezone(UTC)


def parse_camera_time(text: str) -> datetime:
    """A time as ISO 8601 has it, with a blank or T between, with a zone or without. Raises ValueError."""
    if not _CAMERA_TIME.match(text):
        raise ValueError("is a time such as 2026-05-21T16:10:06.471")
    return datetime.fromisoformat(text)


def offset_to_utc(local_time: datetime, source: CameraSource, event: Event) -> datetime:
    """The UTC time of one that tells its own zone; of one that does not, that of the camera's clock.

    Raises ValueError for one outside the years of records.
    """
    if local_time.tzinfo is None:
        return camera_to_utc(local_time, source, event)
    if not FIRST_YEAR <= local_time.year <= LAST_YEAR:
        raise ValueError(YEARS_RULE)
    return local_time.astimezone(UTC)
