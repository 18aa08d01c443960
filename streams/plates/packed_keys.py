"""Packed keys: a normal form of up to twelve characters as one 64-bit number.

The alphabet is 0-9 A-Z (codes 1 to 36) and code 0 for "no character": 37 symbols, and 37^12 < 2^63. Keys are
left-aligned: the first character always has the weight 37^11. So a key with some positions zeroed is the key
of a mask, and keys sort as their texts do. Umlauts are folded first (`normal_form.fold_umlauts`).
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.plates.normal_form import MAX_LENGTH

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BASE: Final = 37
CODE_BY_CHAR: Final = {char: code for code, char in enumerate(ALPHABET, start=1)}
IDENTITY: Final[NDArray[np.uint8]] = np.arange(256, dtype=np.uint8)
"""The table that maps each code to itself."""
Keys = NDArray[np.uint64]

_INT_WEIGHTS: Final = [BASE ** (MAX_LENGTH - 1 - position) for position in range(MAX_LENGTH)]
_WEIGHTS: Final = np.array(_INT_WEIGHTS, dtype=np.uint64)
_TAIL_MODULI: Final = np.array(
    [BASE ** (MAX_LENGTH - position) for position in range(MAX_LENGTH + 1)], dtype=np.uint64
)
"""A key modulo item i is the key of its text from position i on, with the positions before it empty."""


def pack(plate: str) -> int:
    """Return the key of a normal form without umlauts or wildcards, 1 to 12 characters.

    Raises KeyError for a character outside 0-9 A-Z, IndexError for more than twelve.
    """
    return sum(CODE_BY_CHAR[char] * _INT_WEIGHTS[position] for position, char in enumerate(plate))


def unpack(key: int) -> str:
    """Return the normal form of a key."""
    chars = []
    for weight in _INT_WEIGHTS:
        code, key = divmod(key, weight)
        if code:
            chars.append(ALPHABET[code - 1])
    return "".join(chars)


def build_class_table(classes: Sequence[str]) -> NDArray[np.uint8]:
    """Return a table (uint8, 256) that maps the code of a character to that of the first one in its class.

    `classes` are disjoint groups of characters, for example `"0ODQ"`.
    """
    table = IDENTITY.copy()
    for group in classes:
        for char in group:
            table[CODE_BY_CHAR[char]] = CODE_BY_CHAR[group[0]]
    return table


def map_codes(keys: Keys, table: NDArray[np.uint8]) -> Keys:
    """Return keys (uint64) with each code mapped by `table` (uint8, 256); code 0 must map to itself."""
    triples = _map_triples(table.tobytes())
    mapped = np.zeros(len(keys), dtype=np.uint64)
    remainder = keys
    for weight in _INT_WEIGHTS[2::3]:
        digits = remainder // np.uint64(weight)
        remainder = remainder - digits * np.uint64(weight)
        mapped += triples.take(digits.view(np.int64)) * np.uint64(weight)
    return mapped


def sort_unique(keys: Keys) -> Keys:
    """Return keys (uint64) sorted, without duplicates."""
    ordered = np.sort(keys)
    return ordered[np.r_[True, ordered[1:] != ordered[:-1]]] if len(ordered) else ordered


def differ_by_one_edit(keys: Keys, others: Keys) -> NDArray[np.bool_]:
    """Return for each pair of keys (uint64, n each) whether their texts differ by exactly one edit (bool, n).

    An edit is one character substituted, added or removed.
    """
    tails, other_tails = keys[:, None] % _TAIL_MODULI, others[:, None] % _TAIL_MODULI
    differing = (tails[:, :-1] - tails[:, 1:]) != (other_tails[:, :-1] - other_tails[:, 1:])
    near: NDArray[np.bool_] = np.count_nonzero(differing, axis=1) == 1
    for longer, longer_tails, shorter in ((keys, tails, others), (others, other_tails, keys)):
        without_one = longer[:, None] - longer_tails[:, :-1] + longer_tails[:, 1:] * np.uint64(BASE)
        near |= (without_one == shorter[:, None]).any(axis=1)
    near &= keys != others
    return near


def to_digits(keys: Keys) -> NDArray[np.uint8]:
    """Return the codes (uint8, n × 12) of the texts of keys (uint64, n), 0 after the last character."""
    return (keys[:, None] // _WEIGHTS % np.uint64(BASE)).astype(np.uint8)


@lru_cache(maxsize=8)
def _map_triples(table: bytes) -> Keys:
    """Return for each three characters, a number to the base 37, the number with their codes mapped."""
    codes = np.frombuffer(table, dtype=np.uint8)[:BASE].astype(np.uint64)
    triples: Keys = codes[:, None, None] * np.uint64(BASE**2) + codes[:, None] * np.uint64(BASE) + codes
    return triples.ravel()
