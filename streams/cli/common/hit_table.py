"""Hits as a table for wide terminals, a row a hit."""

from typing import Final

from streams.cli.common.hit_text import describe_match, is_actionable, short_id
from streams.cli.common.text import printable
from streams.cli.common.times import format_datetime
from streams.records.hit import Hit

_COLUMNS: Final = (
    ("do", 14),
    ("hit", 8),
    ("p", 1),
    ("captured (UTC)", 14),
    ("where", 10),
    ("read", 15),
    ("listed", 15),
    ("match", 15),
    ("state", 18),
)
"""The columns before the last one, with their widths; the last, of any width, is the alert."""
_WHERE_WIDTH: Final = dict(_COLUMNS)["where"]
_NO_VALUE: Final = "?"


def table_heading() -> str:
    """Return the row of headings."""
    return _format_row([heading for heading, _ in _COLUMNS], "list/alert")


def table_row(hit: Hit) -> str:
    """Return the row of a hit. Plates and ids are never shortened, names of places are."""
    place = hit.place
    where = f"{place.road or place.site_id or place.camera_id} {place.territory or _NO_VALUE}"
    state = hit.kind if hit.mode == "live" or hit.kind == "withdrawn" else hit.mode
    cells = (
        hit.action if is_actionable(hit) else "-",
        short_id(hit.hit_id),
        str(hit.priority),
        # Without the year: the topic holds a month.
        format_datetime(hit.read.captured_at)[5:],
        _shorten(printable(where), _WHERE_WIDTH),
        f"{hit.match.read_plate} {hit.read.country or _NO_VALUE}",
        f"{hit.match.listed_plate} {hit.alert.country or _NO_VALUE}",
        describe_match(hit.match),
        f"{state} handover" if hit.handover is not None else state,
    )
    return _format_row([printable(cell) for cell in cells], f"{hit.alert.list_id}/{hit.alert.alert_id}")


def _format_row(cells: list[str], alert: str) -> str:
    row = "  ".join(f"{cell:<{width}}" for cell, (_, width) in zip(cells, _COLUMNS, strict=True))
    return f"{row}  {printable(alert)}"


def _shorten(text: str, width: int) -> str:
    """Return text with its middle left out so that it fits."""
    if len(text) <= width:
        return text
    end = (width - 1) // 2
    return f"{text[: width - 1 - end]}…{text[len(text) - end :]}"
