"""Formatting of keys, paths and values as TOML."""

import datetime
import json
import math
import re
from collections.abc import Sequence
from typing import Final

from streams.records.faults import shown_value

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


def format_key(name: str) -> str:
    """Return a key, quoted if TOML requires it."""
    return name if _BARE_KEY.fullmatch(name) else _format_string(name)


def format_path(names: Sequence[str | int]) -> str:
    """Return a path as in a header, an array's entry by its index in brackets: `lists.sis.audience[1]`."""
    return "".join(
        f"[{name}]" if isinstance(name, int) else f".{format_key(name)}" for name in names
    ).removeprefix(".")


def format_value(content: object) -> str:
    """Return a value on one line.

    Raises TypeError for what cannot be written as a value: None, a Struct.
    """
    match content:
        case bool():
            return "true" if content else "false"
        case str():
            return _format_string(content)
        case int() | float():
            return repr(content)
        case datetime.datetime() | datetime.date() | datetime.time():
            return content.isoformat()
        case list() | tuple():
            return f"[{', '.join(map(format_value, content))}]"
        case dict():
            items = (f"{format_key(str(name))} = {format_value(item)}" for name, item in content.items())
            return f"{{{', '.join(items)}}}"
    raise TypeError(f"{type(content).__name__} cannot be written as a TOML value")


def format_for_message(content: object) -> str:
    """Return a value as messages show it: short and on one line."""
    if isinstance(content, float) and not math.isfinite(content):
        return repr(content)
    return shown_value(content)


def _format_string(content: str) -> str:
    # JSON and TOML have the same escapes, except for the one control character that JSON does not escape.
    return json.dumps(content, ensure_ascii=False).replace("\x7f", "\\u007f")
