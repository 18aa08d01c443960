"""A second implementation of the join, from docs/concepts/meaning.md alone, in plain loops.

It is slow and short. Of the package it uses only the records and what `formats.toml` says a country issues;
normal form, spellings, classes, patterns and the guard are its own.
"""

import itertools
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from streams.matching.config import MatchingRules
from streams.plates.formats import builtin_formats
from streams.plates.shapes import expand_shape
from streams.records.alert import Alert, Withdrawal
from streams.records.read import Read

CLASSES = [set("0ODQ"), set("1I"), set("2Z"), set("5S"), set("8B"), set("6G")]
MODES = ["exact", "pattern", "confusable"]
WRITTEN = {"Ä": ("A", "AE"), "Ö": ("O", "OE"), "Ü": ("U", "UE")}
# Each country's regular series: the characters at each place, and the texts shut out.
SERIES = {
    country: [
        (form.allowed, row.never)
        for row in builtin_formats().rows
        if row.country == country and not row.free
        for shape in row.shapes
        for form in expand_shape(shape)
    ]
    for country in builtin_formats().countries
}


class Joined(NamedTuple):
    """One match as the page has it."""

    camera_id: str
    read_id: str
    captured_at: str
    list_id: str
    alert_id: str
    version: int
    class_: str
    settled: int
    equivalent: int
    country: bool
    """Whether the hit says that the country was misread."""
    possible_countries: tuple[str, ...]


def join(
    reads: Iterable[Read], alerts: Iterable[Alert], withdrawals: Iterable[Withdrawal], policies: MatchingRules
) -> set[Joined]:
    """All matches of reads and alerts."""
    highest: dict[tuple[str, str], Alert] = {}
    for alert in alerts:
        key = (alert.list_id, alert.alert_id)
        if key not in highest or alert.version > highest[key].version:
            highest[key] = alert
    gone = list(withdrawals)
    found = (matched(read, alert, gone, policies) for read in reads for alert in highest.values())
    return {match for match in found if match is not None}


def matched(read: Read, alert: Alert, gone: list[Withdrawal], policies: MatchingRules) -> Joined | None:
    """How a read matches an alert, or None."""
    if not counts(read, alert, gone):
        return None
    plate, listed = normal(read.plate), normal(alert.plate)
    same = compared(plate, listed, read, alert, policies)
    if same is None:
        return None
    misread = False
    if read.country and alert.country and read.country != alert.country:
        if possible_settled(plate, read.country):
            return None
        misread = True
    countries = () if read.country else tuple(c for c in SERIES if possible(plate, c))
    return Joined(
        read.camera_id,
        read.read_id,
        read.captured_at.isoformat(),
        alert.list_id,
        alert.alert_id,
        alert.version,
        *same,
        misread,
        countries if len(countries) > 1 else (),
    )


def counts(read: Read, alert: Alert, gone: list[Withdrawal]) -> bool:
    """Event time, the term, and the first withdrawal after this version began."""
    ends = [
        entry.withdrawn_at
        for entry in gone
        if (entry.list_id, entry.alert_id) == (alert.list_id, alert.alert_id)
        and entry.withdrawn_at > alert.valid_from
    ]
    return alert.valid_from <= read.captured_at < min([alert.valid_until, *ends])


def compared(
    plate: str, listed: str, read: Read, alert: Alert, policies: MatchingRules
) -> tuple[str, int, int] | None:
    """The class of the match and the numbers of settled and of equivalent characters; or None."""
    mode = policies.for_list(alert.list_id).mode
    own = alert.match.mode if alert.match else None
    if own in MODES and MODES.index(own) < MODES.index(mode):
        mode = own
    ways = list(itertools.product(spellings(plate), spellings(listed)))
    if "?" in listed or "*" in listed:
        literals = sum(char not in "?*" for char in listed)
        fits = any(fnmatchcase(one, pattern) for one, pattern in ways)
        wide = mode != "exact" and literals >= policies.matching.pattern_min_literals
        return ("pattern", 0, 0) if fits and wide else None
    if any(one == other for one, other in ways):
        return "exact", 0, 0
    if mode != "confusable":
        return None
    alike = [(one, other) for one, other in ways if of_one_class(one, other)]
    # Of several spellings that are alike, the most alike; hardly ever is there more than one.
    for one, other in sorted(alike, key=lambda way: differing(*way))[:1]:
        country = alert.country or read.country
        countries = [country] if country else [c for c in SERIES if possible(other, c)]
        settled = settled_by(one, other, countries)
        left = differing(one, other) - settled
        if left == 0 or (
            left <= policies.matching.equivalences and len(listed) >= policies.matching.equivalence_min_length
        ):
            return "confusable", settled, left
    return None


def settled_by(read: str, listed: str, countries: list[str]) -> int:
    """How many differences the formats settle, by the format that settles most."""
    if any(possible(read, country) for country in countries):
        return 0
    return max(
        (
            sum(one != other == sure for one, other, sure in zip(read, listed, fit, strict=True))
            for country in countries
            for fit in fits_settled(read, country)
        ),
        default=0,
    )


def possible(plate: str, country: str) -> bool:
    """Whether a plate, as it stands, is of a regular series of a country."""
    return any(fit == plate for fit in fits_settled(plate, country))


def possible_settled(plate: str, country: str) -> bool:
    """Whether a plate is one of a country once its misreads are settled; of others nothing is known."""
    return country not in SERIES or any(True for _ in fits_settled(plate, country))


def fits_settled(plate: str, country: str) -> Iterator[str]:
    """Each way to read a plate as one of a country: settled characters in place, `.` where several can be."""
    for allowed, never in SERIES.get(country, ()):
        if len(allowed) != len(plate):
            continue
        both = zip(plate, allowed, strict=True)
        places = [{char} if char in here else kin(char) & here for char, here in both]
        if any(not shut_out(way, never) for way in map("".join, itertools.product(*places))):
            yield "".join(next(iter(chars)) if len(chars) == 1 else "." for chars in places)


def shut_out(plate: str, never: list[str]) -> bool:
    """Whether a text is of no plate although it has the shape."""
    return any(re.search(rule, plate) for rule in never)


def kin(char: str) -> set[str]:
    """The characters of one class with this one."""
    return next((group for group in CLASSES if char in group), {char})


def of_one_class(one: str, other: str) -> bool:
    """As many characters, and where they differ, both are of one class."""
    return len(one) == len(other) and all(b in kin(a) for a, b in zip(one, other, strict=True))


def differing(one: str, other: str) -> int:
    """At how many places two texts differ."""
    return sum(a != b for a, b in zip(one, other, strict=True))


def normal(text: str) -> str:
    """Upper-case letters, digits, umlauts and wildcards."""
    return "".join(char for char in text.upper() if char.isalnum() or char in "?*")


def spellings(plate: str) -> list[str]:
    """The ways to write a plate without umlauts."""
    return ["".join(way) for way in itertools.product(*(WRITTEN.get(char, (char,)) for char in plate))]
