"""JSON lines from columns are the same as lines written one by one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams.records.times import from_ms, to_rfc3339
from streams.simulation.jsonl_columns import (
    Abbreviation,
    LazyColumn,
    format_digits,
    format_times,
    frame_rows,
    join_columns,
    mask_rows,
    text_table,
)

WORDS = st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=6), max_size=8)


@given(WORDS)
def test_columns_are_joined_row_by_row(words: list[str]) -> None:
    count = len(words)
    column = text_table(words)
    shown = np.arange(count) % 2 == 0

    def fill(rows: np.ndarray) -> None:
        rows[:, 1] = ord("\1")

    made = join_columns(
        count,
        b"<",
        column,
        frame_rows(b"[", column, b"]", shown),
        mask_rows(~shown, column),
        LazyColumn(3, fill),
        b">\n",
        abbreviations=(Abbreviation(b"\1", b"long"),),
    )
    expected = (
        f"<{word}{f'[{word}]' if place % 2 == 0 else word}long>\n" for place, word in enumerate(words)
    )
    assert made.decode() == "".join(expected)


@given(st.lists(st.integers(0, 10**9 - 1), min_size=1), st.integers(9, 14))
def test_digits_have_leading_zeros(numbers: list[int], width: int) -> None:
    found = format_digits(np.array(numbers, dtype=np.int64), width)
    assert [bytes(row).decode() for row in found] == [f"{number:0{width}}" for number in numbers]


@given(st.lists(st.integers(946_684_800_000, 946_684_800_000 + 10**11), max_size=5))
def test_times_are_formatted_as_in_records(found: list[int]) -> None:
    made = format_times(np.array(found, dtype=np.int64))
    assert [bytes(row).decode() for row in made] == [to_rfc3339(from_ms(ms)) for ms in found]
