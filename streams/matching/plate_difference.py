"""Two plates compared: the same, of one confusable class, or of a pattern; and where they differ.

The national format speaks first: a character that cannot stand at its place was misread, and if only the
listed one can, that difference is settled. What the format leaves open is an equivalence, and of those only
few are allowed (Genetec's rule: one, on plates of five characters or more).

Where the list allows it, any one character more may differ (`one_apart`); the posterior says how likely.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from streams.confusions.features import Slip
from streams.plates.confusables import Classes
from streams.plates.formats import Formats
from streams.plates.normal_form import UMLAUTS, Spelling, spelled
from streams.records.match import Edit, EditKind


class Difference(NamedTuple):
    """Two spellings of one length that differ only within confusable classes, and where (from 0)."""

    read: Spelling
    listed: Spelling
    places: tuple[int, ...]


def differences(read: str, listed: str, classes: Classes) -> Difference | None:
    """How two normal forms differ in their most alike spellings; None if beyond confusable classes."""
    if read == listed:
        same = _ways(read)[0]
        return Difference(same, same, ())
    found: Difference | None = None
    listed_ways = _ways(listed)
    for one in _ways(read):
        for other in listed_ways:
            if len(one.text) != len(other.text):
                continue
            places = _unlike(one.text, other.text, classes)
            if places is not None and (found is None or len(places) < len(found.places)):
                found = Difference(one, other, places)
    return found


def one_apart(read: str, listed: str, classes: Classes) -> bool:
    """Whether two normal forms differ by at most one character, in some spelling of both: another one, one
    more or one less. Characters of one confusable class do not count."""
    listed_ways = {classes.mapped(way.text) for way in _ways(listed)}
    return any(
        _one_edit(one, other)
        for one in {classes.mapped(way.text) for way in _ways(read)}
        for other in listed_ways
    )


def _ways(plate: str) -> Sequence[Spelling]:
    """The spellings of a normal form."""
    return spelled(plate) if plate.isascii() else _ways_of_umlauts(plate)


@lru_cache(maxsize=16)
def _ways_of_umlauts(plate: str) -> tuple[Spelling, ...]:
    """Up to eight, and a read is held against many plates: put together once. Only the last few are kept, for
    reads that match nothing are not to be."""
    return tuple(spelled(plate))


def _one_edit(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 1:
        return False
    shorter = min(len(one), len(other))
    before = next((place for place in range(shorter) if one[place] != other[place]), shorter)
    behind = before + (len(one) >= len(other)), before + (len(other) >= len(one))
    return one[behind[0] :] == other[behind[1] :]


def _unlike(read: str, listed: str, classes: Classes) -> tuple[int, ...] | None:
    places = []
    for place, (one, other) in enumerate(zip(read, listed, strict=True)):
        if one != other:
            if one not in classes.of(other):
                return None
            places.append(place)
    return tuple(places)


def settled_places(difference: Difference, countries: tuple[str, ...], formats: Formats) -> frozenset[int]:
    """Those places of a difference that the formats of a country settle, for the country that settles most.

    A read that is possible as it stands in one of the countries may be right, so nothing is settled there.
    """
    read, listed = difference.read.text, difference.listed.text
    if any(formats.possible_as_read(read, country) for country in countries):
        return frozenset()
    best: frozenset[int] = frozenset()
    for country in countries:
        for fit in formats.settled(read, country):
            if fit.format.free:
                continue
            settled = frozenset(
                place
                for place in difference.places
                if place not in fit.open and fit.plate[place] == listed[place]
            )
            if len(settled) > len(best):
                best = settled
    return best


def edits_of(read: str, listed: str, difference: Difference, settled: frozenset[int]) -> list[Edit]:
    """The differences of two normal forms, place by place of the listed one."""
    edits = [
        Edit(
            "settled" if place in settled else "equivalent",
            difference.listed.places[place] + 1,
            difference.read.text[place],
            difference.listed.text[place],
        )
        for place in difference.places
    ]
    edits.extend(_umlaut_edits(read, listed, difference))
    return sorted(edits, key=lambda edit: edit.position)


def slips_of(slips: Iterable[Slip], classes: Classes) -> list[Edit]:
    """The edits that slips of a read are, place by place of the listed plate."""
    found = []
    for slip in slips:
        kind: EditKind = "substituted"
        if not slip.read:
            kind = "lost"
        elif not slip.true:
            kind = "extra"
        elif slip.read in classes.of(slip.true):
            kind = "equivalent"
        found.append(Edit(kind, slip.place + 1, slip.read, slip.true))
    return sorted(found, key=lambda edit: edit.position)


def slips_between(read: str, listed: str) -> list[Slip]:
    """The fewest slips that make one folded normal form of another, however many."""
    # least[i][j]: how many make the first i characters read of the first j listed.
    least = [[i + j for j in range(len(listed) + 1)] for i in range(len(read) + 1)]
    for i, one in enumerate(read, 1):
        for j, other in enumerate(listed, 1):
            beside = least[i - 1][j - 1] + (one != other)
            least[i][j] = min(beside, least[i - 1][j] + 1, least[i][j - 1] + 1)
    found: list[Slip] = []
    i, j = len(read), len(listed)
    while i or j:
        if i and j and least[i][j] == least[i - 1][j - 1] + (read[i - 1] != listed[j - 1]):
            i, j = i - 1, j - 1
            if read[i] != listed[j]:
                found.append(Slip(j, read[i], listed[j], at=i))
        elif j and least[i][j] == least[i][j - 1] + 1:
            j -= 1
            found.append(Slip(j, "", listed[j]))
        else:
            i -= 1
            found.append(Slip(j, read[i], "", at=i))
    return found[::-1]


def _umlaut_edits(read: str, listed: str, difference: Difference) -> Iterator[Edit]:
    if read.isascii() and listed.isascii():
        return
    seen = set()
    for place, (at_read, at_listed) in enumerate(
        zip(difference.read.places, difference.listed.places, strict=True)
    ):
        one, other = read[at_read], listed[at_listed]
        if one == other or place in difference.places or (one not in UMLAUTS and other not in UMLAUTS):
            continue
        if other in UMLAUTS and at_listed not in seen:
            seen.add(at_listed)
            spots = [spot for spot, at in enumerate(difference.listed.places) if at == at_listed]
            as_read = dict.fromkeys(difference.read.places[spot] for spot in spots)
            yield Edit("umlaut", at_listed + 1, "".join(read[at] for at in as_read), other)
        elif one in UMLAUTS and at_read not in seen and other not in UMLAUTS:
            seen.add(at_read)
            spots = [spot for spot, at in enumerate(difference.read.places) if at == at_read]
            as_listed = dict.fromkeys(difference.listed.places[spot] for spot in spots)
            yield Edit("umlaut", at_listed + 1, one, "".join(listed[at] for at in as_listed))


def fits_pattern(plate: str, pattern: str) -> bool:
    """Whether a normal form fits one with wildcards, in some spelling of both."""
    return any(_expression(pattern).fullmatch(one.text) for one in _ways(plate))


@lru_cache(maxsize=4096)
def _expression(pattern: str) -> re.Pattern[str]:
    ways = ("".join({"?": ".", "*": ".*"}.get(char, char) for char in way.text) for way in spelled(pattern))
    return re.compile("|".join(ways))
