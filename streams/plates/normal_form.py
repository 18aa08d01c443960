"""Normal form of a plate: upper-case letters and digits without separators, umlauts kept.

`AB-123-cd` is `AB123CD`; `lö·b 12` is `LÖB12`. Umlauts are kept because they distinguish German districts (BÖ
and BO); as recognisers and lists may write Ä as A or as AE, `all_spellings` returns both.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final, NamedTuple

MAX_LENGTH: Final = 12
"""Longest normal form, which fits a 64-bit key. No country has longer plates."""

SEPARATORS: Final = " \t\r\n-.·•∙:_/|'\u00a0\u2009\u202f\u2010\u2011\u2012\u2013\u2014\u2212"
"""Characters between the groups or lines of a plate. They have no meaning in any national format."""

UMLAUTS: Final = {"Ä": "A", "Ö": "O", "Ü": "U"}
WILDCARDS: Final = "?*"

_DELETE: Final = str.maketrans("", "", SEPARATORS)
_FOLD: Final = str.maketrans(UMLAUTS)
_MAX_UMLAUTS: Final = 3
"""German districts have at most three letters, and other plates have no umlaut."""
_LETTER: Final = "0-9A-Za-zÄÖÜäöü"
_LETTERS: Final = re.compile(f"[{_LETTER}]*")
_LETTERS_OR_WILDCARDS: Final = re.compile(f"[{_LETTER}{WILDCARDS}]*")
_DECOMPOSED: Final = re.compile("[AOUaou]\u0308")
ASCII_SEPARATORS: Final = "".join(sorted((set(SEPARATORS) & set(map(chr, range(128)))) - {"\n"}))
"""ASCII separators without the line feed, which separates the plates of a batch."""

# Some engines of regular expressions reject needless escapes, so only the hyphen has one.
_GAP: Final = "[" + SEPARATORS.replace("-", r"\-") + "]*"
_DIAERESIS: Final = "\u0308?"

PLATE_PATTERN: Final = f"^{_GAP}(?:(?:[AOUaou]{_DIAERESIS}|[{_LETTER}]){_GAP}){{1,{MAX_LENGTH}}}$"
"""The rule of `normalise` as a regular expression for any engine, for the JSON Schema."""

LISTED_PATTERN: Final = f"^{_GAP}(?:(?:[AOUaou]{_DIAERESIS}|[{_LETTER}{WILDCARDS}]){_GAP}){{1,{MAX_LENGTH}}}$"
"""The same with wildcards; that one character must not be a wildcard is the rule of LITERAL_PATTERN."""

LITERAL_PATTERN: Final = f"[{_LETTER}]"


class PlateError(ValueError):
    """A text that is not a plate. The message is the rule that it breaks and never contains the text."""


def normalise(text: str, *, wildcards: bool = False) -> str:
    """Return the normal form of a plate as read or listed, 1 to 12 characters of 0-9 A-Z Ä Ö Ü.

    With `wildcards`, `?` (one character) and `*` (any number of characters) are kept.

    Raises PlateError for a text without a letter or digit, one with more than twelve, or one with a
    character that is neither a letter of the Latin alphabet, a digit, an umlaut nor a separator.
    """
    plain = (text if text.isascii() else _compose_umlauts(text)).translate(_DELETE)
    if plain.isascii() and plain.isalnum() and len(plain) <= MAX_LENGTH:
        return plain.upper()  # nearly all plates end here
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
    # Last, because `upper` turns other characters into A-Z: ß into SS, ı into I, a ligature into FI.
    return plain.upper()


def fold_umlauts(plate: str) -> str:
    """Return a normal form with umlauts replaced by their plain letters, as packed keys need it."""
    return plate.translate(_FOLD)


def has_umlaut(plate: str) -> bool:
    """True if a normal form has an umlaut."""
    return not plate.isascii()


class Spelling(NamedTuple):
    """A plate in plain letters; `positions` has the position (from 0) of each letter in the normal form."""

    text: str
    positions: Sequence[int]


def all_spellings(plate: str) -> list[Spelling]:
    """Return the spellings of a normal form with plain letters: Ä as A and as AE, and so on.

    A text with more umlauts than any plate has two: each umlaut plain, and each written out.
    """
    if plate.isascii():
        return [Spelling(plate, range(len(plate)))]
    if sum(char in UMLAUTS for char in plate) > _MAX_UMLAUTS:
        # Each umlaut doubles the spellings, and no plate has so many.
        written_out = [
            (position, letter)
            for position, char in enumerate(plate)
            for letter in (f"{UMLAUTS[char]}E" if char in UMLAUTS else char)
        ]
        return [
            Spelling(fold_umlauts(plate), range(len(plate))),
            Spelling("".join(letter for _, letter in written_out), [position for position, _ in written_out]),
        ]
    spellings, start = [Spelling("", ())], 0
    for position, char in enumerate(plate):
        plain = UMLAUTS.get(char)
        if plain is not None:
            part, positions = plate[start:position] + plain, range(start, position + 1)
            spellings = [
                Spelling(spelling.text + text, (*spelling.positions, *positions, *extra))
                for spelling in spellings
                for text, extra in ((part, ()), (part + "E", (position,)))
            ]
            start = position + 1
    rest, positions = plate[start:], range(start, len(plate))
    return [Spelling(spelling.text + rest, (*spelling.positions, *positions)) for spelling in spellings]


def packable_spellings(plate: str) -> tuple[str, ...]:
    """Return the texts of `all_spellings` that fit a key, of at most twelve characters."""
    texts = (spelling.text for spelling in all_spellings(plate))
    return tuple(text for text in texts if len(text) <= MAX_LENGTH)


def _compose_umlauts(text: str) -> str:
    """Return the text with each umlaut written as letter and diaeresis replaced by one character."""
    return _DECOMPOSED.sub(lambda pair: unicodedata.normalize("NFC", pair[0]), text)


def _describe_char(plain: str, match: re.Match[str] | None) -> str:
    char = plain[match.end() if match else 0]
    name = unicodedata.name(char, "a control character").split(" ")
    script = {"CYRILLIC", "GREEK", "ARABIC", "HEBREW", "CJK", "HANGUL", "ARMENIAN", "GEORGIAN", "THAI"}
    return f"a {name[0].capitalize()} letter" if name[0] in script else f"U+{ord(char):04X}"
