"""Batches of plates as columns of character codes, from which packed keys are computed all at once."""

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
from streams.plates.packed_keys import BASE, CODE_BY_CHAR, IDENTITY, Keys

_NO_CODE: Final = 255
_DELETED_BYTES: Final = ASCII_SEPARATORS.encode()


def _build_byte_codes() -> bytes:
    codes = bytearray([_NO_CODE]) * 256
    for char, code in CODE_BY_CHAR.items():
        codes[ord(char)] = codes[ord(char.lower())] = code
    codes[ord("\n")] = 0
    return bytes(codes)


_BYTE_CODES: Final = _build_byte_codes()


class PlateColumns(NamedTuple):
    """A batch of n plates as columns.

    `codes` (uint8) are those of all characters, with a 0 after each plate; `starts` and `lengths` (intp, n)
    are the position of each plate in them. By row, `umlauts` has the normal form of each plate with an
    umlaut, `faults` the rule that a text breaks which is not a plate; the key of such a row is 0.
    """

    codes: NDArray[np.uint8]
    starts: NDArray[np.intp]
    lengths: NDArray[np.intp]
    umlauts: dict[int, str]
    faults: dict[int, str]

    def keys(self, table: NDArray[np.uint8] = IDENTITY) -> Keys:
        """Return the keys (uint64, n) of the plates, with each code first mapped by `table` (uint8, 256)."""
        if not len(self.starts):
            return np.zeros(0, dtype=np.uint64)
        # A character at position p of a plate has the weight 37^(11-p). Modulo 2^64, in which 37 has an
        # inverse, that is 37^-i for its position i in the whole batch, times 37^(11+s) where the plate starts
        # at s. So all characters are weighted at once, whatever their plate, and each plate is corrected
        # once.
        negative, positive = _powers(len(self.codes))
        values = table.astype(np.uint64).take(self.codes)
        values *= negative[: len(values)]
        keys: Keys = np.add.reduceat(values, self.starts)
        keys *= positive.take(self.starts)
        if self.faults:
            keys[list(self.faults)] = 0
        return keys

    def deletion_keys(self, table: NDArray[np.uint8] = IDENTITY) -> Keys:
        """Return the keys (uint64, as many as `codes`) of the plates without one character, mapped as in
        `keys`.

        At the position of a character is the key of its plate without it; at that of the 0 after a plate, the
        key of the whole plate. The keys of rows in `faults` are meaningless.
        """
        if not len(self.starts):
            return np.zeros(0, dtype=np.uint64)
        # Weighted as in `keys`. What is before the position keeps its weight; what is after it moves one to
        # the left, so has 37 times its weight. Both sums are differences of running sums. A 0 has no weight
        # and nothing after it, so the formula gives the whole plate there.
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
        """Return the codes (uint8, n × 12) of the plates, 0 after the last character."""
        matrix = self.matrix_rows(np.arange(len(self.starts)))
        if self.faults:
            matrix[list(self.faults)] = 0
        return matrix

    def matrix_rows(self, rows: NDArray[np.intp]) -> NDArray[np.uint8]:
        """Return the codes (uint8, m × 12) of the plates in rows (intp, m), none of which has a fault."""
        positions = np.arange(MAX_LENGTH)
        inside = positions < self.lengths[rows, None]
        matrix = self.codes.take(self.starts[rows, None] + positions, mode="clip")
        matrix[~inside] = 0
        return matrix


def to_columns(plates: Sequence[str]) -> PlateColumns:
    """Return the columns of a batch of plates as read. Raises nothing.

    Each plate is normalised as by `normalise`.
    """
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
        has_invalid_char = np.maximum.reduceat(codes, starts) == _NO_CODE
        is_faulty = has_invalid_char | (lengths == 0) | (lengths > MAX_LENGTH)
        for row in np.flatnonzero(is_faulty).tolist():
            if row not in faults:
                faults[row] = _fault_text(plates[row])
    return PlateColumns(codes, starts, lengths, umlauts, faults)


@lru_cache(maxsize=4)
def _compute_powers(size: int) -> tuple[Keys, Keys]:
    """Return 37^-i and 37^(11+i), modulo 2^64, for i below a size."""
    inverse = pow(BASE, -1, 2**64)
    negative, positive = np.full(size, inverse, dtype=np.uint64), np.full(size, BASE, dtype=np.uint64)
    negative[0], positive[0] = 1, BASE ** (MAX_LENGTH - 1)
    return np.multiply.accumulate(negative), np.multiply.accumulate(positive)


def _powers(size: int) -> tuple[Keys, Keys]:
    return _compute_powers(max(1 << 15, 1 << size.bit_length()))


def _encode_text(text: str) -> NDArray[np.uint8]:
    """Return the codes of plates in plain letters joined by line feeds: no separators, 0 after each plate."""
    return np.frombuffer(f"{text}\n".encode().translate(_BYTE_CODES, _DELETED_BYTES), dtype=np.uint8)


def _to_plain(row: int, plate: str, umlauts: dict[int, str], faults: dict[int, str]) -> str:
    """Return a plate in plain letters; add its umlaut or fault to the dictionaries."""
    if plate.isascii() and "\n" not in plate:
        return plate
    try:
        normal_form = normalise(plate)
    except PlateError as error:
        faults[row] = str(error)
        return ""
    if has_umlaut(normal_form):
        umlauts[row] = normal_form
    return fold_umlauts(normal_form)


def _fault_text(plate: str) -> str:
    try:
        normalise(plate)
    except PlateError as error:
        return str(error)
    raise AssertionError("the batch and the single normal form disagree")
