"""The usual: how many reads a camera gives at an hour of the day."""

from collections.abc import Iterable
from typing import Annotated, Final

from msgspec import Meta, Struct

HOUR_MINUTES: Final = 60
"""In minutes, as all times here: whole minutes since 1970 UTC."""
GRACE_MINUTES: Final = 15
"""Minutes after its end in which an hour still gathers, and is not yet usual: slow events of it may come, and
the minutes that are held against the usual are not to be part of it."""
_DAILY_DECAY: Final = 0.5 ** (1 / 7)
"""What a day leaves of the weight of those before it: after a week half of it."""
_MIN_MINUTES: Final = 30.0
"""Minutes of an hour of the day that must have been seen before anything is usual in it."""

_Amount = Annotated[float, Meta(ge=0, le=1e12)]
_Count = Annotated[int, Meta(ge=0, le=10**12)]


class HourOfDay(Struct, array_like=True):
    """An hour of the day: the reads and the minutes seen of it, those of days ago with less weight."""

    reads: _Amount = 0.0
    minutes: _Amount = 0.0


class OpenHour(Struct, array_like=True):
    """An hour that goes on or has just ended: `at`, hours since 1970 UTC; its reads and minutes so far."""

    start_hour: _Count
    reads: _Count = 0
    minutes: Annotated[int, Meta(ge=0, le=HOUR_MINUTES)] = 0


class HourlyBaseline(Struct):
    """An exponentially forgotten mean over days, for each hour of the day in UTC.

    It knows nothing of an hour of the day before half of one was seen, so it takes a day. It holds 24 hours
    of the day and at most three that gather. What it does not know: days of the week, and summer time, which
    it follows within days.
    """

    slots: Annotated[list[HourOfDay], Meta(min_length=24, max_length=24)]
    hours: Annotated[list[OpenHour], Meta(max_length=3)]

    def expected_reads(self, minutes: Iterable[int]) -> float | None:
        """How many are usual in those minutes together; None if it is not known of one of them."""
        total = 0.0
        for minute in minutes:
            slot = self.slots[minute // HOUR_MINUTES % 24]
            if slot.minutes < _MIN_MINUTES:
                return None
            total += slot.reads / slot.minutes
        return total

    def record_reads(self, minute: int, reads: int) -> None:
        """There were reads in a minute."""
        self._open_hour(minute).reads += reads

    def record_minute(self, minute: int) -> None:
        """A minute was seen to its end."""
        hour = self._open_hour(minute)
        hour.minutes = min(HOUR_MINUTES, hour.minutes + 1)

    def learn(self, now_minute: int, blind: bool) -> None:
        """Takes up the hours that ended. Of a camera that is blind, none without a read: a day of a broken
        camera does not make silence usual."""
        for hour in self.hours:
            if (hour.start_hour + 1) * HOUR_MINUTES + GRACE_MINUTES <= now_minute and not (
                blind and hour.reads == 0
            ):
                slot = self.slots[hour.start_hour % 24]
                slot.reads = slot.reads * _DAILY_DECAY + hour.reads
                slot.minutes = slot.minutes * _DAILY_DECAY + hour.minutes
        # An hour to come is one of a clock that was wrong.
        self.hours = [
            hour
            for hour in self.hours
            if hour.start_hour * HOUR_MINUTES
            <= now_minute
            < (hour.start_hour + 1) * HOUR_MINUTES + GRACE_MINUTES
        ]

    def _open_hour(self, minute: int) -> OpenHour:
        at = minute // HOUR_MINUTES
        for hour in self.hours:
            if hour.start_hour == at:
                return hour
        self.hours.append(OpenHour(at))
        return self.hours[-1]


def empty_baseline() -> HourlyBaseline:
    """One that knows nothing yet."""
    return HourlyBaseline([HourOfDay() for _ in range(24)], [])
