"""The country guard: nationality is part of the plate, and itself a reading.

French and Italian plates are the same string once the dashes are gone; drivers were arrested over that.
"""

import re
from typing import Final, NamedTuple

from streams.plates.formats import GERMAN, Formats
from streams.plates.normal import SEPARATORS, UMLAUTS
from streams.records.match import Contradiction

_SPLIT: Final = re.compile(f"[{re.escape(SEPARATORS)}]+")
_FOLD: Final = str.maketrans(UMLAUTS)


class Refusal(NamedTuple):
    """Why a candidate is no match: the rule's id, and words for a person."""

    rule: str
    words: str


def guard(
    read_country: str | None, listed_country: str | None, plate: str, formats: Formats
) -> Refusal | Contradiction | None:
    """What the countries of a read and an alert say.

    Where they differ and the plate is possible in the country read, it is another vehicle: a Refusal. Where
    it is impossible there, the country was misread: a Contradiction that says so. None where they agree or
    one is unknown. A country whose formats are not known can have issued any plate.
    """
    if read_country is None or listed_country is None or read_country == listed_country:
        return None
    if formats.possible(plate, read_country):
        return Refusal(
            "country.other-vehicle",
            f"read as {read_country}, where this plate is possible; the alert is for {listed_country}: "
            "another vehicle",
        )
    return Contradiction(
        "country",
        read_country,
        listed_country,
        f"no such plate in {read_country}: the country was probably misread, check the plate's nationality",
    )


def possible_countries(plate: str, formats: Formats) -> list[str]:
    """The countries with known formats in whose regular series a normal form is possible as it stands."""
    return [country for country in formats.countries if formats.possible_as_read(plate, country)]


def gap(read: str, listed: str, country: str | None) -> Contradiction | None:
    """What the written gaps of two German plates say.

    `B-AB 123` (Berlin) and `BA-B 123` (Bamberg) are two vehicles with one string of characters. Readers lose
    or misplace gaps, so different gaps do not refuse a match; they are said.
    """
    if country != GERMAN:
        return None
    one, other = _district(read), _district(listed)
    if one is None or other is None or one.translate(_FOLD) == other.translate(_FOLD):
        return None
    return Contradiction(
        "gap",
        read.strip(),
        listed.strip(),
        f"read with the district {one}, listed with {other}: perhaps another vehicle, check the gap",
    )


def _district(text: str) -> str | None:
    """The district of a German plate, if its gaps are written."""
    groups = [group for group in _SPLIT.split(text.upper()) if group]
    if len(groups) >= 3 and groups[0].isalpha() and groups[1].isalpha() and groups[2][0].isdigit():
        return groups[0]
    return None
