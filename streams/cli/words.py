"""Counts in words."""


def words(count: int, what: str) -> str:
    """A count and what is counted: `1 alert`, `2 alerts`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
