"""Confusable classes: characters that readers take for each other, as data."""

import tomllib
from importlib.resources import files
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.plates.packed_keys import ALPHABET, build_class_table


class ConfusableClasses(NamedTuple):
    """Disjoint confusable classes, the table (uint8, 256) that maps a code to its class's first, and the same
    for characters, as `str.translate` wants it."""

    groups: tuple[str, ...]
    code_table: NDArray[np.uint8]
    char_table: dict[int, str]

    def class_for(self, char: str) -> str:
        """The characters that may be read for this one, itself included."""
        for group in self.groups:
            if char in group:
                return group
        return char

    def map_text(self, text: str) -> str:
        """A text with each character mapped to its class's first, as `table` does with codes."""
        return text.translate(self.char_table)

    @property
    def fingerprint(self) -> str:
        """What tells these classes from others; a snapshot made with others is foreign."""
        return ",".join(self.groups)


def build_classes(groups: tuple[str, ...]) -> ConfusableClasses:
    """The classes of these groups of characters.

    Raises ValueError for a character outside 0-9 A-Z or one that is in two groups.
    """
    together = "".join(groups)
    if len(set(together)) != len(together):
        raise ValueError("a character is in two confusable classes")
    if not set(together) <= set(ALPHABET):
        raise ValueError("a confusable class has a character outside 0-9 A-Z")
    firsts = {ord(char): group[0] for group in groups for char in group}
    return ConfusableClasses(groups, build_class_table(groups), firsts)


def _load_builtin() -> ConfusableClasses:
    text = files("streams.plates").joinpath("confusables.toml").read_text("utf-8")
    return build_classes(tuple(tomllib.loads(text)["classes"]))


BUILTIN_CLASSES: Final = _load_builtin()
"""The classes shipped with the package."""
