"""Counts in words, and words that may be printed."""


def counted(count: int, noun: str) -> str:
    """A count and what is counted: `1 alert`, `2 alerts`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def printable(text: str) -> str:
    """A text of others, made so that it does not steer the terminal."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)
