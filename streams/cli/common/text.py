"""Text for people: counts with their noun, lines of a terminal, text from outside made safe to print."""

import textwrap
from typing import Final

LINE_WIDTH: Final = 80
"""Columns of the terminal for which output is made."""


def counted(count: int, noun: str) -> str:
    """Return a count with its noun: `1 alert`, `2 alerts`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def wrap_line(line: str, indent: int) -> str:
    """Return a line as lines of at most 80 columns, those after the first indented; no word is broken."""
    lines = textwrap.wrap(
        line, LINE_WIDTH, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(lines)


def printable(text: str) -> str:
    """Return text from outside without the characters that would control a terminal."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)
