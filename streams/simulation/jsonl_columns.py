"""JSON lines, thousands at a time: columns of bytes side by side, the empty ones taken out.

A column is an array of bytes (uint8, n × width) in which a zero stands for no byte, or one text for all
rows. JSON has no control characters, so all zeros can be taken out at the end, and others can stand for
longer texts that are put in last, where they would make a column wide that is mostly empty.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.records.times import DAY_MS, MINUTE_MS, from_ms

ByteColumn = NDArray[np.uint8]

_GROUP_DIGITS: Final = 4


class LazyColumn(NamedTuple):
    """A column that writes itself into an array of zeros (uint8, n × `width`), so is not copied there."""

    width: int
    fill: Callable[[ByteColumn], None]


class Abbreviation(NamedTuple):
    """A control character and the text that it stands for."""

    char: bytes
    text: bytes


def join_columns(
    count: int, *columns: ByteColumn | LazyColumn | bytes, abbreviations: Sequence[Abbreviation] = ()
) -> bytes:
    """The rows of `count`-row columns, one behind the other."""
    widths = [_column_width(column) for column in columns]
    rows = np.zeros((count, sum(widths)), dtype=np.uint8)
    start = 0
    for column, width in zip(columns, widths, strict=True):
        its = rows[:, start : start + width]
        if isinstance(column, LazyColumn):
            column.fill(its)
        else:
            its[:] = np.frombuffer(column, dtype=np.uint8) if isinstance(column, bytes) else column
        start += width
    text = rows.tobytes().translate(None, b"\0")
    for short in abbreviations:
        text = text.replace(*short)
    return text


def text_table(texts: Sequence[str]) -> ByteColumn:
    """Texts as rows, to be looked up by number."""
    encoded = [text.encode() for text in texts]
    width = max(map(len, encoded), default=0)
    rows = b"".join(text.ljust(width, b"\0") for text in encoded)
    return np.frombuffer(rows, dtype=np.uint8).reshape(len(encoded), width)


def mask_rows(mask: NDArray[np.bool_], column: ByteColumn) -> ByteColumn:
    """The column in the rows that are shown."""
    return column * mask[:, None]


def frame_rows(before: bytes, column: ByteColumn, after: bytes, mask: NDArray[np.bool_]) -> ByteColumn:
    """A text, the column and another text, in the rows that are shown."""
    count = len(column)
    parts = [np.frombuffer(text, dtype=np.uint8) for text in (before, after)]
    first, last = (np.broadcast_to(part, (count, len(part))) for part in parts)
    return mask_rows(mask, np.concatenate([first, column, last], axis=1))


def format_digits(numbers: NDArray[np.int64], width: int) -> ByteColumn:
    """Numbers of 0 or more with so many digits, zeros in front."""
    groups = []
    for _ in range(0, width, _GROUP_DIGITS):
        numbers, group = np.divmod(numbers, 10**_GROUP_DIGITS)
        groups.append(_digit_groups()[group])
    return np.concatenate(groups[::-1], axis=1)[:, -width:]


def format_times(times_ms: NDArray[np.int64]) -> ByteColumn:
    """Times, ms since 1970 UTC, as `streams.records.times.rfc3339` writes them (n × 24)."""
    minute, rest = np.divmod(times_ms, MINUTE_MS)
    day, minute = np.divmod(minute, DAY_MS // MINUTE_MS)
    first, last = (int(day.min()), int(day.max())) if len(day) else (0, 0)
    dates = text_table([from_ms(each * DAY_MS).isoformat()[:11] for each in range(first, last + 1)])
    minutes, seconds = _time_parts()
    return np.concatenate([dates[day - first], minutes[minute], seconds[rest]], axis=1)


def _column_width(column: ByteColumn | LazyColumn | bytes) -> int:
    if isinstance(column, bytes):
        return len(column)
    return column.width if isinstance(column, LazyColumn) else column.shape[1]


@lru_cache(maxsize=1)
def _digit_groups() -> ByteColumn:
    """All numbers of four digits."""
    return text_table([f"{number:0{_GROUP_DIGITS}}" for number in range(10**_GROUP_DIGITS)])


@lru_cache(maxsize=1)
def _time_parts() -> tuple[ByteColumn, ByteColumn]:
    """The minutes of a day, `16:10:`, and the milliseconds of a minute, `06.123Z`."""
    minutes = [f"{minute // 60:02}:{minute % 60:02}:" for minute in range(DAY_MS // MINUTE_MS)]
    return text_table(minutes), text_table([f"{ms // 1000:02}.{ms % 1000:03}Z" for ms in range(MINUTE_MS)])
