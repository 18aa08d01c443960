"""The rows of `formats.toml`, checked by an independent translation of shapes to regular expressions."""

import re
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import streams.plates
from streams.plates.normal_form import MAX_LENGTH, normalise
from streams.records.countries import COUNTRIES

DATA = Path(streams.plates.__file__).with_name("formats.toml")
ROWS: list[dict[str, Any]] = tomllib.loads(DATA.read_text("utf-8"))["format"]
REQUIRED = {"id", "country", "name", "shapes", "source", "examples", "counterexamples"}
OPTIONAL = {"years", "never", "free", "note"}
COUNTRIES_IN_ORDER = ["FR", "BE", "NL", "DE", "LU", "GB", "IT"]

CHAR = "0-9A-ZÄÖÜ"
ITEM = re.compile(rf"(?P<gap> )|(?P<item>\[[{CHAR}-]+\]|[{CHAR}])(?:\{{(?P<m>\d+)(?:,(?P<n>\d+))?\}})?")
GAP = "-"

every_row = pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])


def items(shape: str) -> list[re.Match[str]]:
    """The items of a shape; raises AssertionError for a shape that breaks the grammar."""
    matches = list(ITEM.finditer(shape))
    assert "".join(match[0] for match in matches) == shape, f"not in the grammar: {shape!r}"
    return matches


def lengths(shape: str) -> tuple[int, int]:
    """The minimum and maximum length of the texts of a shape, without gaps."""
    min_length = max_length = 0
    for match in items(shape):
        if match["item"]:
            low = int(match["m"] or 1)
            high = int(match["n"] or low)
            assert low <= high, shape
            min_length += low
            max_length += high
    return min_length, max_length


def pattern(shape: str, gap: str) -> re.Pattern[str]:
    """A regular expression for the texts of a shape, with `gap` between the printed groups."""
    return re.compile("".join(gap if match["gap"] else match[0] for match in items(shape)))


def printed(text: str) -> str:
    """A plate with one `GAP` between its printed groups."""
    return re.sub(rf"[^{CHAR}]+", GAP, text)


def fits(row: dict[str, Any], text: str) -> bool:
    """True if a normal form fits one of the shapes and no `never`."""
    is_excluded = any(re.search(rule, text) for rule in row.get("never", []))
    return not is_excluded and any(pattern(shape, "").fullmatch(text) for shape in row["shapes"])


def test_ids_are_unique_and_begin_with_the_country() -> None:
    ids = [row["id"] for row in ROWS]
    assert len(set(ids)) == len(ids)
    assert all(row["id"].startswith(row["country"] + "-") for row in ROWS)


def test_rows_are_grouped_by_country() -> None:
    assert list(dict.fromkeys(row["country"] for row in ROWS)) == COUNTRIES_IN_ORDER
    ends = [row["country"] for row, after in pairwise(ROWS) if row["country"] != after["country"]]
    assert len(ends) == len(COUNTRIES_IN_ORDER) - 1
    assert set(COUNTRIES_IN_ORDER) <= COUNTRIES


@every_row
def test_a_row_has_the_required_keys_and_a_source(row: dict[str, Any]) -> None:
    assert set(row) >= REQUIRED
    assert set(row) <= REQUIRED | OPTIONAL
    assert row["source"].strip()
    assert isinstance(row.get("free", False), bool)
    assert row["shapes"] and len(set(row["shapes"])) == len(row["shapes"])


@every_row
def test_ranges_in_classes_ascend(row: dict[str, Any]) -> None:
    for shape in row["shapes"]:
        for members in re.findall(r"\[([^\]]+)\]", shape):
            assert re.fullmatch(rf"(?:[{CHAR}](?:-[{CHAR}])?)+", members), members
            assert all(first < last for first, last in re.findall(r"(.)-(.)", members)), members
        assert shape == shape.strip() and "  " not in shape


@every_row
def test_every_shape_has_possible_lengths(row: dict[str, Any]) -> None:
    for shape in row["shapes"]:
        min_length, max_length = lengths(shape)
        assert 1 <= min_length <= max_length <= MAX_LENGTH, shape


@every_row
def test_examples_fit_as_printed(row: dict[str, Any]) -> None:
    assert row["examples"]
    for example in row["examples"]:
        assert fits(row, normalise(example)), example
        if not row.get("free"):  # a personalised plate has its gaps anywhere
            assert any(pattern(shape, GAP).fullmatch(printed(example)) for shape in row["shapes"]), example


@every_row
def test_counterexamples_do_not_fit(row: dict[str, Any]) -> None:
    assert row["counterexamples"]
    for counterexample in row["counterexamples"]:
        assert not fits(row, normalise(counterexample)), counterexample


@every_row
def test_every_never_excludes_a_text_that_a_shape_allows(row: dict[str, Any]) -> None:
    texts = [normalise(text) for text in row["counterexamples"]]
    allowed = [text for text in texts if any(pattern(shape, "").fullmatch(text) for shape in row["shapes"])]
    for rule in row.get("never", []):
        assert any(re.search(rule, text) for text in allowed), rule
