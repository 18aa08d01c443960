"""Matches of listed vehicles that drive over the built-in network, made up, in the order of their times."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, NamedTuple

from streams.matching.config import MatchingRules
from streams.matching.matcher import Matcher
from streams.network.builtin import builtin_sites
from streams.network.config import CameraConfig, Places
from streams.network.routing import Network, Route
from streams.records.alert import Alert
from streams.records.match import Match, MatchResult
from streams.records.read import Read
from streams.records.times import DAY_MS, from_ms, to_ms

_BEGIN: Final = to_ms(datetime(2026, 5, 21, tzinfo=UTC))
_LATE_MS: Final = 1_000
_LETTERS: Final = "ABCDEFGHJKLMNPQRSTVW"
_CONFIDENCES: Final = (0.99, 0.97, 0.6)


class Made(NamedTuple):
    """Alerts, one a vehicle, and their matches with the time (ms since 1970 UTC) at which each comes."""

    alerts: list[Alert]
    matches: list[tuple[int, Match]]
    places: Places


def made(vehicles: int, seed: int = 5) -> Made:
    """A trip of each vehicle in one day; a site has one or two reads of it, two seconds apart."""
    rng = random.Random(seed)
    sites = builtin_sites("fr-be")
    cameras = {f"{site}-{number}": CameraConfig(site=site) for site in sites for number in (1, 2)}
    network, roads = Network(sites), [name for name, site in sites.items() if site.kind == "road"]
    alerts, judge = [_alert(number) for number in range(vehicles)], Matcher(MatchingRules())
    found: list[tuple[int, Match]] = []
    for number, alert in enumerate(alerts):
        way = _trip(network, roads, rng)
        at, pace = _BEGIN + rng.randrange(DAY_MS), rng.uniform(0.85, 1.1)
        for read in _reads(number, way, network, at, pace, rng):
            result = judge.match(read, alert)
            assert isinstance(result, MatchResult), "a plate read as it is listed"
            found.append((to_ms(read.captured_at) + _LATE_MS, Match(read, alert, result)))
    found.sort(key=lambda each: each[0])
    return Made(alerts, found, Places(cameras, sites))


def _trip(network: Network, roads: list[str], rng: random.Random) -> Route:
    while True:
        way = network.route(rng.choice(roads), rng.choice(roads))
        if way is not None and 3 <= len(way.sites) <= 15:
            return way


def _reads(
    number: int, way: Route, network: Network, at: int, pace: float, rng: random.Random
) -> Iterator[Read]:
    before = None
    for site in way.sites:
        leg = network.route(before, site) if before is not None else None
        at += round(leg.usual_ms * pace) if leg is not None else 0
        before = site
        for camera in range(rng.choice((1, 1, 2))):
            captured = from_ms(at + 2_000 * camera)
            read_id = f"{number}-{site}-{camera}"
            yield Read(
                read_id, f"{site}-{camera + 1}", captured, _plate(number), "FR", rng.choice(_CONFIDENCES)
            )


def _alert(number: int) -> Alert:
    return Alert(
        list_id="made",
        alert_id=str(number),
        version=1,
        plate=_plate(number),
        basis="SIS-38-seizure",
        reason="made up",
        action={"default": "seize"},
        valid_from=from_ms(_BEGIN - DAY_MS),
        valid_until=from_ms(_BEGIN + 30 * DAY_MS),
        country="FR",
    )


def _plate(number: int) -> str:
    """A French plate, another one for each number to 8 million."""
    series, digits = divmod(number, 999)
    first, last = divmod(series, 400)
    return f"A{_LETTERS[first]}-{digits + 1:03d}-{_LETTERS[last // 20]}{_LETTERS[last % 20]}"
