"""Text for people: counts with their noun, lines within a terminal's columns, text made safe to print."""

import textwrap
from collections.abc import Iterator
from typing import Final

LINE_WIDTH: Final = 80
"""Columns of the terminal for which output is made."""
LABEL_WIDTH: Final = 14
"""Columns of the label of a field of a block."""


def counted(count: int, noun: str) -> str:
    """Return a count with its noun: `1 alert`, `2 alerts`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def labelled(label: str, text: str) -> Iterator[str]:
    """Yield the lines of a field of a block: the label, and the text in a column of its own."""
    indent = " " * LABEL_WIDTH
    yield from wrap(text, indent, f"{f'  {label}':<{LABEL_WIDTH}}")


def wrap(text: str, indent: str, first_indent: str = "") -> list[str]:
    """Return text from outside as lines of at most 80 columns; only words longer than a line are broken."""
    return textwrap.wrap(
        printable(text),
        LINE_WIDTH,
        initial_indent=first_indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
    )


def wrap_line(line: str, indent: int) -> str:
    """Return a line as lines of at most 80 columns, those after the first indented; no word is broken."""
    lines = textwrap.wrap(
        line, LINE_WIDTH, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(lines)


def printable(text: str) -> str:
    """Return text from outside without the characters that would control a terminal."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)
