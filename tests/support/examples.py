"""How much of a property is tried, which depends on the Hypothesis profile that is loaded."""

from collections.abc import Sequence
from typing import Final, TypeVar

from hypothesis import settings

_Value = TypeVar("_Value")

FULL_EXAMPLES: Final = 200
"""The examples of a property in the full run, if the test names no other number."""
FAST_EXAMPLES: Final = 20
"""The same for `make test-fast`."""


def examples(count: int) -> settings:
    """Return settings that try `count` examples in the full run, in other profiles proportionally many."""
    return settings(max_examples=max(1, round(count * _share())))


def sampled(values: Sequence[_Value]) -> Sequence[_Value]:
    """Return all values in the full run, and in the fast profile some of them at even distances.

    The distance is odd, so that it follows no alignment of bytes or words.
    """
    return values[:: round(1 / _share()) | 1] if _share() < 1 else values


def _share() -> float:
    """The examples of the loaded profile, relative to the full run."""
    return settings.default.max_examples / FULL_EXAMPLES  # type: ignore[union-attr]
