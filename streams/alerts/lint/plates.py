"""Checks on plates: the same vehicle listed twice, and plates that no country has issued."""

from array import array
from collections.abc import Iterable, Iterator
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from streams.alerts.lint.finding import Check, Entry, Finding, Severity
from streams.alerts.lint.line_store import LineStore
from streams.alerts.lint.pattern_coverage import PatternCoverage
from streams.plates.formats import Formats
from streams.plates.german import GERMANY, split_at_gap
from streams.plates.normal_form import MAX_LENGTH, UMLAUTS, packable_spellings
from streams.records.alert import Alert
from streams.records.times import Millis

_UMLAUT_SPELLINGS: Final = {f"{plain}E": umlaut for umlaut, plain in UMLAUTS.items()}
_MAX_DISTRICT_LENGTH: Final = 3
"""Umlauts only occur in the district, the first three letters of a German plate."""


class DuplicatePlate(Check):
    """One vehicle in one list under two alerts that are valid at the same time, now or later: it hits twice.

    One vehicle is one country and one normal form, umlaut spellings aside. Validity periods that do not
    overlap are one listing after another, and German plates with both gaps written and different are two
    vehicles.
    """

    id: ClassVar[str] = "duplicate-plate"
    severity: ClassVar[Severity] = "error"

    def __init__(self, lines: LineStore, now_ms: Millis) -> None:
        self._lines = lines
        self._now_ms = now_ms
        self._index_by_context: dict[tuple[str, str | None], int] = {}
        # By row of the line store.
        self._lengths_after_district = array("b")
        # By spelling; most plates have one.
        self._owner_rows = array("q")
        self._context_indexes = array("q")
        self._plates = bytearray()

    def check_entry(self, entry: Entry) -> Iterable[Finding]:
        alert = entry.record
        if isinstance(alert, Alert):
            context = self._index_by_context.setdefault(
                (alert.list_id, alert.country), len(self._index_by_context)
            )
            self._lengths_after_district.append(
                length_after_district(alert.plate) if alert.country == GERMANY else 0
            )
            for spelling in packable_spellings(entry.plate):
                self._owner_rows.append(entry.row)
                self._context_indexes.append(context)
                self._plates += spelling.encode().ljust(MAX_LENGTH, b"\0")
        return ()

    def check_all(self) -> Iterable[Finding]:
        if not self._owner_rows:
            return
        ends_ms = np.minimum(self._lines.valid_until_ms, self._lines.withdrawn_ms)
        reported = set()
        for rows in self._rows_by_spelling(ends_ms):
            for pair in self._overlapping_pairs(rows, ends_ms):
                if pair not in reported:
                    reported.add(pair)
                    yield self._make_duplicate(*pair)

    def _rows_by_spelling(self, ends_ms: NDArray[np.int64]) -> Iterator[list[int]]:
        """Yield groups of two or more rows that share a spelling.

        Only the highest version of each alert is considered, and only if it has not ended.
        """
        is_considered = np.zeros(len(self._lines), dtype=bool)
        is_considered[self._lines.latest_rows] = True
        is_considered &= ends_ms > self._now_ms
        owner, context = np.array(self._owner_rows), np.array(self._context_indexes)
        parts = np.frombuffer(self._plates, dtype=np.dtype([("head", "<u8"), ("tail", "<u4")]))
        chosen = np.flatnonzero(is_considered[owner])
        order = chosen[np.lexsort((context[chosen], parts["tail"][chosen], parts["head"][chosen]))]
        is_same = context[order][1:] == context[order][:-1]
        for part in ("head", "tail"):
            is_same &= parts[part][order][1:] == parts[part][order][:-1]
        edges = np.diff(np.r_[False, is_same, False].astype(np.int8))
        for start, end in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
            yield owner[order[start : end + 1]].tolist()

    def _overlapping_pairs(self, rows: list[int], ends_ms: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
        """Yield pairs of rows valid at the same time, each row at most once as the later to begin."""
        # A plate without written gaps may be of any district: it is compared with the plates of the first.
        lengths = self._lengths_after_district
        default_length = next((lengths[row] for row in rows if lengths[row]), 0)
        rows_by_length: dict[int, list[int]] = {}
        for row in rows:
            rows_by_length.setdefault(lengths[row] or default_length, []).append(row)
        for group in rows_by_length.values():
            group.sort(key=lambda row: (self._lines.valid_from_ms[row], row))
            last_to_end = group[0]
            for row in group[1:]:
                if self._lines.valid_from_ms[row] < ends_ms[last_to_end]:
                    yield min(row, last_to_end), max(row, last_to_end)
                if ends_ms[row] > ends_ms[last_to_end]:
                    last_to_end = row

    def _make_duplicate(self, first_row: int, second_row: int) -> Finding:
        first = self._lines.location(first_row)
        return self.make_finding(
            self._lines.location(second_row),
            "plate",
            f"the list already has this plate, under {first.alert} at {first}",
            f"also the plate of {first.alert} at {first}",
            "withdraw one of the two; to change an alert, send a higher version of the same alert_id",
        )


class ImpossiblePlate(Check):
    """A plate that fits no format of its country as it is written, free formats included.

    A warning: not every special series has a known format. A country with unknown formats has no finding. An
    umlaut may be spelled out (OE for Ö).
    """

    id: ClassVar[str] = "impossible-plate"
    severity: ClassVar[Severity] = "warning"

    def __init__(self, formats: Formats, coverage: PatternCoverage) -> None:
        self._formats = formats
        self._coverage = coverage
        self._countries = frozenset(formats.countries)

    def check_entry(self, entry: Entry) -> Iterable[Finding]:
        alert = entry.record
        if not isinstance(alert, Alert) or alert.country not in self._countries:
            return ()
        plate, country = entry.plate, alert.country
        if entry.is_pattern:
            if self._coverage.is_possible(plate, country):
                return ()
            rule, advice = f"no plate of {country} fits the pattern", "check the pattern and the country"
        else:
            variants = _umlaut_variants(plate, country)
            if any(self._formats.exact_fits(variant, country) for variant in variants):
                return ()
            rule, advice = f"the plate fits no format of {country}", self._advice(plate, country)
        return (self.make_finding(entry.location, "plate", rule, rule, advice),)

    def _advice(self, plate: str, country: str) -> str:
        hints = []
        # The number of characters, not their positions: these would reveal something of the plate.
        misread_counts = [
            sum(char != true for char, true in zip(plate, fit.plate, strict=True)) + len(fit.open_positions)
            for fit in self._formats.settled_fits(plate, country)
        ]
        if misread_counts:
            count = min(misread_counts)
            text = "a character was" if count == 1 else f"{count} characters were"
            hints.append(f"it would fit one if {text} misread (such as O for 0)")
        possible_countries = [
            other
            for other in self._formats.countries
            if other != country and self._formats.is_possible_as_read(plate, other)
        ]
        if possible_countries:
            hints.append(f"it is possible in {', '.join(possible_countries)}")
        return "; ".join(["check the plate and its country", *hints])


def length_after_district(text: str) -> int:
    """Return the number of characters after the district of a German plate; 0 if its gaps are not written.

    It tells `B-AB 123` from `BA-B 123`, however an umlaut in the district is spelled.
    """
    return sum(map(len, (split_at_gap(text) or [])[1:]))


def _umlaut_variants(plate: str, country: str) -> Iterator[str]:
    """Yield the plate and, if German, its variants with an umlaut for one AE, OE or UE in the district."""
    yield plate
    if country == GERMANY:
        for position in range(min(_MAX_DISTRICT_LENGTH, len(plate) - 1)):
            umlaut = _UMLAUT_SPELLINGS.get(plate[position : position + 2])
            if umlaut:
                yield plate[:position] + umlaut + plate[position + 2 :]
