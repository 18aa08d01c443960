"""Shapes: the notation of national formats, the fixed-length forms it stands for, and what patterns fit.

A shape is a row of items: a class `[A-HJ-NP]` or one character, each with an optional `{m}` or `{m,n}`; a
space is the gap between printed groups. `[A-Z]{1,2} [0-9]{2}` stands for two forms, of 3 and 4 characters.
"""

import re
from collections.abc import Collection, Sequence
from itertools import product
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.plates.normal_form import MAX_LENGTH

CHARS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÜ"
"""The characters of a normal form."""
_CHAR_CODES: Final = {char: code for code, char in enumerate(CHARS)}
_ITEM: Final = re.compile(r"( )|(?:\[([^\]]+)\]|([0-9A-ZÄÖÜ]))(?:\{(\d+)(?:,(\d+))?\})?")
_WILDCARD_RUN: Final = re.compile(r"[?*]*\*[?*]*")


class Form(NamedTuple):
    """One fixed-length form: the characters allowed at each position, and the positions preceded by a gap."""

    allowed: tuple[frozenset[str], ...]
    gaps: frozenset[int]

    def group_plate(self, plate: str) -> str:
        """Return a normal form of this length as it is printed: `AB-123-CD`."""
        return "".join(f"-{char}" if index in self.gaps else char for index, char in enumerate(plate))


class FormTable(NamedTuple):
    """Forms as arrays: the probability of each of CHARS at each position (n × 12 × 39), and lengths (n)."""

    probabilities: NDArray[np.float64]
    lengths: NDArray[np.intp]


def expand_shape(shape: str) -> tuple[Form, ...]:
    """Return all fixed-length forms of a shape.

    Raises ValueError for a text that is not a shape.
    """
    items: list[list[tuple[frozenset[str] | None, int]]] = []
    end = 0
    for match in _ITEM.finditer(shape):
        if match.start() != end:
            break
        end = match.end()
        space, members, char, min_count, max_count = match.groups()
        if space:
            items.append([(None, 1)])
            continue
        chars = _class_members(members) if members else frozenset(char)
        low = int(min_count) if min_count else 1
        high = int(max_count) if max_count else low
        items.append([(chars, count) for count in range(low, high + 1)])
    if end != len(shape) or not items:
        raise ValueError(f"not a shape: {shape!r}, at character {end + 1}")
    return tuple(_build_form(choice) for choice in product(*items))


def build_form_table(forms: Sequence[Sequence[Collection[str]]]) -> FormTable:
    """Return the table of forms, each given by the characters allowed at its positions.

    All texts of a form are taken to be equally frequent.
    """
    probabilities = np.zeros((len(forms), MAX_LENGTH, len(CHARS)))
    for row, form in enumerate(forms):
        for position, allowed in enumerate(form):
            probabilities[row, position, [_CHAR_CODES[char] for char in allowed]] = 1 / len(allowed)
    return FormTable(probabilities, np.array([len(form) for form in forms], dtype=np.intp))


def wildcard_share(pattern: str, forms: FormTable) -> NDArray[np.float64]:
    """Return, for each form, the share of its texts that fit a pattern in normal form with wildcards (n).

    With several `*` a text may count more than once, so the share may be too high, also above 1.
    """
    # fitting[n, k]: the probability that the pattern up to here fits the first k characters.
    fitting = np.zeros((len(forms.lengths), MAX_LENGTH + 1))
    fitting[:, 0] = 1
    for char in _normalise_wildcards(pattern):
        if char == "*":
            fitting = np.cumsum(fitting, axis=1)
            continue
        step = fitting[:, :-1]
        if char != "?":
            step = step * forms.probabilities[:, :, _CHAR_CODES[char]]
        fitting = np.zeros_like(fitting)
        fitting[:, 1:] = step
    share: NDArray[np.float64] = fitting[np.arange(len(forms.lengths)), forms.lengths]
    return share


def _normalise_wildcards(pattern: str) -> str:
    """Return the pattern with `?` before `*` in each run of wildcards and one `*` for several.

    It fits the same texts, each in fewer ways.
    """
    return _WILDCARD_RUN.sub(lambda run: "?" * run[0].count("?") + "*", pattern)


def _build_form(choice: tuple[tuple[frozenset[str] | None, int], ...]) -> Form:
    allowed: list[frozenset[str]] = []
    gaps = set()
    for chars, count in choice:
        if chars is None:
            gaps.add(len(allowed))
        else:
            allowed.extend([chars] * count)
    return Form(tuple(allowed), frozenset(gaps) - {0})


def _class_members(text: str) -> frozenset[str]:
    members: set[str] = set()
    for match in re.finditer(r"(.)-(.)|(.)", text):
        first, last, single = match.groups()
        members |= {single} if single else set(map(chr, range(ord(first), ord(last) + 1)))
    return frozenset(members)
