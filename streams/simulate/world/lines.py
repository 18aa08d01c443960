"""JSON lines, thousands at a time: columns of bytes side by side, the empty ones taken out.

A column is an array of bytes (uint8, n × width) in which a zero stands for no byte, or one text for all rows.
JSON has no zero byte, so that all zeros can be taken out at the end.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from streams.records.times import from_ms

Bytes = NDArray[np.uint8]
_DAY_MS = 86_400_000


def joined(count: int, *columns: Bytes | bytes) -> bytes:
    """The rows of `count`-row columns, one behind the other."""
    widths = [len(column) if isinstance(column, bytes) else column.shape[1] for column in columns]
    rows = np.empty((count, sum(widths)), dtype=np.uint8)
    start = 0
    for column, width in zip(columns, widths, strict=True):
        rows[:, start : start + width] = (
            np.frombuffer(column, dtype=np.uint8) if isinstance(column, bytes) else column
        )
        start += width
    return rows.tobytes().translate(None, b"\0")


def table(texts: Sequence[str]) -> Bytes:
    """Texts as rows, to be looked up by number."""
    encoded = [text.encode() for text in texts]
    width = max(map(len, encoded), default=0)
    rows = b"".join(text.ljust(width, b"\0") for text in encoded)
    return np.frombuffer(rows, dtype=np.uint8).reshape(len(encoded), width)


def where(shown: NDArray[np.bool_], column: Bytes) -> Bytes:
    """The column in the rows that are shown."""
    return column * shown[:, None]


def framed(before: bytes, column: Bytes, behind: bytes, shown: NDArray[np.bool_]) -> Bytes:
    """A text, the column and another text, in the rows that are shown."""
    count = len(column)
    parts = [np.frombuffer(text, dtype=np.uint8) for text in (before, behind)]
    first, last = (np.broadcast_to(part, (count, len(part))) for part in parts)
    return where(shown, np.concatenate([first, column, last], axis=1))


def digits(numbers: NDArray[np.int64], width: int) -> Bytes:
    """Numbers of 0 or more with so many digits, zeros in front."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return (numbers[:, None] // powers % 10 + ord("0")).astype(np.uint8)


def times(ms: NDArray[np.int64]) -> Bytes:
    """Times, ms since 1970 UTC, as `streams.records.times.rfc3339` writes them (n × 24)."""
    days, which = np.unique(ms // _DAY_MS, return_inverse=True)
    dates = table([from_ms(int(day) * _DAY_MS).isoformat()[:10] + "T" for day in days])
    second, part = np.divmod(ms % _DAY_MS, 1000)
    minute, second = np.divmod(second, 60)
    hour, minute = np.divmod(minute, 60)
    colon = np.full((len(ms), 1), ord(":"), dtype=np.uint8)
    point, zulu = colon - (ord(":") - ord(".")), colon + (ord("Z") - ord(":"))
    return np.concatenate(
        [
            dates[which],
            digits(hour, 2), colon, digits(minute, 2), colon, digits(second, 2), point, digits(part, 3), zulu,
        ],
        axis=1,
    )  # fmt: skip
