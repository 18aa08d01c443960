"""The rows of `formats.toml`, checked with a translator of their own: shape to regular expression."""

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
GIVEN = ["FR", "BE", "NL", "DE", "LU", "GB", "IT"]

CHAR = "0-9A-ZÄÖÜ"
ITEM = re.compile(rf"(?P<gap> )|(?P<item>\[[{CHAR}-]+\]|[{CHAR}])(?:\{{(?P<m>\d+)(?:,(?P<n>\d+))?\}})?")
GAP = "-"

every_row = pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])


def items(shape: str) -> list[re.Match[str]]:
    """The items of a shape; raises AssertionError for what the grammar does not have."""
    found = list(ITEM.finditer(shape))
    assert "".join(match[0] for match in found) == shape, f"not of the grammar: {shape!r}"
    return found


def lengths(shape: str) -> tuple[int, int]:
    """The least and the greatest length of a text of this shape, gaps not counted."""
    least = most = 0
    for match in items(shape):
        if match["item"]:
            low = int(match["m"] or 1)
            high = int(match["n"] or low)
            assert low <= high, shape
            least += low
            most += high
    return least, most


def pattern(shape: str, gap: str) -> re.Pattern[str]:
    """A regular expression for the texts of a shape, with `gap` between the printed groups."""
    return re.compile("".join(gap if match["gap"] else match[0] for match in items(shape)))


def printed(text: str) -> str:
    """A plate with one `GAP` between its printed groups."""
    return re.sub(rf"[^{CHAR}]+", GAP, text)


def fits(row: dict[str, Any], text: str) -> bool:
    """Whether a normal form fits one of the shapes and is shut out by no `never`."""
    never = any(re.search(rule, text) for rule in row.get("never", []))
    return not never and any(pattern(shape, "").fullmatch(text) for shape in row["shapes"])


def test_ids_are_unique_and_begin_with_the_country() -> None:
    ids = [row["id"] for row in ROWS]
    assert len(set(ids)) == len(ids)
    assert all(row["id"].startswith(row["country"] + "-") for row in ROWS)


def test_countries_are_in_order_and_known() -> None:
    assert list(dict.fromkeys(row["country"] for row in ROWS)) == GIVEN
    together = [a["country"] for a, b in pairwise(ROWS) if a["country"] != b["country"]]
    assert len(together) == len(GIVEN) - 1
    assert set(GIVEN) <= COUNTRIES


@every_row
def test_a_row_has_its_keys_and_a_source(row: dict[str, Any]) -> None:
    assert set(row) >= REQUIRED
    assert set(row) <= REQUIRED | OPTIONAL
    assert row["source"].strip()
    assert isinstance(row.get("free", False), bool)
    assert row["shapes"] and len(set(row["shapes"])) == len(row["shapes"])


@every_row
def test_classes_run_upwards(row: dict[str, Any]) -> None:
    for shape in row["shapes"]:
        for inside in re.findall(r"\[([^\]]+)\]", shape):
            assert re.fullmatch(rf"(?:[{CHAR}](?:-[{CHAR}])?)+", inside), inside
            assert all(first < last for first, last in re.findall(r"(.)-(.)", inside)), inside
        assert shape == shape.strip() and "  " not in shape


@every_row
def test_every_shape_is_of_lengths_that_a_plate_can_have(row: dict[str, Any]) -> None:
    for shape in row["shapes"]:
        least, most = lengths(shape)
        assert 1 <= least <= most <= MAX_LENGTH, shape


@every_row
def test_examples_fit_as_printed(row: dict[str, Any]) -> None:
    assert row["examples"]
    for example in row["examples"]:
        assert fits(row, normalise(example)), example
        if not row.get("free"):  # a chosen plate has its gaps anywhere
            assert any(pattern(shape, GAP).fullmatch(printed(example)) for shape in row["shapes"]), example


@every_row
def test_counterexamples_do_not_fit(row: dict[str, Any]) -> None:
    assert row["counterexamples"]
    for counterexample in row["counterexamples"]:
        assert not fits(row, normalise(counterexample)), counterexample


@every_row
def test_every_never_shuts_out_a_text_that_a_shape_allows(row: dict[str, Any]) -> None:
    texts = [normalise(text) for text in row["counterexamples"]]
    allowed = [text for text in texts if any(pattern(shape, "").fullmatch(text) for shape in row["shapes"])]
    for rule in row.get("never", []):
        assert any(re.search(rule, text) for text in allowed), rule
