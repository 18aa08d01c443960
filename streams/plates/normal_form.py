"""Normal form: upper-case letters and digits without separators, umlauts kept.

`AB-123-cd` is `AB123CD`; `lö·b 12` is `LÖB12`. The umlauts of German plates stay, because they tell two
districts apart (BÖ and BO); where a reader or a list writes Ä as A or as AE, `spellings` gives both.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final, NamedTuple

MAX_LENGTH: Final = 12
"""Longest normal form: what a 64-bit key holds. No country's plate is longer."""

SEPARATORS: Final = " \t\r\n-.·•∙:_/|'\u00a0\u2009\u202f\u2010\u2011\u2012\u2013\u2014\u2212"
"""Characters between the groups of a plate, or the lines of one of two lines. They carry no meaning in any
national format."""

UMLAUTS: Final = {"Ä": "A", "Ö": "O", "Ü": "U"}
WILDCARDS: Final = "?*"

_DELETE: Final = str.maketrans("", "", SEPARATORS)
_FOLD: Final = str.maketrans(UMLAUTS)
_MAX_UMLAUTS: Final = 3
"""A German district has no more letters, and the others have no umlaut."""
_LETTER: Final = "0-9A-Za-zÄÖÜäöü"
_LETTERS: Final = re.compile(f"[{_LETTER}]*")
_LETTERS_OR_WILDCARDS: Final = re.compile(f"[{_LETTER}{WILDCARDS}]*")
_DECOMPOSED: Final = re.compile("[AOUaou]\u0308")
ASCII_SEPARATORS: Final = "".join(sorted((set(SEPARATORS) & set(map(chr, range(128)))) - {"\n"}))
"""Without the line feed, which parts the plates of a batch."""

# Other engines than Python's refuse an escape that is not needed, so only the hyphen has one.
_GAP: Final = "[" + SEPARATORS.replace("-", r"\-") + "]*"
_DIAERESIS: Final = "\u0308?"

PLATE_PATTERN: Final = f"^{_GAP}(?:(?:[AOUaou]{_DIAERESIS}|[{_LETTER}]){_GAP}){{1,{MAX_LENGTH}}}$"
"""The rule of `normal` as a regular expression that any engine reads, for the JSON Schema."""

LISTED_PATTERN: Final = f"^{_GAP}(?:(?:[AOUaou]{_DIAERESIS}|[{_LETTER}{WILDCARDS}]){_GAP}){{1,{MAX_LENGTH}}}$"
"""The same with wildcards; that one character is none of them is for LITERAL_PATTERN to say."""

LITERAL_PATTERN: Final = f"[{_LETTER}]"


class PlateError(ValueError):
    """A text that is no plate. Its message is the rule broken; it never holds the text."""


def normalise(text: str, *, wildcards: bool = False) -> str:
    """The normal form of a plate as read or listed, 1 to 12 characters of 0-9 A-Z Ä Ö Ü.

    With `wildcards`, `?` (one character) and `*` (any run) are kept.

    Raises PlateError for a text without a letter or digit, one with more than twelve, or one with a
    character that is neither a letter of the Latin alphabet, a digit, an umlaut nor a separator.
    """
    plain = (text if text.isascii() else _compose_umlauts(text)).translate(_DELETE)
    if plain.isascii() and plain.isalnum() and len(plain) <= MAX_LENGTH:
        return plain.upper()  # nearly every plate; the rest of the rules is for the others
    allowed = _LETTERS_OR_WILDCARDS if wildcards else _LETTERS
    match = allowed.match(plain)
    if match is None or match.end() != len(plain):
        raise PlateError(
            f"must have only letters A-Z Ä Ö Ü, digits and separators (has {_describe_char(plain, match)})"
        )
    if not plain.strip(WILDCARDS):
        raise PlateError("must have at least one letter or digit")
    if len(plain) > MAX_LENGTH:
        raise PlateError(f"must have at most {MAX_LENGTH} letters and digits (has {len(plain)})")
    # Only now, for `upper` makes letters of what is none of A-Z: SS of ß, I of ı, FI of a ligature.
    return plain.upper()


def fold_umlauts(plate: str) -> str:
    """A normal form with its umlauts written as the plain letter: what packed keys are made of."""
    return plate.translate(_FOLD)


def has_umlaut(plate: str) -> bool:
    """Whether a normal form has an umlaut."""
    return not plate.isascii()


class Spelling(NamedTuple):
    """A plate in plain letters; `places` gives, for each letter, its place (from 0) in the normal form."""

    text: str
    positions: Sequence[int]


def all_spellings(plate: str) -> list[Spelling]:
    """The ways a normal form is written with plain letters: Ä as A and as AE, and so on.

    Of one with more umlauts than any plate has, all plain and all written out.
    """
    if plate.isascii():
        return [Spelling(plate, range(len(plate)))]
    if sum(char in UMLAUTS for char in plate) > _MAX_UMLAUTS:
        # No plate has so many; each way would double the work.
        long = [
            (place, each)
            for place, char in enumerate(plate)
            for each in (f"{UMLAUTS[char]}E" if char in UMLAUTS else char)
        ]
        return [
            Spelling(fold_umlauts(plate), range(len(plate))),
            Spelling("".join(each for _, each in long), [place for place, _ in long]),
        ]
    ways, start = [Spelling("", ())], 0
    for place, char in enumerate(plate):
        plain = UMLAUTS.get(char)
        if plain is not None:
            before, places = plate[start:place] + plain, range(start, place + 1)
            ways = [
                Spelling(way.text + part, (*way.positions, *places, *more))
                for way in ways
                for part, more in ((before, ()), (before + "E", (place,)))
            ]
            start = place + 1
    rest, places = plate[start:], range(start, len(plate))
    return [Spelling(way.text + rest, (*way.positions, *places)) for way in ways]


def packable_spellings(plate: str) -> tuple[str, ...]:
    """The texts of `spelled` that a key can hold; one longer than twelve characters is left out."""
    return tuple(way.text for way in all_spellings(plate) if len(way.text) <= MAX_LENGTH)


def _compose_umlauts(text: str) -> str:
    """The text with each umlaut as one character where it was written as a letter and a diaeresis."""
    return _DECOMPOSED.sub(lambda found: unicodedata.normalize("NFC", found[0]), text)


def _describe_char(plain: str, match: re.Match[str] | None) -> str:
    char = plain[match.end() if match else 0]
    name = unicodedata.name(char, "a control character").split(" ")
    script = {"CYRILLIC", "GREEK", "ARABIC", "HEBREW", "CJK", "HANGUL", "ARMENIAN", "GEORGIAN", "THAI"}
    return f"a {name[0].capitalize()} letter" if name[0] in script else f"U+{ord(char):04X}"
