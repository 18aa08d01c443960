"""Which share of a country's plates a pattern fits, from the national formats."""

import re
from math import prod
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.plates.formats import Formats
from streams.plates.normal_form import MAX_LENGTH
from streams.plates.shapes import expand_shape

CHARS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÜ"
MIN_SERIES_PLATES: Final = 1_000_000
"""Series with fewer possible plates are left out: one letter too few of the royal family's is no flood."""
_CHAR_CODES: Final = {char: code for code, char in enumerate(CHARS)}


class SeriesCoverage(NamedTuple):
    """A share of the possible plates of a series (the id of a format)."""

    share: float
    series: str


class _CountryForms(NamedTuple):
    """The forms of a country: the chance of each character at each place (n × 12 × 39), lengths (n), the
    weight of each in its series (n), the series of each (n), and those that are asked for their share."""

    probabilities: NDArray[np.float64]
    lengths: NDArray[np.intp]
    weights: NDArray[np.float64]
    series: NDArray[np.intp]
    series_ids: list[str]
    is_eligible: NDArray[np.bool_]


class PatternCoverage:
    """Answers for patterns, in normal form with wildcards.

    All texts of a series are taken to be as frequent; what a format shuts out by `never` is not looked at.
    Of a pattern with several `*` a text may count more than once, so its share may come out too high.
    """

    def __init__(self, formats: Formats) -> None:
        self._formats = formats
        self._forms_by_country: dict[str | None, _CountryForms] = {}

    def widest_series(self, pattern: str, country: str | None) -> SeriesCoverage | None:
        """The series of a country, of any country if None, of which the pattern fits the greatest share.

        Free series and small ones are left out; None if there is no other.
        """
        of = self._forms_for(country)
        if not of.is_eligible.any():
            return None
        sums = np.bincount(
            of.series, self._match_probabilities(pattern, of) * of.weights, minlength=len(of.series_ids)
        )
        best = int(np.argmax(np.where(of.is_eligible, sums, -1)))
        return SeriesCoverage(min(float(sums[best]), 1.0), of.series_ids[best])

    def is_possible(self, pattern: str, country: str) -> bool:
        """Whether some text fits both the pattern and a series of a country, free ones included."""
        return bool(self._match_probabilities(pattern, self._forms_for(country)).any())

    def _match_probabilities(self, pattern: str, country_forms: _CountryForms) -> NDArray[np.float64]:
        """For each form, the chance that one of its texts fits."""
        # ways[n, k]: the chance that the pattern so far fits the first k characters.
        ways = np.zeros((len(country_forms.lengths), MAX_LENGTH + 1))
        ways[:, 0] = 1
        for char in _normalise_wildcards(pattern):
            if char == "*":
                ways = np.cumsum(ways, axis=1)
                continue
            step = (
                ways[:, :-1]
                if char == "?"
                else ways[:, :-1] * country_forms.probabilities[:, :, _CHAR_CODES[char]]
            )
            ways = np.zeros_like(ways)
            ways[:, 1:] = step
        found: NDArray[np.float64] = ways[np.arange(len(country_forms.lengths)), country_forms.lengths]
        return found

    def _forms_for(self, country: str | None) -> _CountryForms:
        if country not in self._forms_by_country:
            self._forms_by_country[country] = self._build_forms(country)
        return self._forms_by_country[country]

    def _build_forms(self, country: str | None) -> _CountryForms:
        rows = [row for row in self._formats.rows if country in (None, row.country)]
        all_forms = [
            (place, form) for place, row in enumerate(rows) for s in row.shapes for form in expand_shape(s)
        ]
        texts = np.array([prod(map(len, form.allowed)) for _, form in all_forms], dtype=np.float64)
        series = np.array([place for place, _ in all_forms], dtype=np.intp)
        of_series = np.bincount(series, texts, minlength=len(rows))
        chances = np.zeros((len(all_forms), MAX_LENGTH, len(CHARS)))
        for number, (_, form) in enumerate(all_forms):
            for place, allowed in enumerate(form.allowed):
                chances[number, place, [_CHAR_CODES[char] for char in allowed]] = 1 / len(allowed)
        asked = (of_series >= MIN_SERIES_PLATES) & ~np.array([row.free for row in rows], dtype=bool)
        lengths = np.array([len(form.allowed) for _, form in all_forms], dtype=np.intp)
        return _CountryForms(
            chances, lengths, texts / of_series[series], series, [row.id for row in rows], asked
        )


def _normalise_wildcards(pattern: str) -> str:
    """The pattern with `?` before `*` in each run of wildcards and one `*` for several: it fits the same
    texts, each in fewer ways."""
    return re.sub(r"[?*]*\*[?*]*", lambda found: "?" * found[0].count("?") + "*", pattern)
