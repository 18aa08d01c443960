"""JSON lines, thousands at a time, from columns of bytes whose padding is removed at the end.

A column is an array of bytes (uint8, n × width) padded with zeros, or one text for all rows. JSON text has no
control characters, so all zeros can be removed at the end, and other control characters can abbreviate longer
texts, which would make a mostly empty column wide.
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
    """A column that writes itself into an array of zeros (uint8, n × `width`), which saves a copy."""

    width: int
    fill: Callable[[ByteColumn], None]


class Abbreviation(NamedTuple):
    """A control character and the text that it stands for."""

    char: bytes
    text: bytes


def join_columns(
    count: int, *columns: ByteColumn | LazyColumn | bytes, abbreviations: Sequence[Abbreviation] = ()
) -> bytes:
    """Return the `count` rows of the columns, joined."""
    widths = [_column_width(column) for column in columns]
    rows = np.zeros((count, sum(widths)), dtype=np.uint8)
    start = 0
    for column, width in zip(columns, widths, strict=True):
        cells = rows[:, start : start + width]
        if isinstance(column, LazyColumn):
            column.fill(cells)
        else:
            cells[:] = np.frombuffer(column, dtype=np.uint8) if isinstance(column, bytes) else column
        start += width
    text = rows.tobytes().translate(None, b"\0")
    for abbreviation in abbreviations:
        text = text.replace(*abbreviation)
    return text


def text_table(texts: Sequence[str]) -> ByteColumn:
    """Return texts as rows, to be looked up by index."""
    encoded = [text.encode() for text in texts]
    width = max(map(len, encoded), default=0)
    rows = b"".join(text.ljust(width, b"\0") for text in encoded)
    return np.frombuffer(rows, dtype=np.uint8).reshape(len(encoded), width)


def mask_rows(mask: NDArray[np.bool_], column: ByteColumn) -> ByteColumn:
    """Return the column, empty in the rows outside the mask."""
    return column * mask[:, None]


def frame_rows(before: bytes, column: ByteColumn, after: bytes, mask: NDArray[np.bool_]) -> ByteColumn:
    """Return the column between two texts, empty in the rows outside the mask."""
    count = len(column)
    parts = [np.frombuffer(text, dtype=np.uint8) for text in (before, after)]
    first, last = (np.broadcast_to(part, (count, len(part))) for part in parts)
    return mask_rows(mask, np.concatenate([first, column, last], axis=1))


def format_digits(numbers: NDArray[np.int64], width: int) -> ByteColumn:
    """Format numbers of at least 0 with `width` digits and leading zeros."""
    groups = []
    for _ in range(0, width, _GROUP_DIGITS):
        numbers, group = np.divmod(numbers, 10**_GROUP_DIGITS)
        groups.append(_digit_groups()[group])
    return np.concatenate(groups[::-1], axis=1)[:, -width:]


def format_times(times_ms: NDArray[np.int64]) -> ByteColumn:
    """Format times as `streams.records.times.to_rfc3339` does (n × 24)."""
    minute, rest = np.divmod(times_ms, MINUTE_MS)
    day, minute = np.divmod(minute, DAY_MS // MINUTE_MS)
    first, last = (int(day.min()), int(day.max())) if len(day) else (0, 0)
    dates = text_table([from_ms(number * DAY_MS).isoformat()[:11] for number in range(first, last + 1)])
    minutes, seconds = _time_parts()
    return np.concatenate([dates[day - first], minutes[minute], seconds[rest]], axis=1)


def _column_width(column: ByteColumn | LazyColumn | bytes) -> int:
    if isinstance(column, bytes):
        return len(column)
    return column.width if isinstance(column, LazyColumn) else column.shape[1]


@lru_cache(maxsize=1)
def _digit_groups() -> ByteColumn:
    """Return all numbers of four digits."""
    return text_table([f"{number:0{_GROUP_DIGITS}}" for number in range(10**_GROUP_DIGITS)])


@lru_cache(maxsize=1)
def _time_parts() -> tuple[ByteColumn, ByteColumn]:
    """Return the minutes of a day, `16:10:`, and the milliseconds of a minute, `06.123Z`."""
    minutes = [f"{minute // 60:02}:{minute % 60:02}:" for minute in range(DAY_MS // MINUTE_MS)]
    return text_table(minutes), text_table([f"{ms // 1000:02}.{ms % 1000:03}Z" for ms in range(MINUTE_MS)])
