"""The country guard: nationality is part of the plate, and itself a reading.

French and Italian plates are the same string once the dashes are gone; drivers were arrested over that.
"""

from typing import NamedTuple

from streams.matching.plate_difference import PlateDifference
from streams.plates.formats import Formats
from streams.plates.german import split_at_gap
from streams.records.match import Contradiction


class NoMatch(NamedTuple):
    """Why a candidate is no match: the rule's id, words for a person, and `reasons` as a match has them."""

    rule: str
    text: str
    reasons: tuple[str, ...] = ()


def check_country(
    read_country: str | None, listed_country: str | None, plate: str, formats: Formats
) -> NoMatch | Contradiction | None:
    """What the countries of a read and an alert say.

    Where they differ and the plate is possible in the country read, it is another vehicle: a Refusal. Where
    it is impossible there, the country was misread: a Contradiction that says so. None where they agree or
    one is unknown. A country whose formats are not known can have issued any plate.
    """
    if read_country is None or listed_country is None or read_country == listed_country:
        return None
    if formats.is_possible(plate, read_country):
        return NoMatch(
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
    return [country for country in formats.countries if formats.is_possible_as_read(plate, country)]


def check_gap(read: str, listed: str, difference: PlateDifference) -> Contradiction | None:
    """What the gaps behind the district of two German plates, as written, say.

    `B-AB 123` (Berlin) and `BA-B 123` (Bamberg) are two vehicles with one string of characters. Readers lose
    or misplace gaps, so different gaps do not refuse a match; they are said. `difference` is how the two
    normal forms line up: a gap behind the same letter is the same, however the letter was read or spelled.
    """
    one, other = split_at_gap(read), split_at_gap(listed)
    if one is None or other is None:
        return None
    before = sum(place < len(one[0]) for place in difference.read.positions)
    if before == sum(place < len(other[0]) for place in difference.listed.positions):
        return None
    return Contradiction(
        "gap",
        read.strip(),
        listed.strip(),
        f"read with the district {one[0]}, listed with {other[0]}: perhaps another vehicle, check the gap",
    )
