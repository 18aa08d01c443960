"""Edit alignment of two texts."""

import pytest

from streams.confusions.alignment import align_misread, align_texts, find_gap


@pytest.mark.parametrize(
    ("read", "true", "expected"),
    [
        ("AB12", "AB12", []),
        ("AB12", "AD12", [("B", "D")]),
        ("AB2", "AB12", [("", "1")]),
        ("AB112", "AB12", [("1", "")]),
        ("B12", "AB12", [("", "A")]),
        ("ABC", "1234", None),
    ],
)
def test_a_misread_is_aligned_with_the_fewest_edits(
    read: str, true: str, expected: list[tuple[str, str]] | None
) -> None:
    pairs = align_misread(read, true)
    assert (pairs if pairs is None else [pair for pair in pairs if pair[0] != pair[1]]) == expected


def test_a_substitution_comes_before_a_gap() -> None:
    assert align_texts("AB", "BA") == [("A", "B"), ("B", "A")]


def test_a_gap_in_the_second_text_comes_before_one_in_the_first() -> None:
    assert align_texts("12121", "21212")[-1] == ("1", "")
    assert align_texts("21212", "12121")[-1] == ("2", "")


def test_the_first_of_the_best_gaps_is_taken() -> None:
    assert find_gap("AAB", "AB") == find_gap("AB", "AAB") == 0
    assert find_gap("ABXC", "ABC") == 2
    assert find_gap("ABCDE", "1234") is None
