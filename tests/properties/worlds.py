"""Hypothesis strategies for small worlds: easily confused plates, alerts on them, and reads of them.

A world has few plates, few cameras and a few minutes, so that reads and alerts match often.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st

from streams.records.alert import Alert, AlertMatch, Withdrawal
from streams.records.read import Read
from streams.records.times import parse_time

START: Final = parse_time("2026-05-21T10:00:00Z")
MINUTES: Final = 10
CONFUSABLE: Final = {char: group for group in ("0ODQ", "1I", "2Z", "5S", "8B", "6G") for char in group}
"""The confusable class of each character that has one, as listed in docs/concepts/meaning.md."""
COUNTRIES: Final = ("FR", "BE", "DE", "NL")
OTHER_COUNTRIES: Final = ("IT", "ES")
"""IT has formats, some with the same shape as formats of FR; ES has none here."""
CAMERAS: Final = ("a1", "a2", "b1", "x1")
"""The first two are at one site, the third at another, the last at none."""
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
    """Plates of a country as written, mostly of characters with a confusable class."""
    return st.sampled_from(_SHAPES[country]).flatmap(
        lambda shape: st.tuples(*(st.sampled_from(_CHARS[char]) for char in shape)).map("".join)
    )


@st.composite
def misread(draw: st.DrawFn, plate: str) -> str:
    """Draw a plate as it may be read: confusable characters, a lost umlaut, lost gaps, rarely more."""
    chars = list(plate)
    for index in draw(st.lists(st.integers(0, len(chars) - 1), min_size=1, max_size=3)):
        char = chars[index]
        chars[index] = draw(
            st.sampled_from({"Ä": ["A", "AE"], "Ö": ["O", "OE"]}.get(char) or [*CONFUSABLE.get(char, char)])
        )
    text = "".join(chars)
    if draw(st.booleans()):
        text = text.replace("-", "").replace(" ", "")
    change = draw(st.sampled_from(["none"] * 9 + ["lost", "extra", "substituted", "umlaut"]))
    if change == "lost":
        text = text[1:] if draw(st.booleans()) else text[:-1]
    elif change == "extra":
        text += draw(st.sampled_from("1BA"))
    elif change == "substituted":
        text = text[:-1] + draw(st.sampled_from("7XE"))
    elif change == "umlaut":
        text = text.replace("A", "Ä", 1).replace("O", "Ö", 1)
    return text[:20] if any(map(str.isalnum, text)) else plate


@st.composite
def patterns(draw: st.DrawFn, plate: str) -> str:
    """Draw a pattern that the plate fits: some characters as `?`, a run of them as `*`."""
    chars = [char for char in plate if char.isalnum()]
    for index in draw(st.lists(st.integers(0, len(chars) - 1), max_size=2)):
        chars[index] = "?"
    if draw(st.booleans()):
        start = draw(st.integers(0, len(chars)))
        chars[start : draw(st.integers(start, len(chars)))] = "*"
    return "".join(chars) if any(map(str.isalnum, chars)) else plate


def moments(before: int = 0, after: int = 0) -> st.SearchStrategy[datetime]:
    """Times of the world in steps of ten seconds, with a margin before and after in minutes."""
    seconds = st.integers(-before * 6, (MINUTES + after) * 6).map(lambda tens: 10 * tens)
    return seconds.map(lambda second: START + timedelta(seconds=second))


@st.composite
def alerts(draw: st.DrawFn, known: list[tuple[str, str]], alert_ids: str = "abc") -> Alert:
    """Draw an alert on a known plate with its country, or on a similar plate."""
    country, plate = draw(st.sampled_from(known))
    plate = draw(st.one_of(st.just(plate), st.just(plate), misread(plate), patterns(plate)))
    validity = draw(st.sampled_from(["long", "long", "long", "ends", "begins", "short"]))
    valid_from, valid_until = START - timedelta(days=1), START + timedelta(days=1)
    if validity in ("begins", "short"):
        valid_from = draw(moments(5))
    if validity in ("ends", "short"):
        valid_until = valid_from + timedelta(minutes=3) if validity == "short" else draw(moments(0, 5))
    fields: dict[str, Any] = {}
    if draw(st.integers(0, 3)) == 3:
        fields["match"] = AlertMatch(draw(st.sampled_from(["exact", "pattern", "confusable", "fuzzy"])))
    return Alert(
        list_id=draw(st.sampled_from(["one", "two"])),
        alert_id=draw(st.sampled_from(alert_ids)),
        version=draw(st.integers(1, 3)),
        plate=plate,
        basis="NATIONAL",
        reason=draw(st.sampled_from(["stolen", "sought"])),
        action={"default": "inform", "BE": "stop"},
        valid_from=valid_from,
        valid_until=valid_until,
        country=draw(st.sampled_from([country, country, country, None])),
        **fields,
    )


@st.composite
def withdrawals(draw: st.DrawFn, alert_ids: str = "abc") -> Withdrawal:
    """Draw the withdrawal of a known or unknown alert."""
    return Withdrawal(
        draw(st.sampled_from(["one", "two"])), draw(st.sampled_from(alert_ids)), draw(moments(5, 5))
    )


@st.composite
def reads(draw: st.DrawFn, known: list[tuple[str, str]], ids: int = 5, misreads: bool = True) -> Read:
    """Draw a read of a known plate or a similar one, sometimes with the id of another read."""
    country, plate = draw(st.sampled_from(known))
    if misreads and draw(st.booleans()):
        plate = draw(misread(plate))
    return Read(
        read_id=f"r{draw(st.integers(1, ids))}",
        camera_id=draw(st.sampled_from(CAMERAS)),
        captured_at=draw(moments()),
        plate=plate,
        country=draw(st.sampled_from([country] * 6 + [None, None, *COUNTRIES, *OTHER_COUNTRIES])),
        confidence=draw(st.sampled_from([None, 0.5, 0.9])),
        retransmitted=draw(st.sampled_from([False, False, False, True])),
    )


def misread_of(known: tuple[str, str]) -> st.SearchStrategy[tuple[str, str]]:
    """A known plate with its country, as it may be read."""
    return misread(known[1]).map(lambda text: (known[0], text))


@st.composite
def known_plates(draw: st.DrawFn, max_size: int = 3) -> list[tuple[str, str]]:
    """Draw a few plates with their countries, and some that are similar to another."""
    known = []
    for country in draw(
        st.lists(st.sampled_from(COUNTRIES + OTHER_COUNTRIES), min_size=1, max_size=max_size)
    ):
        plate = draw(plates(country))
        known.append((country, plate))
        if draw(st.booleans()):
            known.append((country, draw(misread(plate))))
    return known
