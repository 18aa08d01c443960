"""The share of a country's plates that a pattern fits, from the national formats."""

from math import prod
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.plates.formats import Formats
from streams.plates.shapes import FormTable, build_form_table, expand_shape, wildcard_share

MIN_SERIES_PLATES: Final = 1_000_000
"""Series with fewer possible plates are left out: a pattern that fits most plates of a royal family does not
cause many false hits."""


class SeriesCoverage(NamedTuple):
    """A share of the possible plates of a series, and the series as the id of its format."""

    share: float
    series: str


class _CountryForms(NamedTuple):
    """The forms of a country (n) and their series (m)."""

    forms: FormTable
    weights: NDArray[np.float64]
    """The share of each form in the plates of its series (n)."""
    series: NDArray[np.intp]
    """The index of each form's series (n)."""
    series_ids: list[str]
    is_eligible: NDArray[np.bool_]
    """True for series that are neither free nor small (m)."""


class PatternCoverage:
    """The coverage of patterns, given in normal form with wildcards.

    All texts of a series are assumed equally frequent; what a format excludes by `never` is ignored. With
    several `*` in a pattern a text may count more than once, so the share may be too high.
    """

    def __init__(self, formats: Formats) -> None:
        self._formats = formats
        self._forms_by_country: dict[str | None, _CountryForms] = {}

    def widest_series(self, pattern: str, country: str | None) -> SeriesCoverage | None:
        """Return the series of a country, or of any if None, of which the pattern fits the greatest share.

        Free and small series are left out; None if there is no other.
        """
        country_forms = self._forms_for(country)
        if not country_forms.is_eligible.any():
            return None
        shares = wildcard_share(pattern, country_forms.forms) * country_forms.weights
        sums = np.bincount(country_forms.series, shares, minlength=len(country_forms.series_ids))
        best = int(np.argmax(np.where(country_forms.is_eligible, sums, -1)))
        return SeriesCoverage(min(float(sums[best]), 1.0), country_forms.series_ids[best])

    def is_possible(self, pattern: str, country: str) -> bool:
        """True if some text fits both the pattern and a series of a country, free ones included."""
        return bool(wildcard_share(pattern, self._forms_for(country).forms).any())

    def _forms_for(self, country: str | None) -> _CountryForms:
        if country not in self._forms_by_country:
            self._forms_by_country[country] = self._build_forms(country)
        return self._forms_by_country[country]

    def _build_forms(self, country: str | None) -> _CountryForms:
        rows = [row for row in self._formats.rows if country in (None, row.country)]
        forms = [
            (index, form)
            for index, row in enumerate(rows)
            for shape in row.shapes
            for form in expand_shape(shape)
        ]
        plate_counts = np.array([prod(map(len, form.allowed)) for _, form in forms], dtype=np.float64)
        series = np.array([index for index, _ in forms], dtype=np.intp)
        series_sizes = np.bincount(series, plate_counts, minlength=len(rows))
        is_free = np.array([row.free for row in rows], dtype=bool)
        return _CountryForms(
            build_form_table([form.allowed for _, form in forms]),
            plate_counts / series_sizes[series],
            series,
            [row.id for row in rows],
            (series_sizes >= MIN_SERIES_PLATES) & ~is_free,
        )
