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

from streams.confusions.alignment import align_texts
from streams.confusions.features import Misread
from streams.plates.confusables import ConfusableClasses
from streams.plates.formats import Formats
from streams.plates.normal_form import UMLAUTS, Spelling, all_spellings
from streams.records.match import Edit, EditKind


class PlateDifference(NamedTuple):
    """Two spellings of one length that differ only within confusable classes, and where (from 0)."""

    read: Spelling
    listed: Spelling
    positions: tuple[int, ...]


def compare_plates(read: str, listed: str, classes: ConfusableClasses) -> PlateDifference | None:
    """How two normal forms differ in their most alike spellings; None if beyond confusable classes."""
    if read == listed:
        same = _spellings(read)[0]
        return PlateDifference(same, same, ())
    found: PlateDifference | None = None
    listed_ways = _spellings(listed)
    for one in _spellings(read):
        for other in listed_ways:
            if len(one.text) != len(other.text):
                continue
            places = _differing_positions(one.text, other.text, classes)
            if places is not None and (found is None or len(places) < len(found.positions)):
                found = PlateDifference(one, other, places)
    return found


def within_one_edit(read: str, listed: str, classes: ConfusableClasses) -> bool:
    """Whether two normal forms differ by at most one character, in some spelling of both: another one, one
    more or one less. Characters of one confusable class do not count."""
    listed_ways = {classes.map_text(way.text) for way in _spellings(listed)}
    return any(
        _differ_by_one_edit(one, other)
        for one in {classes.map_text(way.text) for way in _spellings(read)}
        for other in listed_ways
    )


def _spellings(plate: str) -> Sequence[Spelling]:
    """The spellings of a normal form."""
    return all_spellings(plate) if plate.isascii() else _umlaut_spellings(plate)


@lru_cache(maxsize=16)
def _umlaut_spellings(plate: str) -> tuple[Spelling, ...]:
    """Up to eight, and a read is held against many plates: put together once. Only the last few are kept, for
    reads that match nothing are not to be."""
    return tuple(all_spellings(plate))


def _differ_by_one_edit(first: str, second: str) -> bool:
    if abs(len(first) - len(second)) > 1:
        return False
    shorter = min(len(first), len(second))
    before = next((place for place in range(shorter) if first[place] != second[place]), shorter)
    behind = before + (len(first) >= len(second)), before + (len(second) >= len(first))
    return first[behind[0] :] == second[behind[1] :]


def _differing_positions(read: str, listed: str, classes: ConfusableClasses) -> tuple[int, ...] | None:
    places = []
    for place, (one, other) in enumerate(zip(read, listed, strict=True)):
        if one != other:
            if one not in classes.class_for(other):
                return None
            places.append(place)
    return tuple(places)


def settled_positions(
    difference: PlateDifference, countries: tuple[str, ...], formats: Formats
) -> frozenset[int]:
    """Those places of a difference that the formats of a country settle, for the country that settles most.

    A read that is possible as it stands in one of the countries may be right, so nothing is settled there.
    """
    read, listed = difference.read.text, difference.listed.text
    if any(formats.is_possible_as_read(read, country) for country in countries):
        return frozenset()
    best: frozenset[int] = frozenset()
    for country in countries:
        for fit in formats.settled_fits(read, country):
            if fit.format.free:
                continue
            settled = frozenset(
                place
                for place in difference.positions
                if place not in fit.open_positions and fit.plate[place] == listed[place]
            )
            if len(settled) > len(best):
                best = settled
    return best


def build_edits(read: str, listed: str, difference: PlateDifference, settled: frozenset[int]) -> list[Edit]:
    """The differences of two normal forms, place by place of the listed one."""
    edits = [
        Edit(
            "settled" if place in settled else "equivalent",
            difference.listed.positions[place] + 1,
            difference.read.text[place],
            difference.listed.text[place],
        )
        for place in difference.positions
    ]
    edits.extend(_umlaut_edits(read, listed, difference))
    return sorted(edits, key=lambda edit: edit.position)


def edits_from_errors(character_errors: Iterable[Misread], classes: ConfusableClasses) -> list[Edit]:
    """The edits that slips of a read are, place by place of the listed plate."""
    found = []
    for slip in character_errors:
        kind: EditKind = "substituted"
        if not slip.read:
            kind = "lost"
        elif not slip.true:
            kind = "extra"
        elif slip.read in classes.class_for(slip.true):
            kind = "equivalent"
        found.append(Edit(kind, slip.position + 1, slip.read, slip.true))
    return sorted(found, key=lambda edit: edit.position)


def character_errors_between(read: str, listed: str) -> list[Misread]:
    """Return the fewest character errors that turn one folded normal form into the other, however many."""
    errors = []
    read_position = position = 0
    for listed_char, read_char in align_texts(listed, read):
        if listed_char != read_char:
            at_read = read_position if read_char else None
            errors.append(Misread(position, read_char, listed_char, read_position=at_read))
        read_position += bool(read_char)
        position += bool(listed_char)
    return errors


def _umlaut_edits(read: str, listed: str, difference: PlateDifference) -> Iterator[Edit]:
    if read.isascii() and listed.isascii():
        return
    seen = set()
    for place, (at_read, at_listed) in enumerate(
        zip(difference.read.positions, difference.listed.positions, strict=True)
    ):
        one, other = read[at_read], listed[at_listed]
        if one == other or place in difference.positions or (one not in UMLAUTS and other not in UMLAUTS):
            continue
        if other in UMLAUTS and at_listed not in seen:
            seen.add(at_listed)
            spots = [spot for spot, at in enumerate(difference.listed.positions) if at == at_listed]
            as_read = dict.fromkeys(difference.read.positions[spot] for spot in spots)
            yield Edit("umlaut", at_listed + 1, "".join(read[at] for at in as_read), other)
        elif one in UMLAUTS and at_read not in seen and other not in UMLAUTS:
            seen.add(at_read)
            spots = [spot for spot, at in enumerate(difference.read.positions) if at == at_read]
            as_listed = dict.fromkeys(difference.listed.positions[spot] for spot in spots)
            yield Edit("umlaut", at_listed + 1, one, "".join(listed[at] for at in as_listed))


def fits_pattern(plate: str, pattern: str) -> bool:
    """Whether a normal form fits one with wildcards, in some spelling of both."""
    return any(_compile_pattern(pattern).fullmatch(one.text) for one in _spellings(plate))


@lru_cache(maxsize=4096)
def _compile_pattern(pattern: str) -> re.Pattern[str]:
    ways = (
        "".join({"?": ".", "*": ".*"}.get(char, char) for char in way.text) for way in all_spellings(pattern)
    )
    return re.compile("|".join(ways))
