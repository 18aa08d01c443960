"""Confusable classes: characters that recognisers confuse with each other."""

import tomllib
from importlib.resources import files
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.plates.packed_keys import ALPHABET, build_class_table


class ConfusableClasses(NamedTuple):
    """Disjoint confusable classes.

    `code_table` (uint8, 256) maps the code of a character to that of the first one in its class;
    `char_table` does the same for characters, for `str.translate`.
    """

    groups: tuple[str, ...]
    code_table: NDArray[np.uint8]
    char_table: dict[int, str]

    def class_for(self, char: str) -> str:
        """Return the characters that may be read for this one, including itself."""
        for group in self.groups:
            if char in group:
                return group
        return char

    def map_text(self, text: str) -> str:
        """Return a text with each character mapped to the first one in its class."""
        return text.translate(self.char_table)

    @property
    def fingerprint(self) -> str:
        """Identification of these classes; a snapshot built with others cannot be used."""
        return ",".join(self.groups)


def build_classes(groups: tuple[str, ...]) -> ConfusableClasses:
    """Build the classes from groups of characters.

    Raises ValueError for a character outside 0-9 A-Z or one that is in two groups.
    """
    chars = "".join(groups)
    if len(set(chars)) != len(chars):
        raise ValueError("a character must be in one confusable class only")
    if not set(chars) <= set(ALPHABET):
        raise ValueError("a confusable class must have only characters of 0-9 A-Z")
    char_table = {ord(char): group[0] for group in groups for char in group}
    return ConfusableClasses(groups, build_class_table(groups), char_table)


def _load_builtin() -> ConfusableClasses:
    text = files("streams.plates").joinpath("confusables.toml").read_text("utf-8")
    return build_classes(tuple(tomllib.loads(text)["classes"]))


BUILTIN_CLASSES: Final = _load_builtin()
"""The built-in classes."""
