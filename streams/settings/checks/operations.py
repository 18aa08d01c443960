"""Checks of joint control operations: their keys together and against other sections."""

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
from streams.settings.checks.check import Check, TomlValues, check_reference, list_entries, section_entries
from streams.settings.type_info import describe_type
from streams.settings.validation import SettingFinding

_REFERENCES: Final = {"lists": "lists", "sites": "sites", "crews": "sites", "participants": "centres"}
"""The keys with ids, and the section of these ids."""
_COORDINATES: Final = (("latitude", Latitude), ("longitude", Longitude))
_Point = tuple[float, float]


def _check_references(values: TomlValues) -> Iterator[SettingFinding]:
    for name, operation in section_entries(values, "operations"):
        for key, section in _REFERENCES.items():
            for index, entry in list_entries(operation, key):
                yield from check_reference(values, section, entry, ("operations", name, key, index))


def _check_places(values: TomlValues) -> Iterator[SettingFinding]:
    for name, operation in section_entries(values, "operations"):
        if not operation.get("sites") and "area" not in operation:
            advice = "without both, no place belongs to the operation"
            yield SettingFinding(("operations", name), "must have `sites` or an `area`", advice=advice)


def _check_windows(values: TomlValues) -> Iterator[SettingFinding]:
    for name, operation in section_entries(values, "operations"):
        for index, window in list_entries(operation, "windows"):
            if isinstance(window, dict):
                yield from _check_window(window, ("operations", name, "windows", index))


def _check_window(window: dict[str, Any], path: tuple[str | int, ...]) -> Iterator[SettingFinding]:
    begins, ends = _parse_time(window.get("from")), _parse_time(window.get("until"))
    if begins is not None and ends is not None and ends <= begins:
        rule = f"must be after `from` ({toml_format.format_value(begins)})"
        yield SettingFinding((*path, "until"), rule, toml_format.format_value(ends))


def _parse_time(value: object) -> datetime | None:
    """Return a value as a time; None if it is invalid, which has a finding of its own."""
    return None if find_faults(Time, value) else msgspec.convert(value, Time)


def _check_areas(values: TomlValues) -> Iterator[SettingFinding]:
    for operation_id, operation in section_entries(values, "operations"):
        corners, path = operation.get("area"), ("operations", operation_id, "area")
        if not isinstance(corners, list):
            continue
        points = [_parse_point(corner) for corner in corners]
        valid_points = [point for point in points if point is not None]
        out_of_range = [
            SettingFinding(
                (*path, index, axis),
                f"must be a {name}, {describe_type(kind)}",
                toml_format.format_for_message(point[axis]),
            )
            for index, point in enumerate(points)
            if point is not None
            for axis, (name, kind) in enumerate(_COORDINATES)
            if find_faults(kind, point[axis])
        ]
        yield from out_of_range
        if not out_of_range and len(valid_points) == len(points) >= 3:
            yield from _check_outline(valid_points, path)


def _parse_point(corner: object) -> _Point | None:
    """Return a corner; None if it is invalid, which has a finding of its own."""
    if find_faults(Corner, corner):
        return None
    lat, lon = msgspec.convert(corner, Corner)
    return lat, lon


def _check_outline(points: Sequence[_Point], path: tuple[str | int, ...]) -> Iterator[SettingFinding]:
    edges = list(pairwise([*points, points[0]]))
    double_area = sum(lat1 * lon2 - lat2 * lon1 for (lat1, lon1), (lat2, lon2) in edges)
    if any(_edges_cross(first, second) for first, second in combinations(edges, 2)):
        yield SettingFinding(path, "must have its corners in order around the area: its edges cross")
    elif abs(double_area) < _MIN_DOUBLE_AREA:
        yield SettingFinding(path, "must have corners that enclose an area: they lie on one line")


def _edges_cross(first: tuple[_Point, _Point], second: tuple[_Point, _Point]) -> bool:
    """True if two edges cross between their ends."""
    sides = [_side(*first, point) for point in second] + [_side(*second, point) for point in first]
    return sides[0] * sides[1] < 0 and sides[2] * sides[3] < 0


def _side(start: _Point, end: _Point, point: _Point) -> float:
    """Return a number that is positive on one side of an edge, negative on the other, and 0 on its line."""
    return (point[0] - start[0]) * (end[1] - start[1]) - (point[1] - start[1]) * (end[0] - start[0])


_MIN_DOUBLE_AREA: Final = 1e-9
"""Twice an area in square degrees: some square metres."""

OPERATIONS: Final = (
    Check(
        "The `lists`, `sites`, `crews` and `participants` of an operation must be ids in `[lists.<id>]`, "
        "`[sites.<id>]` or of built-in sites, and `[centres.<id>]`.",
        _check_references,
    ),
    Check("An operation must have `sites` or an `area`.", _check_places),
    Check("The `until` of a window of an operation must be after its `from`.", _check_windows),
    Check(
        "The corners of an operation's `area` must have latitudes from -90 to 90 and longitudes from -180 to "
        "180, and be in order around the area, so that no edges cross.",
        _check_areas,
    ),
)
