"""Comparison of two plates: equal, in the same confusable classes, one edit apart or fitting a pattern.

The national format decides first: a character that is impossible at its position was misread, and if only
the listed character is possible there, the difference is settled. A difference that the format leaves open
is an equivalence, of which only few are allowed (Genetec's rule: one, on plates of five characters or more).

Where the list allows it, any one further character may differ (`within_one_edit`); the posterior tells how
likely that is.
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
    """Two spellings of one length that differ only within confusable classes, and at which positions."""

    read: Spelling
    listed: Spelling
    positions: tuple[int, ...]


def compare_plates(read: str, listed: str, classes: ConfusableClasses) -> PlateDifference | None:
    """Compare two normal forms in their most similar spellings.

    Return None if they differ by more than confusable characters.
    """
    if read == listed:
        spelling = _spellings(read)[0]
        return PlateDifference(spelling, spelling, ())
    best: PlateDifference | None = None
    listed_spellings = _spellings(listed)
    for read_spelling in _spellings(read):
        for listed_spelling in listed_spellings:
            if len(read_spelling.text) != len(listed_spelling.text):
                continue
            positions = _differing_positions(read_spelling.text, listed_spelling.text, classes)
            if positions is not None and (best is None or len(positions) < len(best.positions)):
                best = PlateDifference(read_spelling, listed_spelling, positions)
    return best


def within_one_edit(read: str, listed: str, classes: ConfusableClasses) -> bool:
    """True if two normal forms differ by at most one character, in some spelling of both.

    The character may be replaced, added or missing. Characters of one confusable class are equal.
    """
    listed_texts = {classes.map_text(spelling.text) for spelling in _spellings(listed)}
    return any(
        _differ_by_one_edit(read_text, listed_text)
        for read_text in {classes.map_text(spelling.text) for spelling in _spellings(read)}
        for listed_text in listed_texts
    )


def _spellings(plate: str) -> Sequence[Spelling]:
    """Return the spellings of a normal form."""
    return all_spellings(plate) if plate.isascii() else _umlaut_spellings(plate)


@lru_cache(maxsize=16)
def _umlaut_spellings(plate: str) -> tuple[Spelling, ...]:
    """Return up to eight spellings, built once for the many plates that a read is compared with.

    Only a few are cached: the spellings of reads that match nothing must not accumulate.
    """
    return tuple(all_spellings(plate))


def _differ_by_one_edit(first: str, second: str) -> bool:
    """True if two texts differ by at most one edit."""
    if abs(len(first) - len(second)) > 1:
        return False
    shorter = min(len(first), len(second))
    prefix = next((index for index in range(shorter) if first[index] != second[index]), shorter)
    first_rest = prefix + (len(first) >= len(second))
    second_rest = prefix + (len(second) >= len(first))
    return first[first_rest:] == second[second_rest:]


def _differing_positions(read: str, listed: str, classes: ConfusableClasses) -> tuple[int, ...] | None:
    """Return where two texts of one length differ; None if they differ beyond confusable classes."""
    positions = []
    for position, (read_char, listed_char) in enumerate(zip(read, listed, strict=True)):
        if read_char != listed_char:
            if read_char not in classes.class_for(listed_char):
                return None
            positions.append(position)
    return tuple(positions)


def settled_positions(
    difference: PlateDifference, countries: tuple[str, ...], formats: Formats
) -> frozenset[int]:
    """Return the positions of a difference that the formats settle, for the country that settles most.

    If the read is possible as it is in one of the countries it may be correct, and nothing is settled.
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
                position
                for position in difference.positions
                if position not in fit.open_positions and fit.plate[position] == listed[position]
            )
            if len(settled) > len(best):
                best = settled
    return best


def build_edits(read: str, listed: str, difference: PlateDifference, settled: frozenset[int]) -> list[Edit]:
    """Return the edits between two normal forms, in the order of positions in the listed one."""
    edits = [
        Edit(
            "settled" if position in settled else "equivalent",
            difference.listed.positions[position] + 1,
            difference.read.text[position],
            difference.listed.text[position],
        )
        for position in difference.positions
    ]
    edits.extend(_umlaut_edits(read, listed, difference))
    return sorted(edits, key=lambda edit: edit.position)


def edits_from_errors(errors: Iterable[Misread], classes: ConfusableClasses) -> list[Edit]:
    """Return character errors as edits, in the order of positions in the listed plate."""
    edits = []
    for error in errors:
        kind: EditKind = "substituted"
        if not error.read:
            kind = "lost"
        elif not error.true:
            kind = "extra"
        elif error.read in classes.class_for(error.true):
            kind = "equivalent"
        edits.append(Edit(kind, error.position + 1, error.read, error.true))
    return sorted(edits, key=lambda edit: edit.position)


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
    """Iterate over the umlauts that are spelled differently in the two normal forms."""
    if read.isascii() and listed.isascii():
        return
    read_positions, listed_positions = difference.read.positions, difference.listed.positions
    done = set()
    for index, (read_at, listed_at) in enumerate(zip(read_positions, listed_positions, strict=True)):
        read_char, listed_char = read[read_at], listed[listed_at]
        if (
            read_char == listed_char
            or index in difference.positions
            or (read_char not in UMLAUTS and listed_char not in UMLAUTS)
        ):
            continue
        if listed_char in UMLAUTS and listed_at not in done:
            done.add(listed_at)
            aligned = _aligned_chars(listed_at, listed_positions, read, read_positions)
            yield Edit("umlaut", listed_at + 1, aligned, listed_char)
        elif read_char in UMLAUTS and read_at not in done and listed_char not in UMLAUTS:
            done.add(read_at)
            aligned = _aligned_chars(read_at, read_positions, listed, listed_positions)
            yield Edit("umlaut", listed_at + 1, read_char, aligned)


def _aligned_chars(
    position: int, positions: Sequence[int], other: str, other_positions: Sequence[int]
) -> str:
    """Return the characters of the other normal form aligned with a position of the one."""
    aligned = dict.fromkeys(
        other_position
        for own_position, other_position in zip(positions, other_positions, strict=True)
        if own_position == position
    )
    return "".join(other[aligned_position] for aligned_position in aligned)


def fits_pattern(plate: str, pattern: str) -> bool:
    """True if a normal form fits a pattern with wildcards, in some spelling of both."""
    compiled = _compile_pattern(pattern)
    return any(compiled.fullmatch(spelling.text) for spelling in _spellings(plate))


@lru_cache(maxsize=4096)
def _compile_pattern(pattern: str) -> re.Pattern[str]:
    expressions = (
        "".join({"?": ".", "*": ".*"}.get(char, char) for char in spelling.text)
        for spelling in all_spellings(pattern)
    )
    return re.compile("|".join(expressions))
