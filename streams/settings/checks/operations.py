"""What joint control operations ask of their own keys together and of other sections."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import combinations, pairwise
from typing import Any, Final

import msgspec

from streams.operations.config import Corner
from streams.records.faults import faults_of
from streams.records.times import Time
from streams.records.types import Latitude, Longitude
from streams.settings import toml_format
from streams.settings.checks.check import Check, Values, named, tables
from streams.settings.type_info import words
from streams.settings.validation import Finding

_NAMES: Final = {"lists": "lists", "sites": "sites", "crews": "sites", "participants": "centres"}
"""A key with ids, and the section that has them."""
_COORDINATES: Final = (("latitude", Latitude), ("longitude", Longitude))
_Point = tuple[float, float]


def _names(values: Values) -> Iterator[Finding]:
    for name, operation in tables(values, "operations"):
        for key, section in _NAMES.items():
            ids = operation.get(key)
            for index, each in enumerate(ids if isinstance(ids, list) else ()):
                yield from named(values, section, each, ("operations", name, key, index))


def _places(values: Values) -> Iterator[Finding]:
    for name, operation in tables(values, "operations"):
        if not operation.get("sites") and "area" not in operation:
            rule = "has `sites` or an `area`; without either no place belongs to it"
            yield Finding(("operations", name), rule)


def _windows(values: Values) -> Iterator[Finding]:
    for name, operation in tables(values, "operations"):
        windows = operation.get("windows")
        for index, window in enumerate(windows if isinstance(windows, list) else ()):
            if isinstance(window, dict):
                yield from _window(window, ("operations", name, "windows", index))


def _window(window: dict[str, Any], path: tuple[str | int, ...]) -> Iterator[Finding]:
    begins, ends = _time_of(window.get("from")), _time_of(window.get("until"))
    if begins is not None and ends is not None and ends <= begins:
        rule = f"is after `from` ({toml_format.value(begins)}), else the window is empty"
        yield Finding((*path, "until"), rule, toml_format.value(ends))


def _time_of(value: object) -> datetime | None:
    """A value as the time it will be; None if it is none, which is a fault of its own."""
    return None if faults_of(Time, value) else msgspec.convert(value, Time)


def _areas(values: Values) -> Iterator[Finding]:
    for name, operation in tables(values, "operations"):
        corners, path = operation.get("area"), ("operations", name, "area")
        if not isinstance(corners, list):
            continue
        points = [_point(corner) for corner in corners]
        known = [point for point in points if point is not None]
        beyond = [
            Finding(
                (*path, index, place), f"is a {what}, {words(kind)}", toml_format.in_message(point[place])
            )
            for index, point in enumerate(points)
            for place, (what, kind) in enumerate(_COORDINATES if point is not None else ())
            if point is not None and faults_of(kind, point[place])
        ]
        yield from beyond
        if not beyond and len(known) == len(points) >= 3:
            yield from _outline(known, path)


def _point(corner: object) -> _Point | None:
    """A corner of the right form; None for another, which is a fault of its own."""
    if faults_of(Corner, corner):
        return None
    lat, lon = msgspec.convert(corner, Corner)
    return lat, lon


def _outline(points: Sequence[_Point], path: tuple[str | int, ...]) -> Iterator[Finding]:
    edges = list(pairwise([*points, points[0]]))
    twice = sum(lat1 * lon2 - lat2 * lon1 for (lat1, lon1), (lat2, lon2) in edges)
    if any(_cross(one, other) for one, other in combinations(edges, 2)):
        yield Finding(path, "has its corners in order round the area", "", "its edges cross")
    elif abs(twice) < _LEAST_AREA:
        yield Finding(path, "has corners that enclose an area", "", "they lie on one line")


def _cross(one: tuple[_Point, _Point], other: tuple[_Point, _Point]) -> bool:
    """Whether two edges cross between their ends."""
    sides = [_side(*one, point) for point in other] + [_side(*other, point) for point in one]
    return sides[0] * sides[1] < 0 and sides[2] * sides[3] < 0


def _side(one: _Point, other: _Point, point: _Point) -> float:
    return (point[0] - one[0]) * (other[1] - one[1]) - (point[1] - one[1]) * (other[0] - one[0])


_LEAST_AREA: Final = 1e-9
"""Square degrees, twice: some square metres."""

OPERATIONS: Final = (
    Check(
        "The `lists`, `sites`, `crews` and `participants` of an operation name only lists, sites and centres "
        "in `[lists.<id>]`, `[sites.<id>]` and `[centres.<id>]`.",
        _names,
    ),
    Check("An operation has `sites` or an `area`.", _places),
    Check("The `until` of an operation's window is after its `from`.", _windows),
    Check(
        "The corners of an operation's `area` are latitudes from -90 to 90 and longitudes from -180 to 180, "
        "in order round an area, so that no edges cross.",
        _areas,
    ),
)
