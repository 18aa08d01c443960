"""Alerts and reads of them, made from a seed: what must hit, what must not, and what is no read at all."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Final, Literal, NamedTuple

from streams.matching.config import MatchingRules
from streams.records.alert import Alert
from streams.records.encode import encode
from streams.records.read import Read
from streams.records.times import parse_time, to_rfc3339
from tests.properties.join import CLASSES, join

TextKind = Literal["exact", "misread", "look-alike", "unlisted"]
LIST: Final = "sis-vehicles"
VALID_FROM: Final = parse_time("2026-01-01T00:00:00Z")
CAMERAS: Final = 997
"""So many that no camera has two reads in one millisecond: with no gap each read is a passage of its own."""

_SHAPES: Final = {"FR": "AA-000-AA", "BE": "1-AAA-000", "NL": "AA-000-A", "DE": "AA AA 1000"}
_LETTERS: Final = "ABCDEFGHJKLMNPQRSTVWXZ"
_CONFUSABLE: Final = {char: sorted(group - {char}) for group in CLASSES for char in group}


class PlateText(NamedTuple):
    """A plate as read, with its country, and what it was made as."""

    plate: str
    country: str
    kind: TextKind


class Traffic:
    """`alerts`, and reads of `texts`: the same for the same seed.

    What is expected is not what a text was made as, but what the join in plain loops says of it.
    """

    def __init__(self, seed: int, alerts: int = 60) -> None:
        self._rng = random.Random(seed)
        listed = [self._random_plate() for _ in range(alerts)]
        self.alerts = [make_alert(f"V{number}", plate) for number, plate in enumerate(listed)]
        self.texts = [PlateText(*plate, "exact") for plate in listed]
        self.texts += [PlateText(self._misread(text, 1), country, "misread") for text, country in listed]
        self.texts += [PlateText(self._misread(text, 3), country, "look-alike") for text, country in listed]
        self.texts += [
            PlateText(self._one_character_off(text), country, "look-alike") for text, country in listed
        ]
        self.texts += [PlateText(*self._random_plate(), "unlisted") for _ in range(4 * alerts)]

    def next_text(self) -> PlateText:
        """The next text to be read: half of what passes is listed or looks like it."""
        return self._rng.choice(self.texts)

    def fresh_plate(self) -> tuple[str, str]:
        """A plate and its country that are new in this traffic."""
        return self._random_plate()

    def _random_plate(self) -> tuple[str, str]:
        country = self._rng.choice(list(_SHAPES))
        made = {"A": _LETTERS, "0": "0123456789", "1": "123456789" if country == "DE" else "12"}
        return "".join(self._rng.choice(made.get(char, char)) for char in _SHAPES[country]), country

    def _misread(self, plate: str, times: int) -> str:
        """A plate with characters of the same class in place of some, if it has any."""
        chars = list(plate)
        places = [place for place, char in enumerate(chars) if char in _CONFUSABLE]
        for place in self._rng.sample(places, min(times, len(places))):
            chars[place] = self._rng.choice(_CONFUSABLE[chars[place]])
        return "".join(chars)

    def _one_character_off(self, plate: str) -> str:
        """A plate that differs in one character by more than a misread."""
        place = self._rng.choice([place for place, char in enumerate(plate) if char.isalnum()])
        alike = {plate[place], *_CONFUSABLE.get(plate[place], ())}
        pool = "23456789" if plate[place].isdigit() else _LETTERS
        return plate[:place] + self._rng.choice([c for c in pool if c not in alike]) + plate[place + 1 :]


def make_alert(alert_id: str, plate: tuple[str, str], version: int = 1, priority: int = 3) -> Alert:
    """An alert that is effective all year."""
    return Alert(
        list_id=LIST,
        alert_id=alert_id,
        version=version,
        plate=plate[0],
        country=plate[1],
        basis="SIS-38-seizure",
        reason="stolen vehicle",
        action={"default": "seize"},
        priority=priority,
        valid_from=VALID_FROM,
        valid_until=VALID_FROM + timedelta(days=20 * 365),
    )


def make_read(number: int, text: PlateText, at: datetime) -> Read:
    """The `number`-th read."""
    return Read(f"r{number}", f"camera-{number % CAMERAS}", at, text.plate, text.country, 0.97)


def make_malformed(number: int, at: datetime) -> bytes | None:
    """The `number`-th record, one that is no read: each of five ways in turn."""
    good = encode(make_read(number, PlateText("AA-123-AA", "FR", "unlisted"), at))
    ways = (
        good[: len(good) // 2],
        good.replace(b"AA-123-AA", b"A\xd0\x96-123-AA"),
        good.replace(to_rfc3339(at).encode(), b"yesterday"),
        good.replace(b'"camera_id"', b'"kamera"'),
        None,
    )
    return ways[number // 100 % len(ways)]


@cache
def _is_match(text: PlateText, plate: str, country: str) -> bool:
    at = VALID_FROM + timedelta(days=30)
    return bool(join([make_read(0, text, at)], [make_alert("any", (plate, country))], [], MatchingRules()))


def matching_alerts(text: PlateText, alerts: Sequence[Alert]) -> list[Alert]:
    """The alerts that a text matches while they are effective, by the join in plain loops."""
    return [each for each in alerts if _is_match(text, each.plate, each.country or "")]
