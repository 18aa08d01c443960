"""Normal form: upper-case letters and digits without separators, umlauts kept.

`AB-123-cd` is `AB123CD`; `lö·b 12` is `LÖB12`. The umlauts of German plates stay, because they tell two
districts apart (BÖ and BO); where a reader or a list writes Ä as A or as AE, `spellings` gives both.
"""

import re
import unicodedata
from typing import Final

MAX_LENGTH: Final = 12
"""Longest normal form: what a 64-bit key holds. No country's plate is longer."""

SEPARATORS: Final = " \t-.·•∙:_/|'\u00a0\u2009\u202f\u2010\u2011\u2012\u2013\u2014\u2212"
"""Characters between the groups of a plate. They carry no meaning in any national format."""

UMLAUTS: Final = {"Ä": "A", "Ö": "O", "Ü": "U"}
WILDCARDS: Final = "?*"

_DELETE: Final = str.maketrans("", "", SEPARATORS)
_FOLD: Final = str.maketrans(UMLAUTS)
_LETTERS: Final = re.compile(r"[0-9A-ZÄÖÜ]*")
_LETTERS_OR_WILDCARDS: Final = re.compile(r"[0-9A-ZÄÖÜ?*]*")
_ASCII_SEPARATORS: Final = "".join(sorted(set(SEPARATORS) & set(map(chr, range(128)))))

PLATE_PATTERN: Final = (
    f"^[{re.escape(SEPARATORS)}]*([0-9A-Za-zÄÖÜäöü][{re.escape(SEPARATORS)}]*){{1,{MAX_LENGTH}}}$"
)
"""The rule of `normal` as a regular expression over composed (NFC) text."""


class PlateError(ValueError):
    """A text that is no plate. Its message is the rule broken; it never holds the text."""


def normal(text: str, *, wildcards: bool = False) -> str:
    """The normal form of a plate as read or listed, 1 to 12 characters of 0-9 A-Z Ä Ö Ü.

    With `wildcards`, `?` (one character) and `*` (any run) are kept.

    Raises PlateError for a text without a letter or digit, one with more than twelve, or one with a
    character that is neither a letter of the Latin alphabet, a digit, an umlaut nor a separator.
    """
    plain = text if text.isascii() else unicodedata.normalize("NFC", text)
    plain = plain.translate(_DELETE).upper()
    allowed = _LETTERS_OR_WILDCARDS if wildcards else _LETTERS
    match = allowed.match(plain)
    if match is None or match.end() != len(plain):
        raise PlateError(f"has only letters A-Z Ä Ö Ü, digits and separators, not {_kind(plain, match)}")
    if not plain.strip(WILDCARDS):
        raise PlateError("has at least one letter or digit")
    if len(plain) > MAX_LENGTH:
        raise PlateError(f"has at most {MAX_LENGTH} letters and digits, not {len(plain)}")
    return plain


def folded(plate: str) -> str:
    """A normal form with its umlauts written as the plain letter: what packed keys are made of."""
    return plate.translate(_FOLD)


def has_umlaut(plate: str) -> bool:
    """Whether a normal form has an umlaut."""
    return not plate.isascii()


def spellings(plate: str) -> tuple[str, ...]:
    """The ways a normal form is written with plain letters: Ä as A and as AE, and so on.

    One spelling for a plate without umlauts; a spelling longer than twelve characters is left out.
    """
    if plate.isascii():
        return (plate,)
    ways = [""]
    for char in plate:
        plain = UMLAUTS.get(char)
        ways = [way + part for way in ways for part in ((plain, plain + "E") if plain else (char,))]
    return tuple(way for way in ways if len(way) <= MAX_LENGTH)


def _kind(plain: str, match: re.Match[str] | None) -> str:
    char = plain[match.end() if match else 0]
    name = unicodedata.name(char, "a control character").split(" ")
    script = {"CYRILLIC", "GREEK", "ARABIC", "HEBREW", "CJK", "HANGUL", "ARMENIAN", "GEORGIAN", "THAI"}
    return f"a {name[0].capitalize()} letter" if name[0] in script else f"U+{ord(char):04X}"
