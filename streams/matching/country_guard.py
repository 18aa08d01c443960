"""The country guard: the nationality is part of a plate, and is itself read.

Without separators, French and Italian plates are the same text; drivers have been arrested by mistake.
"""

from streams.matching.no_match import NoMatch
from streams.matching.plate_difference import PlateDifference
from streams.plates.formats import Formats
from streams.plates.german import split_at_gap
from streams.records.match import Contradiction


def check_country(
    read_country: str | None, listed_country: str | None, plate: str, formats: Formats
) -> NoMatch | Contradiction | None:
    """Compare the countries of a read and an alert.

    Return None if they agree or one of them is unknown. If they differ and the plate, in normal form, is
    possible in the country read, it is another vehicle: return a NoMatch. If it is impossible there, the
    country was misread: return a Contradiction. A country without known formats can have issued any plate.
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
    """Return the countries with known formats in whose regular series a normal form is possible as it is."""
    return [country for country in formats.countries if formats.is_possible_as_read(plate, country)]


def check_gap(read: str, listed: str, difference: PlateDifference) -> Contradiction | None:
    """Compare the gaps after the district of two German plates, as they are written.

    `B-AB 123` (Berlin) and `BA-B 123` (Bamberg) are two vehicles with the same characters. Recognisers lose
    or misplace gaps, so a different gap does not prevent a match; it is a contradiction in it. `difference`
    aligns the two normal forms: gaps after the same letter are the same, even if that letter was misread or
    is spelled in another way.
    """
    read_groups, listed_groups = split_at_gap(read), split_at_gap(listed)
    if read_groups is None or listed_groups is None:
        return None
    read_gap = sum(position < len(read_groups[0]) for position in difference.read.positions)
    listed_gap = sum(position < len(listed_groups[0]) for position in difference.listed.positions)
    if read_gap == listed_gap:
        return None
    return Contradiction(
        "gap",
        read.strip(),
        listed.strip(),
        f"read with the district {read_groups[0]}, listed with {listed_groups[0]}: perhaps another vehicle, "
        "check the gap",
    )
