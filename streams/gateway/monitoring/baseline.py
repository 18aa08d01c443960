"""The baseline of a camera: how many reads it usually gives at an hour of the day."""

from collections.abc import Iterable
from typing import Annotated, Final

from msgspec import Meta, Struct

HOUR_MINUTES: Final = 60
"""Length of an hour in minutes. All times in this module are whole minutes since 1970-01-01 UTC."""
GRACE_MINUTES: Final = 15
"""Minutes after its end in which an hour is still open and not yet part of the baseline: slow events may
still arrive for it, and the minutes that are compared with the baseline must not be part of it."""
_DAILY_DECAY: Final = 0.5 ** (1 / 7)
"""Factor by which a day reduces the weight of the days before it: half is left after a week."""
_MIN_MINUTES: Final = 30.0
"""Minutes that must have been observed in an hour of the day before its baseline is known."""

_Amount = Annotated[float, Meta(ge=0, le=1e12)]
_Count = Annotated[int, Meta(ge=0, le=10**12)]


class HourOfDay(Struct, array_like=True):
    """Reads and observed minutes of one hour of the day, summed over days with decaying weight."""

    reads: _Amount = 0.0
    minutes: _Amount = 0.0


class OpenHour(Struct, array_like=True):
    """An hour that is in progress or has just ended: its start in hours since 1970, its reads and minutes."""

    start_hour: _Count
    reads: _Count = 0
    minutes: Annotated[int, Meta(ge=0, le=HOUR_MINUTES)] = 0


class HourlyBaseline(Struct):
    """Exponentially weighted mean over days, for each hour of the day in UTC.

    An hour of the day has no baseline until half of it was observed, so learning takes a day. The size is
    bounded: 24 hours of the day and at most three open hours. Days of the week are not distinguished, and a
    change to summer time is followed within days.
    """

    slots: Annotated[list[HourOfDay], Meta(min_length=24, max_length=24)]
    hours: Annotated[list[OpenHour], Meta(max_length=3)]

    def expected_reads(self, minutes: Iterable[int]) -> float | None:
        """Return the usual number of reads in these minutes together; None if one has no baseline."""
        total = 0.0
        for minute in minutes:
            slot = self.slots[minute // HOUR_MINUTES % 24]
            if slot.minutes < _MIN_MINUTES:
                return None
            total += slot.reads / slot.minutes
        return total

    def record_reads(self, minute: int, reads: int) -> None:
        """Record reads that arrived in a minute."""
        self._open_hour(minute).reads += reads

    def record_minute(self, minute: int) -> None:
        """Record that a minute was observed to its end."""
        hour = self._open_hour(minute)
        hour.minutes = min(HOUR_MINUTES, hour.minutes + 1)

    def learn(self, now_minute: int, blind: bool) -> None:
        """Add the hours that have ended to the baseline.

        An hour without a read of a blind camera is left out: silence of a broken camera must not become
        usual.
        """
        for hour in self.hours:
            if _closes_at(hour) <= now_minute and not (blind and hour.reads == 0):
                slot = self.slots[hour.start_hour % 24]
                slot.reads = slot.reads * _DAILY_DECAY + hour.reads
                slot.minutes = slot.minutes * _DAILY_DECAY + hour.minutes
        # An hour in the future was opened while the clock was wrong.
        self.hours = [
            hour for hour in self.hours if hour.start_hour * HOUR_MINUTES <= now_minute < _closes_at(hour)
        ]

    def _open_hour(self, minute: int) -> OpenHour:
        start_hour = minute // HOUR_MINUTES
        for hour in self.hours:
            if hour.start_hour == start_hour:
                return hour
        self.hours.append(OpenHour(start_hour))
        return self.hours[-1]


def _closes_at(hour: OpenHour) -> int:
    return (hour.start_hour + 1) * HOUR_MINUTES + GRACE_MINUTES


def empty_baseline() -> HourlyBaseline:
    """Return a baseline that has learnt nothing yet."""
    return HourlyBaseline([HourOfDay() for _ in range(24)], [])
