"""Checks on plates: the same vehicle twice, and plates that no country has issued."""

from array import array
from collections.abc import Iterable, Iterator
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from streams.alerts.lint.finding import Check, Entry, Finding, Severity
from streams.alerts.lint.line_store import Ledger
from streams.alerts.lint.pattern_coverage import Shares
from streams.plates.formats import Formats
from streams.plates.german import GERMAN, written_groups
from streams.plates.normal_form import MAX_LENGTH, UMLAUTS, spellings
from streams.records.alert import Alert

_SPELLED_OUT: Final = {f"{plain}E": umlaut for umlaut, plain in UMLAUTS.items()}
_LAST_UMLAUT: Final = 3
"""Umlauts stand in the district, the first three letters of a German plate."""


class DuplicatePlate(Check):
    """One vehicle in one list under two alerts that are in force together, now or later: it hits twice.

    One vehicle is one country and one normal form, umlaut spellings aside. Terms that do not overlap are one
    listing after another, and German plates with both gaps written and different are two vehicles.
    """

    id: ClassVar[str] = "duplicate-plate"
    severity: ClassVar[Severity] = "error"

    def __init__(self, ledger: Ledger, now: int) -> None:
        self._ledger = ledger
        self._now = now
        self._contexts: dict[tuple[str, str | None], int] = {}
        # By row of the ledger.
        self._behind = array("b")
        # By spelling; most plates have one.
        self._owner = array("q")
        self._context = array("q")
        self._plates = bytearray()

    def see(self, entry: Entry) -> Iterable[Finding]:
        alert = entry.record
        if isinstance(alert, Alert):
            context = self._contexts.setdefault((alert.list_id, alert.country), len(self._contexts))
            self._behind.append(length_behind_district(alert.plate) if alert.country == GERMAN else 0)
            for spelling in spellings(entry.plate):
                self._owner.append(entry.row)
                self._context.append(context)
                self._plates += spelling.encode().ljust(MAX_LENGTH, b"\0")
        return ()

    def finish(self) -> Iterable[Finding]:
        if not self._owner:
            return
        ends = np.minimum(self._ledger.ends, self._ledger.withdrawn)
        told = set()
        for rows in self._groups(ends):
            for pair in self._together(rows, ends):
                if pair not in told:
                    told.add(pair)
                    yield self._duplicate(*pair)

    def _groups(self, ends: NDArray[np.int64]) -> Iterator[list[int]]:
        """The rows that share a spelling, where they are two or more: the highest version of each alert, if
        it has not ended."""
        asked = np.zeros(len(self._ledger), dtype=bool)
        asked[self._ledger.latest] = True
        asked &= ends > self._now
        owner, context = np.array(self._owner), np.array(self._context)
        parts = np.frombuffer(self._plates, dtype=np.dtype([("head", "<u8"), ("tail", "<u4")]))
        chosen = np.flatnonzero(asked[owner])
        order = chosen[np.lexsort((context[chosen], parts["tail"][chosen], parts["head"][chosen]))]
        alike = context[order][1:] == context[order][:-1]
        for part in ("head", "tail"):
            alike &= parts[part][order][1:] == parts[part][order][:-1]
        edges = np.diff(np.r_[False, alike, False].astype(np.int8))
        for start, end in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
            yield owner[order[start : end + 1]].tolist()

    def _together(self, rows: list[int], ends: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
        """Pairs of rows in force together, each row in at most one as the later to begin."""
        # A plate without written gaps may be of any district: it is compared with those of the first.
        first = next((behind for row in rows if (behind := self._behind[row])), 0)
        by_gap: dict[int, list[int]] = {}
        for row in rows:
            by_gap.setdefault(self._behind[row] or first, []).append(row)
        for group in by_gap.values():
            group.sort(key=lambda row: (self._ledger.begins[row], row))
            longest = group[0]
            for row in group[1:]:
                if self._ledger.begins[row] < ends[longest]:
                    yield min(row, longest), max(row, longest)
                if ends[row] > ends[longest]:
                    longest = row

    def _duplicate(self, first: int, other: int) -> Finding:
        where = self._ledger.place(first)
        return self.finding(
            self._ledger.place(other),
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

    def __init__(self, formats: Formats, shares: Shares) -> None:
        self._formats = formats
        self._shares = shares
        self._known = frozenset(formats.countries)

    def see(self, entry: Entry) -> Iterable[Finding]:
        alert = entry.record
        if not isinstance(alert, Alert) or alert.country not in self._known:
            return ()
        plate, country = entry.plate, alert.country
        if entry.pattern:
            if self._shares.possible(plate, country):
                return ()
            value, advice = f"a pattern that no plate of {country} fits", "check the pattern and the country"
        else:
            if any(self._formats.fits(way, country) for way in _with_umlauts(plate, country)):
                return ()
            value, advice = f"no plate of {country} as it stands", self._advice(plate, country)
        return (self.finding(entry.place, "plate", "fits a format of its country", value, advice),)

    def _advice(self, plate: str, country: str) -> str:
        hints = []
        # By how many characters, not which: where they stand would tell of the plate.
        misread = [
            sum(one != other for one, other in zip(plate, fit.plate, strict=True)) + len(fit.open)
            for fit in self._formats.settled(plate, country)
        ]
        if misread:
            count = min(misread)
            words = "a character was" if count == 1 else f"{count} characters were"
            hints.append(f"it would be one if {words} taken for another (O for 0 and the like)")
        others = [
            other
            for other in self._formats.countries
            if other != country and self._formats.possible_as_read(plate, other)
        ]
        if others:
            hints.append(f"it is possible in {', '.join(others)}")
        return "; ".join(["check the plate and its country", *hints])


def length_behind_district(text: str) -> int:
    """How many characters stand behind the district of a German plate as listed, 0 if its gaps are not
    written. It tells `B-AB 123` from `BA-B 123`, however an umlaut in the district is spelled."""
    return sum(map(len, (written_groups(text) or [])[1:]))


def _with_umlauts(plate: str, country: str) -> Iterator[str]:
    """The plate, and if it is German, it with an umlaut for each of AE, OE, UE in the district."""
    yield plate
    if country == GERMAN:
        for place in range(min(_LAST_UMLAUT, len(plate) - 1)):
            umlaut = _SPELLED_OUT.get(plate[place : place + 2])
            if umlaut:
                yield plate[:place] + umlaut + plate[place + 2 :]
