"""Keys, paths and values as TOML writes them."""

import datetime
import json
import math
import re
from collections.abc import Sequence
from typing import Final

from streams.records.faults import shown_value

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


def format_key(name: str) -> str:
    """A key, in quotes where it must be."""
    return name if _BARE_KEY.fullmatch(name) else _format_string(name)


def format_path(names: Sequence[str | int]) -> str:
    """A path as a header has it, with the index of an array's entry in brackets: `lists.sis.audience[1]`."""
    return "".join(
        f"[{name}]" if isinstance(name, int) else f".{format_key(name)}" for name in names
    ).removeprefix(".")


def format_value(content: object) -> str:
    """A value on one line.

    Raises TypeError for what TOML cannot write as a value or this project does not write so: None, a Struct.
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
    raise TypeError(f"{type(content).__name__} is not written as a value in TOML")


def format_for_message(content: object) -> str:
    """A value as a fault shows it: on one line and short."""
    if isinstance(content, float) and not math.isfinite(content):
        return repr(content)
    return shown_value(content)


def _format_string(content: str) -> str:
    # JSON's escapes are TOML's, but for the one control character that JSON lets stand.
    return json.dumps(content, ensure_ascii=False).replace("\x7f", "\\u007f")
