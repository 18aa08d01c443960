"""Shapes: how a national format is written down, and the fixed-length forms it stands for.

A shape is a row of items: a class `[A-HJ-NP]` or one character, each with an optional `{m}` or `{m,n}`; a
space is the gap between printed groups. `[A-Z]{1,2} [0-9]{2}` stands for two forms, of 3 and 4 characters.
"""

import re
from itertools import product
from typing import Final, NamedTuple

_ITEM: Final = re.compile(r"( )|(?:\[([^\]]+)\]|([0-9A-ZÄÖÜ]))(?:\{(\d+)(?:,(\d+))?\})?")


class Form(NamedTuple):
    """One fixed-length form: the characters allowed at each place, and the places before which a gap is."""

    allowed: tuple[frozenset[str], ...]
    gaps: frozenset[int]

    def group_plate(self, plate: str) -> str:
        """A normal form of this length as it is printed: `AB-123-CD`."""
        return "".join(f"-{char}" if place in self.gaps else char for place, char in enumerate(plate))


def expand_shape(shape: str) -> tuple[Form, ...]:
    """All fixed-length forms of a shape.

    Raises ValueError for a text that is no shape.
    """
    items: list[list[tuple[frozenset[str] | None, int]]] = []
    end = 0
    for match in _ITEM.finditer(shape):
        if match.start() != end:
            break
        end = match.end()
        space, inside, char, least, most = match.groups()
        if space:
            items.append([(None, 1)])
            continue
        chars = _class_members(inside) if inside else frozenset(char)
        low = int(least) if least else 1
        high = int(most) if most else low
        items.append([(chars, times) for times in range(low, high + 1)])
    if end != len(shape) or not items:
        raise ValueError(f"no shape: {shape!r}, at character {end + 1}")
    return tuple(_build_form(choice) for choice in product(*items))


def _build_form(choice: tuple[tuple[frozenset[str] | None, int], ...]) -> Form:
    allowed: list[frozenset[str]] = []
    gaps = set()
    for chars, times in choice:
        if chars is None:
            gaps.add(len(allowed))
        else:
            allowed.extend([chars] * times)
    return Form(tuple(allowed), frozenset(gaps) - {0})


def _class_members(inside: str) -> frozenset[str]:
    members: set[str] = set()
    for match in re.finditer(r"(.)-(.)|(.)", inside):
        first, last, single = match.groups()
        members |= {single} if single else set(map(chr, range(ord(first), ord(last) + 1)))
    return frozenset(members)
