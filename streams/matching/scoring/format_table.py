"""The plate formats of one length, all compared with a text at once."""

from collections.abc import Sequence
from itertools import accumulate
from operator import and_
from typing import Final

from streams.plates.fleets import PlateBlock

_MAX_EXTRA_MISFITS: Final = 2
"""Formats with more unfit positions than this beyond the best are left out: each is one more misread."""
_MAX_CACHED: Final = 1 << 14


class FormatTable:
    """The formats of one length. A set of them is an integer whose bit k stands for format k.

    A text of a new shape is compared with all formats of its length and of adjacent lengths. Any misread
    may be such a text, so all formats are compared together.
    """

    def __init__(self, blocks: Sequence[PlateBlock]) -> None:
        self._blocks = blocks
        self._all_formats = (1 << len(blocks)) - 1
        self._formats_allowing: list[dict[str, int]] = [{} for _ in blocks[0].allowed]
        """By position and character, the formats that allow the character there."""
        for bit, block in enumerate(blocks):
            for allowing, allowed in zip(self._formats_allowing, block.allowed, strict=True):
                for char in allowed:
                    allowing[char] = allowing.get(char, 0) | 1 << bit
        self._densities: dict[int, float] = {}

    def select(self, fitting: int) -> list[PlateBlock]:
        """Return the formats of a set, in order."""
        blocks = []
        while fitting:
            lowest = fitting & -fitting
            blocks.append(self._blocks[lowest.bit_length() - 1])
            fitting ^= lowest
        return blocks

    def density(self, fitting: int, limit: float = 1.0) -> float:
        """Return the expected vehicles with one plate that fits all formats of a set, at most `limit`."""
        density = self._densities.get(fitting)
        if density is None:
            density = sum(block.density for block in self.select(fitting))
            if len(self._densities) < _MAX_CACHED:
                self._densities[fitting] = density
        return min(density, limit)

    def fit(self, text: str) -> int:
        """Return the formats that a text of their length fits."""
        fitting = self._all_formats
        for allowing, char in zip(self._formats_allowing, text, strict=True):
            fitting &= allowing.get(char, 0)
        return fitting

    def fit_best(self, text: str) -> int:
        """Return the formats with the fewest positions that a text of their length does not fit.

        Those with up to two more are included.
        """
        by_misfits = [self._all_formats]  # by number of positions so far that do not fit
        for allowing, char in zip(self._formats_allowing, text, strict=True):
            fitting = allowing.get(char, 0)
            misfitting = [formats & ~fitting for formats in by_misfits]
            by_misfits = [formats & fitting for formats in by_misfits] + [0]
            for misfits, formats in enumerate(misfitting, 1):
                by_misfits[misfits] |= formats
        fewest = next(misfits for misfits, formats in enumerate(by_misfits) if formats)
        best = 0
        for formats in by_misfits[fewest : fewest + _MAX_EXTRA_MISFITS + 1]:
            best |= formats
        return best

    def fit_with_insertion(self, text: str) -> list[int]:
        """Return by position of a plate the formats that a text fits with a character inserted there."""
        return self._combine_at_gaps(
            [allowing.get(char, 0) for allowing, char in zip(self._formats_allowing, text, strict=False)],
            [allowing.get(char, 0) for allowing, char in zip(self._formats_allowing[1:], text, strict=True)],
        )

    def fit_with_deletion(self, text: str) -> list[int]:
        """Return by position of a text the formats that it fits without the character there."""
        return self._combine_at_gaps(
            [allowing.get(char, 0) for allowing, char in zip(self._formats_allowing, text, strict=False)],
            [allowing.get(char, 0) for allowing, char in zip(self._formats_allowing, text[1:], strict=True)],
        )

    def _combine_at_gaps(self, before: list[int], after: list[int]) -> list[int]:
        """Return for each gap the formats in all of `before` up to it and in all of `after` from it on."""
        prefixes = list(accumulate(before, and_, initial=self._all_formats))
        suffixes = list(accumulate(reversed(after), and_, initial=self._all_formats))
        return [prefix & suffix for prefix, suffix in zip(prefixes, reversed(suffixes), strict=True)]
