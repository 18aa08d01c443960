"""Comparing what came out with what a case expects, so that a person sees the difference at once."""

import difflib
import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from tests.support.cases.loading import Row

# Of a hit that stands, these depend on the order of arrival; all else does not (docs/concepts/meaning.md).
ARRIVAL_FIELDS: Final = ("mode", "age_s", "revision", "kind", "emitted_at")


def matches_expected(actual: object, expected: object) -> bool:
    """Whether something has all that is expected of it.

    Of an object, the keys expected: `null` and `[]` also mean that the key is missing, for records leave out
    what has its default. Of a list, each entry, and no more. All else is equal.
    """
    if isinstance(expected, dict):
        return isinstance(actual, dict) and all(
            matches_expected(actual.get(key), expected[key]) for key in expected
        )
    if isinstance(expected, list):
        entries = [] if actual is None else actual
        return (
            isinstance(entries, list)
            and len(entries) == len(expected)
            and all(map(matches_expected, entries, expected))
        )
    return actual == expected


def describe_difference(actual: Sequence[Row], expected: Sequence[Row]) -> str:
    """What differs, in lines; empty if every row has what is expected of it and no row is over."""
    if len(actual) == len(expected) and all(map(matches_expected, actual, expected)):
        return ""
    came: list[Row] = []
    a = e = 0
    for at_actual, at_expected in [*_longest_match(actual, expected), (len(actual), len(expected))]:
        # Between two rows that are as expected, those that are not are set against each other.
        wanted = expected[e:at_expected]
        for place, row in enumerate(actual[a:at_actual]):
            came.append(_restrict(row, wanted[place]) if place < len(wanted) else summarize_row(row))
        came += expected[at_expected : at_expected + 1]
        a, e = at_actual + 1, at_expected + 1
    lines = difflib.ndiff([to_json(row) for row in expected], [to_json(row) for row in came])
    return "\n".join(line for line in lines if line.strip() and not line.startswith("?"))


def _longest_match(actual: Sequence[Row], expected: Sequence[Row]) -> list[tuple[int, int]]:
    """The longest run of pairs of places, both rising, at which a row is as expected."""
    best: list[list[list[tuple[int, int]]]] = [
        [[] for _ in range(len(expected) + 1)] for _ in range(len(actual) + 1)
    ]
    for a in reversed(range(len(actual))):
        for e in reversed(range(len(expected))):
            options = [best[a + 1][e], best[a][e + 1]]
            if matches_expected(actual[a], expected[e]):
                options.append([(a, e), *best[a + 1][e + 1]])
            best[a][e] = max(options, key=len)
    return best[0][0]


def active_hits(hits: Iterable[Row]) -> dict[str, Row]:
    """The hits that stand at the end, by id, without what depends on the order of arrival."""
    latest = {hit["hit_id"]: hit for hit in hits}
    return {
        name: {key: value for key, value in hit.items() if key not in ARRIVAL_FIELDS}
        for name, hit in latest.items()
        if hit["kind"] != "withdrawn"
    }


def summarize_row(row: Row) -> Row:
    """The parts of a hit that tell it from others; other rows whole."""
    if "hit_id" not in row:
        return row
    found: Row = {key: row[key] for key in ("kind", "revision", "mode") if key in row}
    found["read"] = {"read_id": row["read"]["read_id"]}
    found["alert"] = {"alert_id": row["alert"]["alert_id"]}
    found["match"] = {key: value for key, value in row["match"].items() if key != "posterior"}
    return found | {key: row[key] for key in ("withdrawn", "verdict") if key in row}


def to_json(row: object) -> str:
    """A row on one line."""
    return json.dumps(row, ensure_ascii=False)


def _restrict(actual: Any, expected: Any) -> Any:
    """The part of a row that an expectation speaks of."""
    if isinstance(actual, dict) and isinstance(expected, dict):
        return {key: _restrict(actual.get(key), value) for key, value in expected.items()}
    if isinstance(actual, list) and isinstance(expected, list) and len(actual) == len(expected):
        return [_restrict(one, other) for one, other in zip(actual, expected, strict=True)]
    return actual
