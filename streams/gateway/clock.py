"""Times as cameras tell them: of a clock in some zone, often without saying in which, or of an epoch."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from streams.records.times import from_ms, to_ms


def of_epoch(ms: float) -> datetime:
    """The time of milliseconds since 1970 UTC. Raises ValueError for one that no calendar has."""
    try:
        return from_ms(int(ms))
    except (OverflowError, ValueError) as error:
        raise ValueError("is a time in milliseconds since 1970") from error


def of_wall(local: datetime, zone: ZoneInfo, arrived: int) -> datetime:
    """The instant (UTC) of a clock's time without a zone, which the clock has in `zone`.

    `arrived`, in ms since 1970 UTC, is when the event came. In the hour that comes twice when summer time
    ends, and in the one that never is when it begins, it is the instant nearer to that.
    """
    naive = local.replace(tzinfo=None)
    either = [naive.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    return min(either, key=lambda each: abs(to_ms(each) - arrived))
