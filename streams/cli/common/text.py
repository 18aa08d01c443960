"""Counts in words, and words that may be printed."""


def words(count: int, what: str) -> str:
    """A count and what is counted: `1 alert`, `2 alerts`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def printable(text: str) -> str:
    """A text of others, made so that it does not steer the terminal."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)
