"""Small worlds for Hypothesis: plates that are easily confused, alerts on them, and reads of them.

A world is small on purpose: few plates, few cameras and a few minutes, so that things meet.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st

from streams.records.alert import Alert, AlertMatch, Withdrawal
from streams.records.read import Read
from streams.records.times import parse_time

START: Final = parse_time("2026-05-21T10:00:00Z")
MINUTES: Final = 10
KIN: Final = {char: group for group in ("0ODQ", "1I", "2Z", "5S", "8B", "6G") for char in group}
"""The class of each character that has kin; the page lists them."""
COUNTRIES: Final = ("FR", "BE", "DE", "NL")
OTHERS: Final = ("IT", "ES")
"""IT has formats, some of the same string of characters as FR; ES has none here."""
CAMERAS: Final = ("a1", "a2", "b1", "x1")
"""The first two are of one site, the third of another, the last of none."""
CONFIG: Final = """
[correlation]
clock_error_s = 5
handover_minutes = 3
[sites.a]
territory = "BE"
links = [{ to = "b", km = 5, minutes = 3 }]
[handovers.there]
from = "BE"
to = "FR"
[handovers.back]
from = "FR"
to = "BE"
[sites.b]
territory = "FR"
[cameras.a1]
site = "a"
[cameras.a2]
site = "a"
[cameras.b1]
site = "b"
"""

_SHAPES: Final = {
    "FR": ("AA-000-AA", "A-00-A"),
    "BE": ("1-AAA-000", "AAA-000", "000-AAA", "AAAAAA"),
    "DE": ("A-A 10", "A-AA 100", "AA-A 10", "A-A 100", "U-A 10", "U-A 100", "AU-A 1"),
    "NL": ("00-AA-AA", "00-AAA-0", "A-000-AA", "AA-00-00"),
    "IT": ("AA 000AA",),
    "ES": ("0000 AAA",),
}
_CHARS: Final = {"A": "BDGSZA", "0": "01258", "1": "12568", "U": "ÄÖ", "-": "-", " ": " "}


def plates(country: str) -> st.SearchStrategy[str]:
    """Plates of a country as written, of few characters, most of which have kin."""
    return st.sampled_from(_SHAPES[country]).flatmap(
        lambda shape: st.tuples(*(st.sampled_from(_CHARS[char]) for char in shape)).map("".join)
    )


@st.composite
def misread(draw: st.DrawFn, plate: str) -> str:
    """A plate as a reader may give it: kin for some characters, an umlaut lost, gaps lost, rarely more."""
    chars = list(plate)
    for place in draw(st.lists(st.integers(0, len(chars) - 1), min_size=1, max_size=3)):
        char = chars[place]
        chars[place] = draw(
            st.sampled_from({"Ä": ["A", "AE"], "Ö": ["O", "OE"]}.get(char) or [*KIN.get(char, char)])
        )
    text = "".join(chars)
    if draw(st.booleans()):
        text = text.replace("-", "").replace(" ", "")
    change = draw(st.sampled_from(["none"] * 9 + ["cut", "more", "other", "umlaut"]))
    if change == "cut":
        text = text[1:] if draw(st.booleans()) else text[:-1]
    elif change == "more":
        text += draw(st.sampled_from("1BA"))
    elif change == "other":
        text = text[:-1] + draw(st.sampled_from("7XE"))
    elif change == "umlaut":
        text = text.replace("A", "Ä", 1).replace("O", "Ö", 1)
    return text[:20] if any(map(str.isalnum, text)) else plate


@st.composite
def patterns(draw: st.DrawFn, plate: str) -> str:
    """A pattern that the plate fits: some characters as `?`, some run as `*`."""
    chars = [char for char in plate if char.isalnum()]
    for place in draw(st.lists(st.integers(0, len(chars) - 1), max_size=2)):
        chars[place] = "?"
    if draw(st.booleans()):
        start = draw(st.integers(0, len(chars)))
        chars[start : draw(st.integers(start, len(chars)))] = "*"
    return "".join(chars) if any(map(str.isalnum, chars)) else plate


def moments(before: int = 0, after: int = 0) -> st.SearchStrategy[datetime]:
    """Times of the world, to the second and often the same, from and to so many minutes around it."""
    seconds = st.integers(-before * 6, (MINUTES + after) * 6).map(lambda tens: 10 * tens)
    return seconds.map(lambda second: START + timedelta(seconds=second))


@st.composite
def alerts(draw: st.DrawFn, known: list[tuple[str, str]], names: str = "abc") -> Alert:
    """An alert on a known plate of its country, or of one like it."""
    country, plate = draw(st.sampled_from(known))
    plate = draw(st.one_of(st.just(plate), st.just(plate), misread(plate), patterns(plate)))
    term = draw(st.sampled_from(["long", "long", "long", "ends", "begins", "short"]))
    begins, ends = START - timedelta(days=1), START + timedelta(days=1)
    if term in ("begins", "short"):
        begins = draw(moments(5))
    if term in ("ends", "short"):
        ends = begins + timedelta(minutes=3) if term == "short" else draw(moments(0, 5))
    more: dict[str, Any] = {}
    if draw(st.integers(0, 3)) == 3:
        more["match"] = AlertMatch(draw(st.sampled_from(["exact", "pattern", "confusable", "fuzzy"])))
    return Alert(
        list_id=draw(st.sampled_from(["one", "two"])),
        alert_id=draw(st.sampled_from(names)),
        version=draw(st.integers(1, 3)),
        plate=plate,
        basis="NATIONAL",
        reason=draw(st.sampled_from(["stolen", "sought"])),
        action={"default": "inform", "BE": "stop"},
        valid_from=begins,
        valid_until=ends,
        country=draw(st.sampled_from([country, country, country, None])),
        **more,
    )


@st.composite
def withdrawals(draw: st.DrawFn, names: str = "abc") -> Withdrawal:
    """The end of an alert, known or not."""
    return Withdrawal(
        draw(st.sampled_from(["one", "two"])), draw(st.sampled_from(names)), draw(moments(5, 5))
    )


@st.composite
def reads(draw: st.DrawFn, known: list[tuple[str, str]], ids: int = 5, misreads: bool = True) -> Read:
    """A read of a known plate, or of one like it; now and then under a name that another read has."""
    country, plate = draw(st.sampled_from(known))
    if misreads and draw(st.booleans()):
        plate = draw(misread(plate))
    return Read(
        read_id=f"r{draw(st.integers(1, ids))}",
        camera_id=draw(st.sampled_from(CAMERAS)),
        captured_at=draw(moments()),
        plate=plate,
        country=draw(st.sampled_from([country] * 6 + [None, None, *COUNTRIES, *OTHERS])),
        confidence=draw(st.sampled_from([None, 0.5, 0.9])),
        retransmitted=draw(st.sampled_from([False, False, False, True])),
    )


def misread_of(known: tuple[str, str]) -> st.SearchStrategy[tuple[str, str]]:
    """A known plate, with its country, as a reader may give it."""
    return misread(known[1]).map(lambda text: (known[0], text))


@st.composite
def known_plates(draw: st.DrawFn, most: int = 3) -> list[tuple[str, str]]:
    """A few plates with their countries, and some that are kin of another."""
    found = []
    for country in draw(st.lists(st.sampled_from(COUNTRIES + OTHERS), min_size=1, max_size=most)):
        plate = draw(plates(country))
        found.append((country, plate))
        if draw(st.booleans()):
            found.append((country, draw(misread(plate))))
    return found
