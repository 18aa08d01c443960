"""What joint control operations ask of their own keys together and of other sections."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import combinations, pairwise
from typing import Any, Final

import msgspec

from streams.operations.config import Corner
from streams.records.faults import find_faults
from streams.records.times import Time
from streams.records.types import Latitude, Longitude
from streams.settings import toml_format
from streams.settings.checks.check import Check, TomlValues, check_reference, section_entries
from streams.settings.type_info import describe_type
from streams.settings.validation import SettingFinding

_REFERENCES: Final = {"lists": "lists", "sites": "sites", "crews": "sites", "participants": "centres"}
"""A key with ids, and the section that has them."""
_COORDINATES: Final = (("latitude", Latitude), ("longitude", Longitude))
_Point = tuple[float, float]


def _check_references(values: TomlValues) -> Iterator[SettingFinding]:
    for name, operation in section_entries(values, "operations"):
        for key, section in _REFERENCES.items():
            ids = operation.get(key)
            for index, each in enumerate(ids if isinstance(ids, list) else ()):
                yield from check_reference(values, section, each, ("operations", name, key, index))


def _check_places(values: TomlValues) -> Iterator[SettingFinding]:
    for name, operation in section_entries(values, "operations"):
        if not operation.get("sites") and "area" not in operation:
            rule = "has `sites` or an `area`; without either no place belongs to it"
            yield SettingFinding(("operations", name), rule)


def _check_windows(values: TomlValues) -> Iterator[SettingFinding]:
    for name, operation in section_entries(values, "operations"):
        windows = operation.get("windows")
        for index, window in enumerate(windows if isinstance(windows, list) else ()):
            if isinstance(window, dict):
                yield from _check_window(window, ("operations", name, "windows", index))


def _check_window(window: dict[str, Any], path: tuple[str | int, ...]) -> Iterator[SettingFinding]:
    begins, ends = _parse_time(window.get("from")), _parse_time(window.get("until"))
    if begins is not None and ends is not None and ends <= begins:
        rule = f"is after `from` ({toml_format.format_value(begins)}), else the window is empty"
        yield SettingFinding((*path, "until"), rule, toml_format.format_value(ends))


def _parse_time(value: object) -> datetime | None:
    """A value as the time it will be; None if it is none, which is a fault of its own."""
    return None if find_faults(Time, value) else msgspec.convert(value, Time)


def _check_areas(values: TomlValues) -> Iterator[SettingFinding]:
    for name, operation in section_entries(values, "operations"):
        corners, path = operation.get("area"), ("operations", name, "area")
        if not isinstance(corners, list):
            continue
        points = [_parse_point(corner) for corner in corners]
        known = [point for point in points if point is not None]
        beyond = [
            SettingFinding(
                (*path, index, place),
                f"is a {what}, {describe_type(kind)}",
                toml_format.format_for_message(point[place]),
            )
            for index, point in enumerate(points)
            for place, (what, kind) in enumerate(_COORDINATES if point is not None else ())
            if point is not None and find_faults(kind, point[place])
        ]
        yield from beyond
        if not beyond and len(known) == len(points) >= 3:
            yield from _check_outline(known, path)


def _parse_point(corner: object) -> _Point | None:
    """A corner of the right form; None for another, which is a fault of its own."""
    if find_faults(Corner, corner):
        return None
    lat, lon = msgspec.convert(corner, Corner)
    return lat, lon


def _check_outline(points: Sequence[_Point], path: tuple[str | int, ...]) -> Iterator[SettingFinding]:
    edges = list(pairwise([*points, points[0]]))
    twice = sum(lat1 * lon2 - lat2 * lon1 for (lat1, lon1), (lat2, lon2) in edges)
    if any(_edges_cross(one, other) for one, other in combinations(edges, 2)):
        yield SettingFinding(path, "has its corners in order round the area", "", "its edges cross")
    elif abs(twice) < _MIN_AREA:
        yield SettingFinding(path, "has corners that enclose an area", "", "they lie on one line")


def _edges_cross(first: tuple[_Point, _Point], second: tuple[_Point, _Point]) -> bool:
    """Whether two edges cross between their ends."""
    sides = [_side(*first, point) for point in second] + [_side(*second, point) for point in first]
    return sides[0] * sides[1] < 0 and sides[2] * sides[3] < 0


def _side(start: _Point, end: _Point, point: _Point) -> float:
    return (point[0] - start[0]) * (end[1] - start[1]) - (point[1] - start[1]) * (end[0] - start[0])


_MIN_AREA: Final = 1e-9
"""Square degrees, twice: some square metres."""

OPERATIONS: Final = (
    Check(
        "The `lists`, `sites`, `crews` and `participants` of an operation name only lists, sites and centres "
        "in `[lists.<id>]`, `[sites.<id>]` and `[centres.<id>]`.",
        _check_references,
    ),
    Check("An operation has `sites` or an `area`.", _check_places),
    Check("The `until` of an operation's window is after its `from`.", _check_windows),
    Check(
        "The corners of an operation's `area` are latitudes from -90 to 90 and longitudes from -180 to 180, "
        "in order round an area, so that no edges cross.",
        _check_areas,
    ),
)
