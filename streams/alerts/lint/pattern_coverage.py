"""Which share of a country's plates a pattern fits, from the national formats."""

import re
from math import prod
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.plates.formats import Formats
from streams.plates.normal_form import MAX_LENGTH
from streams.plates.shapes import forms

CHARS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÜ"
LEAST_SERIES: Final = 1_000_000
"""Series with fewer possible plates are left out: one letter too few of the royal family's is no flood."""
_CODE: Final = {char: code for code, char in enumerate(CHARS)}


class Share(NamedTuple):
    """A share of the possible plates of a series (the id of a format)."""

    share: float
    series: str


class _Forms(NamedTuple):
    """The forms of a country: the chance of each character at each place (n × 12 × 39), lengths (n), the
    weight of each in its series (n), the series of each (n), and those that are asked for their share."""

    chances: NDArray[np.float64]
    lengths: NDArray[np.intp]
    weights: NDArray[np.float64]
    series: NDArray[np.intp]
    ids: list[str]
    asked: NDArray[np.bool_]


class Shares:
    """Answers for patterns, in normal form with wildcards.

    All texts of a series are taken to be as frequent; what a format shuts out by `never` is not looked at.
    Of a pattern with several `*` a text may count more than once, so its share may come out too high.
    """

    def __init__(self, formats: Formats) -> None:
        self._formats = formats
        self._of: dict[str | None, _Forms] = {}

    def widest(self, pattern: str, country: str | None) -> Share | None:
        """The series of a country, of any country if None, of which the pattern fits the greatest share.

        Free series and small ones are left out; None if there is no other.
        """
        of = self._forms(country)
        if not of.asked.any():
            return None
        sums = np.bincount(of.series, self._chances(pattern, of) * of.weights, minlength=len(of.ids))
        best = int(np.argmax(np.where(of.asked, sums, -1)))
        return Share(min(float(sums[best]), 1.0), of.ids[best])

    def possible(self, pattern: str, country: str) -> bool:
        """Whether some text fits both the pattern and a series of a country, free ones included."""
        return bool(self._chances(pattern, self._forms(country)).any())

    def _chances(self, pattern: str, of: _Forms) -> NDArray[np.float64]:
        """For each form, the chance that one of its texts fits."""
        # ways[n, k]: the chance that the pattern so far fits the first k characters.
        ways = np.zeros((len(of.lengths), MAX_LENGTH + 1))
        ways[:, 0] = 1
        for char in _ordered(pattern):
            if char == "*":
                ways = np.cumsum(ways, axis=1)
                continue
            step = ways[:, :-1] if char == "?" else ways[:, :-1] * of.chances[:, :, _CODE[char]]
            ways = np.zeros_like(ways)
            ways[:, 1:] = step
        found: NDArray[np.float64] = ways[np.arange(len(of.lengths)), of.lengths]
        return found

    def _forms(self, country: str | None) -> _Forms:
        if country not in self._of:
            self._of[country] = self._made(country)
        return self._of[country]

    def _made(self, country: str | None) -> _Forms:
        rows = [row for row in self._formats.rows if country in (None, row.country)]
        all_forms = [(place, form) for place, row in enumerate(rows) for s in row.shapes for form in forms(s)]
        texts = np.array([prod(map(len, form.allowed)) for _, form in all_forms], dtype=np.float64)
        series = np.array([place for place, _ in all_forms], dtype=np.intp)
        of_series = np.bincount(series, texts, minlength=len(rows))
        chances = np.zeros((len(all_forms), MAX_LENGTH, len(CHARS)))
        for number, (_, form) in enumerate(all_forms):
            for place, allowed in enumerate(form.allowed):
                chances[number, place, [_CODE[char] for char in allowed]] = 1 / len(allowed)
        asked = (of_series >= LEAST_SERIES) & ~np.array([row.free for row in rows], dtype=bool)
        lengths = np.array([len(form.allowed) for _, form in all_forms], dtype=np.intp)
        return _Forms(chances, lengths, texts / of_series[series], series, [row.id for row in rows], asked)


def _ordered(pattern: str) -> str:
    """The pattern with `?` before `*` in each run of wildcards and one `*` for several: it fits the same
    texts, each in fewer ways."""
    return re.sub(r"[?*]*\*[?*]*", lambda found: "?" * found[0].count("?") + "*", pattern)
