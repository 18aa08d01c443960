"""Checks on plates: the same vehicle twice, and plates that no country has issued."""

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

_UMLAUT_SPELLINGS: Final = {f"{plain}E": umlaut for umlaut, plain in UMLAUTS.items()}
_MAX_DISTRICT_LENGTH: Final = 3
"""Umlauts stand in the district, the first three letters of a German plate."""


class DuplicatePlate(Check):
    """One vehicle in one list under two alerts that are in force together, now or later: it hits twice.

    One vehicle is one country and one normal form, umlaut spellings aside. Terms that do not overlap are one
    listing after another, and German plates with both gaps written and different are two vehicles.
    """

    id: ClassVar[str] = "duplicate-plate"
    severity: ClassVar[Severity] = "error"

    def __init__(self, lines: LineStore, now_ms: int) -> None:
        self._lines = lines
        self._now_ms = now_ms
        self._index_by_context: dict[tuple[str, str | None], int] = {}
        # By row of the ledger.
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
        ends = np.minimum(self._lines.valid_until_ms, self._lines.withdrawn_ms)
        told = set()
        for rows in self._rows_by_spelling(ends):
            for pair in self._overlapping_pairs(rows, ends):
                if pair not in told:
                    told.add(pair)
                    yield self._make_duplicate(*pair)

    def _rows_by_spelling(self, ends_ms: NDArray[np.int64]) -> Iterator[list[int]]:
        """The rows that share a spelling, where they are two or more: the highest version of each alert, if
        it has not ended."""
        asked = np.zeros(len(self._lines), dtype=bool)
        asked[self._lines.latest_rows] = True
        asked &= ends_ms > self._now_ms
        owner, context = np.array(self._owner_rows), np.array(self._context_indexes)
        parts = np.frombuffer(self._plates, dtype=np.dtype([("head", "<u8"), ("tail", "<u4")]))
        chosen = np.flatnonzero(asked[owner])
        order = chosen[np.lexsort((context[chosen], parts["tail"][chosen], parts["head"][chosen]))]
        alike = context[order][1:] == context[order][:-1]
        for part in ("head", "tail"):
            alike &= parts[part][order][1:] == parts[part][order][:-1]
        edges = np.diff(np.r_[False, alike, False].astype(np.int8))
        for start, end in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
            yield owner[order[start : end + 1]].tolist()

    def _overlapping_pairs(self, rows: list[int], ends_ms: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
        """Pairs of rows in force together, each row in at most one as the later to begin."""
        # A plate without written gaps may be of any district: it is compared with those of the first.
        first = next((behind for row in rows if (behind := self._lengths_after_district[row])), 0)
        by_gap: dict[int, list[int]] = {}
        for row in rows:
            by_gap.setdefault(self._lengths_after_district[row] or first, []).append(row)
        for group in by_gap.values():
            group.sort(key=lambda row: (self._lines.valid_from_ms[row], row))
            longest = group[0]
            for row in group[1:]:
                if self._lines.valid_from_ms[row] < ends_ms[longest]:
                    yield min(row, longest), max(row, longest)
                if ends_ms[row] > ends_ms[longest]:
                    longest = row

    def _make_duplicate(self, first_row: int, second_row: int) -> Finding:
        where = self._lines.location(first_row)
        return self.make_finding(
            self._lines.location(second_row),
            "plate",
            "a list has a plate once",
            f"also the plate of {where.alert} at {where}",
            "withdraw one of the two; a change is a higher version of the same alert_id",
        )


class ImpossiblePlate(Check):
    """A plate that fits no format of its country as it stands, free ones included.

    A warning: formats are not known to the last special series. A country with unknown formats gives no
    finding. An umlaut may be spelled out (OE for Ö).
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
            value, advice = f"a pattern that no plate of {country} fits", "check the pattern and the country"
        else:
            if any(self._formats.exact_fits(way, country) for way in _umlaut_variants(plate, country)):
                return ()
            value, advice = f"no plate of {country} as it stands", self._advice(plate, country)
        return (self.make_finding(entry.location, "plate", "fits a format of its country", value, advice),)

    def _advice(self, plate: str, country: str) -> str:
        hints = []
        # By how many characters, not which: where they stand would tell of the plate.
        misread = [
            sum(one != other for one, other in zip(plate, fit.plate, strict=True)) + len(fit.open_positions)
            for fit in self._formats.settled_fits(plate, country)
        ]
        if misread:
            count = min(misread)
            words = "a character was" if count == 1 else f"{count} characters were"
            hints.append(f"it would be one if {words} taken for another (O for 0 and the like)")
        others = [
            other
            for other in self._formats.countries
            if other != country and self._formats.is_possible_as_read(plate, other)
        ]
        if others:
            hints.append(f"it is possible in {', '.join(others)}")
        return "; ".join(["check the plate and its country", *hints])


def length_after_district(text: str) -> int:
    """How many characters stand behind the district of a German plate as listed, 0 if its gaps are not
    written. It tells `B-AB 123` from `BA-B 123`, however an umlaut in the district is spelled."""
    return sum(map(len, (split_at_gap(text) or [])[1:]))


def _umlaut_variants(plate: str, country: str) -> Iterator[str]:
    """The plate, and if it is German, it with an umlaut for each of AE, OE, UE in the district."""
    yield plate
    if country == GERMANY:
        for place in range(min(_MAX_DISTRICT_LENGTH, len(plate) - 1)):
            umlaut = _UMLAUT_SPELLINGS.get(plate[place : place + 2])
            if umlaut:
                yield plate[:place] + umlaut + plate[place + 2 :]
