"""Forms of plates of one length, all held against a text at once."""

from collections.abc import Sequence
from itertools import accumulate
from operator import and_
from typing import Final

from streams.plates.fleets import PlateBlock

_MAX_EXTRA_MISFITS: Final = 2
"""Forms with so many more unfit places than the best are left out: each such place is a misread more."""
_MAX_CACHED: Final = 1 << 14


class FormatTable:
    """The forms of one length. A set of them is a whole number, whose bit k stands for the form k.

    A text of a shape that was not met before has to be held against all forms of its length and those beside.
    Any misread may be such a text, so this is done for all forms together.
    """

    def __init__(self, blocks: Sequence[PlateBlock]) -> None:
        self._blocks = blocks
        self._all_formats = (1 << len(blocks)) - 1
        self._formats_allowing: list[dict[str, int]] = [{} for _ in blocks[0].allowed]
        """By place, for each character the forms that allow it there."""
        for bit, block in enumerate(blocks):
            for allowing, allowed in zip(self._formats_allowing, block.allowed, strict=True):
                for char in allowed:
                    allowing[char] = allowing.get(char, 0) | 1 << bit
        self._densities: dict[int, float] = {}

    def select(self, fitting: int) -> list[PlateBlock]:
        """The forms of a set, in order."""
        found = []
        while fitting:
            lowest = fitting & -fitting
            found.append(self._blocks[lowest.bit_length() - 1])
            fitting ^= lowest
        return found

    def density(self, fitting: int, limit: float = 1.0) -> float:
        """How many vehicles have one plate that all forms of a set have."""
        found = self._densities.get(fitting)
        if found is None:
            found = sum(block.density for block in self.select(fitting))
            if len(self._densities) < _MAX_CACHED:
                self._densities[fitting] = found
        return min(found, limit)

    def fit(self, text: str) -> int:
        """The forms that a text of their length fits."""
        found = self._all_formats
        for allowing, char in zip(self._formats_allowing, text, strict=True):
            found &= allowing.get(char, 0)
        return found

    def fit_best(self, text: str) -> int:
        """The forms with the fewest places that a text of their length does not fit, and few more."""
        by_unfit = [self._all_formats]
        for allowing, char in zip(self._formats_allowing, text, strict=True):
            here = allowing.get(char, 0)
            moved = [forms & ~here for forms in by_unfit]
            by_unfit = [forms & here for forms in by_unfit] + [0]
            for unfit, forms in enumerate(moved, 1):
                by_unfit[unfit] |= forms
        least = next(unfit for unfit, forms in enumerate(by_unfit) if forms)
        found = 0
        for forms in by_unfit[least : least + _MAX_EXTRA_MISFITS + 1]:
            found |= forms
        return found

    def fit_with_insertion(self, text: str) -> list[int]:
        """For each place of a plate the forms that a text fits which lacks the character there."""
        return self._combine_at_gaps(
            [allowing.get(char, 0) for allowing, char in zip(self._formats_allowing, text, strict=False)],
            [allowing.get(char, 0) for allowing, char in zip(self._formats_allowing[1:], text, strict=True)],
        )

    def fit_with_deletion(self, text: str) -> list[int]:
        """For each place of a text the forms that it fits without the character there."""
        return self._combine_at_gaps(
            [allowing.get(char, 0) for allowing, char in zip(self._formats_allowing, text, strict=False)],
            [allowing.get(char, 0) for allowing, char in zip(self._formats_allowing, text[1:], strict=True)],
        )

    def _combine_at_gaps(self, before: list[int], after: list[int]) -> list[int]:
        """For each place the forms that are in all of `before` up to it and in all of `behind` from it on."""
        found = list(accumulate(before, and_, initial=self._all_formats))
        rest = list(accumulate(reversed(after), and_, initial=self._all_formats))
        return [one & other for one, other in zip(found, reversed(rest), strict=True)]
