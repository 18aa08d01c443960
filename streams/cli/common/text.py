"""Text for people: counts with their noun, and text from outside made safe to print."""

from typing import Final

LINE_WIDTH: Final = 80
"""Columns of the terminal for which output is made."""


def counted(count: int, noun: str) -> str:
    """Return a count with its noun: `1 alert`, `2 alerts`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def printable(text: str) -> str:
    """Return text from outside without the characters that would control a terminal."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)
