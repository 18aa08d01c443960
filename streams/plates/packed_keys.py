"""Packed keys: a normal form of up to twelve characters as one 64-bit number, thousands at a time.

The alphabet is 0-9 A-Z (codes 1 to 36) and code 0 for "no character": 37 symbols, and 37^12 < 2^63. A key
is left-aligned: the first character always has the weight 37^11, so a key with some places zeroed is the
key of a mask, and keys sort as the texts do. Umlauts are folded first (`streams.plates.normal_form.folded`).
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.plates.normal_form import (
    ASCII_SEPARATORS,
    MAX_LENGTH,
    PlateError,
    fold_umlauts,
    has_umlaut,
    normalise,
)

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BASE: Final = 37
Keys = NDArray[np.uint64]

_CODE_BY_CHAR: Final = {char: code for code, char in enumerate(ALPHABET, start=1)}
_INT_WEIGHTS: Final = [BASE ** (MAX_LENGTH - 1 - place) for place in range(MAX_LENGTH)]
_WEIGHTS: Final = np.array(_INT_WEIGHTS, dtype=np.uint64)
_TAIL_MODULI: Final = np.array(
    [BASE ** (MAX_LENGTH - place) for place in range(MAX_LENGTH + 1)], dtype=np.uint64
)
"""A key modulo the i-th of these is that of its text from the place i on, the places before it empty."""
_NO_CODE: Final = 255
_DELETED_BYTES: Final = ASCII_SEPARATORS.encode()


def _build_byte_codes() -> bytes:
    codes = bytearray([_NO_CODE]) * 256
    for char, code in _CODE_BY_CHAR.items():
        codes[ord(char)] = codes[ord(char.lower())] = code
    codes[ord("\n")] = 0
    return bytes(codes)


IDENTITY: Final[NDArray[np.uint8]] = np.arange(256, dtype=np.uint8)
_BYTE_CODES: Final = _build_byte_codes()


def pack(plate: str) -> int:
    """The key of one normal form without umlauts or wildcards, 1 to 12 characters.

    Raises KeyError for a character outside 0-9 A-Z, IndexError for more than twelve.
    """
    return sum(_CODE_BY_CHAR[char] * _INT_WEIGHTS[place] for place, char in enumerate(plate))


def unpack(key: int) -> str:
    """The normal form of a key."""
    chars = []
    for weight in _INT_WEIGHTS:
        code, key = divmod(key, weight)
        if code:
            chars.append(ALPHABET[code - 1])
    return "".join(chars)


def build_class_table(classes: Sequence[str]) -> NDArray[np.uint8]:
    """A table (256 codes, uint8) that maps the code of a character to that of its class's first character.

    `classes` are disjoint groups of characters, for example `"0ODQ"`.
    """
    table = IDENTITY.copy()
    for group in classes:
        for char in group:
            table[_CODE_BY_CHAR[char]] = _CODE_BY_CHAR[group[0]]
    return table


def map_codes(keys: Keys, table: NDArray[np.uint8]) -> Keys:
    """Packed keys (uint64) with each code mapped by `table` (uint8, 256); the code 0 is mapped to itself."""
    thirds = _map_triples(table.tobytes())
    found = np.zeros(len(keys), dtype=np.uint64)
    rest = keys
    for weight in _INT_WEIGHTS[2::3]:
        digits = rest // np.uint64(weight)
        rest = rest - digits * np.uint64(weight)
        found += thirds.take(digits.view(np.int64)) * np.uint64(weight)
    return found


def sort_unique(keys: Keys) -> Keys:
    """Keys (uint64) sorted, each once."""
    found = np.sort(keys)
    return found[np.r_[True, found[1:] != found[:-1]]] if len(found) else found


def differ_by_one_edit(keys: Keys, others: Keys) -> NDArray[np.bool_]:
    """Whether the texts of two keys (uint64, n each) differ by one character: another, one more or one less.

    One of a pair of equal keys does not.
    """
    tails, other_tails = keys[:, None] % _TAIL_MODULI, others[:, None] % _TAIL_MODULI
    differing = (tails[:, :-1] - tails[:, 1:]) != (other_tails[:, :-1] - other_tails[:, 1:])
    near: NDArray[np.bool_] = np.count_nonzero(differing, axis=1) == 1
    for longer, behind, shorter in ((keys, tails, others), (others, other_tails, keys)):
        without = longer[:, None] - behind[:, :-1] + behind[:, 1:] * np.uint64(BASE)
        near |= (without == shorter[:, None]).any(axis=1)
    near &= keys != others
    return near


class PlateColumns(NamedTuple):
    """A batch of n plates as columns.

    `codes` (uint8) are those of all characters and a 0 behind each plate; `starts` and `lengths` (intp, n)
    are where each plate is in them. `umlauts` gives the normal form of each plate that has one; `faults` the
    rule broken by each text that is no plate; such a row has the key 0.
    """

    codes: NDArray[np.uint8]
    starts: NDArray[np.intp]
    lengths: NDArray[np.intp]
    umlauts: dict[int, str]
    faults: dict[int, str]

    def keys(self, table: NDArray[np.uint8] = IDENTITY) -> Keys:
        """The keys (uint64, n) of the plates, each code first mapped by `table` (uint8, 256)."""
        if not len(self.starts):
            return np.zeros(0, dtype=np.uint64)
        # A character at place p of a plate has the weight 37^(11-p). Modulo 2^64, in which 37 has an inverse,
        # that is 37^-i of its place i in the whole batch, times 37^(11+s) where the plate starts at s: so all
        # characters are weighed at once, whichever plate they are of, and each plate is set right once.
        negative, positive = _powers(len(self.codes))
        values = table.astype(np.uint64).take(self.codes)
        values *= negative[: len(values)]
        keys: Keys = np.add.reduceat(values, self.starts)
        keys *= positive.take(self.starts)
        if self.faults:
            keys[list(self.faults)] = 0
        return keys

    def deletion_keys(self, table: NDArray[np.uint8] = IDENTITY) -> Keys:
        """The keys (uint64, as many as `codes`) of the plates without one character, mapped as in `keys`.

        At the place of a character is the key of its plate without it; at that of the 0 behind a plate, the
        key of the whole plate. What is there for a plate of `faults` means nothing.
        """
        if not len(self.starts):
            return np.zeros(0, dtype=np.uint64)
        # Weighed as in `keys`. What is before the place keeps its weight and what is behind it moves one to
        # the left, so has 37 times its weight; both sums are differences of running ones. A 0 has no weight
        # and nothing behind it, so the formula gives the whole plate there.
        negative, positive = _powers(len(self.codes))
        values = table.astype(np.uint64).take(self.codes)
        values *= negative[: len(values)]
        through = np.cumsum(values)
        without = through - values
        whole = through.take(self.starts + self.lengths)
        whole *= np.uint64(BASE)
        whole -= without.take(self.starts)
        through *= np.uint64(BASE)
        without -= through
        slots = self.lengths + 1
        without += np.repeat(whole, slots)
        without *= np.repeat(positive.take(self.starts), slots)
        return without

    def matrix(self) -> NDArray[np.uint8]:
        """The codes (uint8, n × 12) of the plates, 0 behind the last character."""
        matrix = self.matrix_rows(np.arange(len(self.starts)))
        if self.faults:
            matrix[list(self.faults)] = 0
        return matrix

    def matrix_rows(self, rows: NDArray[np.intp]) -> NDArray[np.uint8]:
        """The codes (uint8, m × 12) of the plates in some rows (intp, m), none of which has a fault."""
        places = np.arange(MAX_LENGTH)
        inside = places < self.lengths[rows, None]
        matrix = self.codes.take(self.starts[rows, None] + places, mode="clip")
        matrix[~inside] = 0
        return matrix


def to_digits(keys: Keys) -> NDArray[np.uint8]:
    """The codes (uint8, n × 12) of the texts of keys (uint64, n), 0 behind the last character."""
    return (keys[:, None] // _WEIGHTS % np.uint64(BASE)).astype(np.uint8)


def to_columns(plates: Sequence[str]) -> PlateColumns:
    """The columns of a batch of plates as read; agrees with `normal` on every text. Raises nothing."""
    umlauts: dict[int, str] = {}
    faults: dict[int, str] = {}
    if not len(plates):
        nothing = np.zeros(0, dtype=np.intp)
        return PlateColumns(nothing.astype(np.uint8), nothing, nothing, umlauts, faults)
    text = "\n".join(plates)
    codes = _encode_text(text) if text.isascii() else None
    ends = np.flatnonzero(codes == 0) if codes is not None else ()
    if codes is None or len(ends) != len(plates):
        plates = [_to_plain(row, plate, umlauts, faults) for row, plate in enumerate(plates)]
        codes = _encode_text("\n".join(plates))
        ends = np.flatnonzero(codes == 0)
    starts = np.empty(len(plates), dtype=np.intp)
    starts[0] = 0
    np.add(ends[:-1], 1, out=starts[1:])
    lengths = ends - starts
    if codes.max() == _NO_CODE or lengths.min() == 0 or lengths.max() > MAX_LENGTH:
        strange = np.maximum.reduceat(codes, starts) == _NO_CODE
        for row in np.flatnonzero(strange | (lengths == 0) | (lengths > MAX_LENGTH)).tolist():
            if row not in faults:
                faults[row] = _fault_text(plates[row])
    return PlateColumns(codes, starts, lengths, umlauts, faults)


@lru_cache(maxsize=8)
def _map_triples(table: bytes) -> Keys:
    """For each three characters as a number to the base 37, the number with their codes mapped."""
    codes = np.frombuffer(table, dtype=np.uint8)[:BASE].astype(np.uint64)
    thirds: Keys = codes[:, None, None] * np.uint64(BASE**2) + codes[:, None] * np.uint64(BASE) + codes
    return thirds.ravel()


@lru_cache(maxsize=4)
def _compute_powers(size: int) -> tuple[Keys, Keys]:
    """37^-i and 37^(11+i), modulo 2^64, for i below a size."""
    inverse = pow(BASE, -1, 2**64)
    negative, positive = np.full(size, inverse, dtype=np.uint64), np.full(size, BASE, dtype=np.uint64)
    negative[0], positive[0] = 1, BASE ** (MAX_LENGTH - 1)
    return np.multiply.accumulate(negative), np.multiply.accumulate(positive)


def _powers(size: int) -> tuple[Keys, Keys]:
    return _compute_powers(max(1 << 15, 1 << size.bit_length()))


def _encode_text(text: str) -> NDArray[np.uint8]:
    """The codes of plates in plain letters, joined by line feeds; separators gone, 0 behind each plate."""
    return np.frombuffer(f"{text}\n".encode().translate(_BYTE_CODES, _DELETED_BYTES), dtype=np.uint8)


def _to_plain(row: int, plate: str, umlauts: dict[int, str], faults: dict[int, str]) -> str:
    """The plate in plain letters, its umlaut or fault noted."""
    if plate.isascii() and "\n" not in plate:
        return plate
    try:
        form = normalise(plate)
    except PlateError as error:
        faults[row] = str(error)
        return ""
    if has_umlaut(form):
        umlauts[row] = form
    return fold_umlauts(form)


def _fault_text(plate: str) -> str:
    try:
        normalise(plate)
    except PlateError as error:
        return str(error)
    raise AssertionError("the batch and the single normal form disagree")
