"""Edit alignment of two texts: which character of one stands where in the other."""

from typing import Final

_GAP_COST: Final = 1.01
"""A gap costs slightly more than a substitution, so of alignments with equally few edits the one with the
fewest gaps is taken."""
_MIN_UNRELATED_EDITS: Final = 4
"""A read this many edits away from a plate says nothing about single characters."""
_MAX_DIFFERENT_OUTSIDE_GAP: Final = 2

CharPair = tuple[str, str]
"""A character of each text; the empty string where one of them has a gap."""


def align_texts(first: str, second: str, gap_cost: float = 1.0) -> list[CharPair]:
    """Return the cheapest alignment of two texts, equal characters included.

    A substitution costs 1 and a gap `gap_cost`. Ties are resolved from the end of the texts: a pair of
    characters comes before a gap, and a gap in `second` before one in `first`.
    """
    rows, columns = len(first) + 1, len(second) + 1
    costs = [[max(i, j) * gap_cost for j in range(columns)] for i in range(rows)]
    for i in range(1, rows):
        for j in range(1, columns):
            costs[i][j] = min(
                costs[i - 1][j - 1] + (first[i - 1] != second[j - 1]),
                costs[i - 1][j] + gap_cost,
                costs[i][j - 1] + gap_cost,
            )
    pairs: list[CharPair] = []
    i, j = rows - 1, columns - 1
    while i or j:
        if i and j and costs[i][j] == costs[i - 1][j - 1] + (first[i - 1] != second[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((first[i], second[j]))
        elif i and (not j or costs[i][j] == costs[i - 1][j] + gap_cost):
            i -= 1
            pairs.append((first[i], ""))
        else:
            j -= 1
            pairs.append(("", second[j]))
    return pairs[::-1]


def align_misread(read: str, true: str) -> list[CharPair] | None:
    """Return the alignment of a read with its true plate, as pairs (read, true).

    None if they are so far apart that the alignment says nothing about single characters.
    """
    pairs = align_texts(read, true, _GAP_COST)
    edits = sum(read_char != true_char for read_char, true_char in pairs)
    return pairs if edits < _MIN_UNRELATED_EDITS else None


def find_gap(first: str, second: str) -> int | None:
    """Return the index in the longer text of the character that the shorter one lacks.

    The lengths differ by one. Of all indexes the first with which the rest agrees best is taken; None if more
    than two other characters would differ.
    """
    longer, shorter = (first, second) if len(first) > len(second) else (second, first)
    best_gap, min_different = None, _MAX_DIFFERENT_OUTSIDE_GAP + 1
    for gap in range(len(longer)):
        rest = longer[:gap] + longer[gap + 1 :]
        different = sum(rest_char != char for rest_char, char in zip(rest, shorter, strict=True))
        if different < min_different:
            best_gap, min_different = gap, different
    return best_gap
