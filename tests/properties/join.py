"""An independent implementation of matching in nested loops, from docs/concepts/meaning.md alone.

It is slow and short. From the package it uses only the records and the formats of `formats.toml`; it has its
own normal form, spellings, confusable classes, patterns and country guard.
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
SPELLINGS = {"Ä": ("A", "AE"), "Ö": ("O", "OE"), "Ü": ("U", "UE")}
# The regular series of each country: the allowed characters at each position, and the excluded texts.
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
    """One match, as described in docs/concepts/meaning.md."""

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
    """True if the country was misread."""
    possible_countries: tuple[str, ...]


def join(
    reads: Iterable[Read], alerts: Iterable[Alert], withdrawals: Iterable[Withdrawal], rules: MatchingRules
) -> set[Joined]:
    """Return all matches of reads and alerts."""
    highest: dict[tuple[str, str], Alert] = {}
    for alert in alerts:
        key = (alert.list_id, alert.alert_id)
        if key not in highest or alert.version > highest[key].version:
            highest[key] = alert
    ended = list(withdrawals)
    matches = (match(read, alert, ended, rules) for read in reads for alert in highest.values())
    return {joined for joined in matches if joined is not None}


def match(read: Read, alert: Alert, withdrawals: list[Withdrawal], rules: MatchingRules) -> Joined | None:
    """Match a read with an alert; None if it does not match."""
    if not is_effective(read, alert, withdrawals):
        return None
    plate, listed = normalise(read.plate), normalise(alert.plate)
    compared = compare(plate, listed, read, alert, rules)
    if compared is None:
        return None
    is_country_misread = False
    if read.country and alert.country and read.country != alert.country:
        if is_possible_settled(plate, read.country):
            return None
        is_country_misread = True
    countries = () if read.country else tuple(country for country in SERIES if is_possible(plate, country))
    return Joined(
        read.camera_id,
        read.read_id,
        read.captured_at.isoformat(),
        alert.list_id,
        alert.alert_id,
        alert.version,
        *compared,
        is_country_misread,
        countries if len(countries) > 1 else (),
    )


def is_effective(read: Read, alert: Alert, withdrawals: list[Withdrawal]) -> bool:
    """True if an alert was effective at the time of a read: valid, and not withdrawn since its start."""
    ends = [
        withdrawal.withdrawn_at
        for withdrawal in withdrawals
        if (withdrawal.list_id, withdrawal.alert_id) == (alert.list_id, alert.alert_id)
        and withdrawal.withdrawn_at > alert.valid_from
    ]
    return alert.valid_from <= read.captured_at < min([alert.valid_until, *ends])


def compare(
    plate: str, listed: str, read: Read, alert: Alert, rules: MatchingRules
) -> tuple[str, int, int] | None:
    """Return match class and numbers of settled and equivalent characters; None if there is no match."""
    mode = rules.for_list(alert.list_id).mode
    alert_mode = alert.match.mode if alert.match else None
    if alert_mode in MODES and MODES.index(alert_mode) < MODES.index(mode):
        mode = alert_mode
    spelt = list(itertools.product(spellings(plate), spellings(listed)))
    if "?" in listed or "*" in listed:
        literals = sum(char not in "?*" for char in listed)
        fits = any(fnmatchcase(text, pattern) for text, pattern in spelt)
        is_allowed = mode != "exact" and literals >= rules.matching.pattern_min_literals
        return ("pattern", 0, 0) if fits and is_allowed else None
    if any(text == sought for text, sought in spelt):
        return "exact", 0, 0
    if mode != "confusable":
        return None
    alike = [(text, sought) for text, sought in spelt if are_confusable(text, sought)]
    if not alike:
        return None
    # The most similar spellings count; there is hardly ever more than one pair.
    text, sought = min(alike, key=lambda pair: count_differences(*pair))
    country = alert.country or read.country
    countries = [country] if country else [country for country in SERIES if is_possible(sought, country)]
    settled = count_settled(text, sought, countries)
    left = count_differences(text, sought) - settled
    is_long_enough = len(listed) >= rules.matching.equivalence_min_length
    if left == 0 or (left <= rules.matching.equivalences and is_long_enough):
        return "confusable", settled, left
    return None


def count_settled(read: str, listed: str, countries: list[str]) -> int:
    """Return how many differences the formats settle: those of the format that settles most."""
    if any(is_possible(read, country) for country in countries):
        return 0
    return max(
        (
            sum(char != sought == settled for char, sought, settled in zip(read, listed, fit, strict=True))
            for country in countries
            for fit in fits_settled(read, country)
        ),
        default=0,
    )


def is_possible(plate: str, country: str) -> bool:
    """True if a plate, without any change, is of a regular series of a country."""
    return any(fit == plate for fit in fits_settled(plate, country))


def is_possible_settled(plate: str, country: str) -> bool:
    """True if a plate with settled misreads is possible in a country, or the country has no formats."""
    return country not in SERIES or any(True for _ in fits_settled(plate, country))


def fits_settled(plate: str, country: str) -> Iterator[str]:
    """Yield each way to settle a plate in a country, with `.` where several characters are possible."""
    for allowed, never in SERIES.get(country, ()):
        if len(allowed) != len(plate):
            continue
        pairs = zip(plate, allowed, strict=True)
        options = [{char} if char in chars else confusable_with(char) & chars for char, chars in pairs]
        if any(not is_excluded(text, never) for text in map("".join, itertools.product(*options))):
            yield "".join(next(iter(chars)) if len(chars) == 1 else "." for chars in options)


def is_excluded(plate: str, never: list[str]) -> bool:
    """True if a text is never issued although it has the shape."""
    return any(re.search(rule, plate) for rule in never)


def confusable_with(char: str) -> set[str]:
    """Return the characters of the confusable class of a character."""
    return next((group for group in CLASSES if char in group), {char})


def are_confusable(first: str, second: str) -> bool:
    """True if two texts have the same length and differ in characters of one class only."""
    return len(first) == len(second) and all(
        b in confusable_with(a) for a, b in zip(first, second, strict=True)
    )


def count_differences(first: str, second: str) -> int:
    """Return at how many positions two texts differ."""
    return sum(a != b for a, b in zip(first, second, strict=True))


def normalise(text: str) -> str:
    """Return the upper-case letters, digits, umlauts and wildcards of a text."""
    return "".join(char for char in text.upper() if char.isalnum() or char in "?*")


def spellings(plate: str) -> list[str]:
    """Return the spellings of a plate without umlauts."""
    return ["".join(parts) for parts in itertools.product(*(SPELLINGS.get(char, (char,)) for char in plate))]
