"""Names of colours, types and makes, and the words that cameras and alert lists use for them."""

import re
import unicodedata
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

Attribute = Literal["type", "make", "colour"]

Share = Annotated[float, Meta(ge=0, le=1)]


class AttributeName(Struct, frozen=True, forbid_unknown_fields=True):
    """A row `[[colour]]` or `[[type]]`, or a make: a name, its words, and how it is misread."""

    name: str
    words: list[str] = []
    harder: Annotated[float, Meta(gt=0)] = 1.0
    confused: dict[str, Share] = {}
    plural: str = ""


class AttributeNames:
    """The names of one attribute and the words for them; a name is represented by its index in `rows`."""

    def __init__(self, rows: list[AttributeName]) -> None:
        """Raises ValueError if two names share a word."""
        self.rows = rows
        self.indices = {row.name: index for index, row in enumerate(rows)}
        self._index_by_word: dict[str, int] = {}
        self._cache: dict[str, int | None] = {}
        for index, row in enumerate(rows):
            for word in (row.name, *row.words):
                if self._index_by_word.setdefault(normalise_word(word), index) != index:
                    raise ValueError(f"appearance.toml: `{word}` is a word of two names")

    def find_index(self, text: str) -> int | None:
        """Return the name that a text of a camera or a list means; None if unknown or ambiguous.

        `gris foncé` is grey, because an unknown word is ignored; `blue/white` may be either.
        """
        try:
            return self._cache[text]
        except KeyError:
            if len(self._cache) >= _MAX_CACHED:
                self._cache.clear()
            self._cache[text] = index = self._look_up_index(text)
            return index

    def _look_up_index(self, text: str) -> int | None:
        index = self._index_by_word.get(normalise_word(text))
        if index is not None:
            return index
        words = _SEPARATORS.split(text)
        indices = {self._index_by_word.get(normalise_word(word)) for word in words} - {None}
        return indices.pop() if len(indices) == 1 else None


_MAX_CACHED: Final = 1 << 14
"""Texts whose name is cached. They come from outside, so their number is unbounded."""

_SEPARATORS: Final = re.compile(r"[\W_]+")


def normalise_word(text: str) -> str:
    """Return the lower-case letters and digits of a word, without accents, spaces and punctuation."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if char.isalnum())


def is_same_model(read: str, listed: str) -> bool:
    """True if two texts name one model: `C-HR` and `CHR`, or one more precisely (`Clio` and `Clio IV`)."""
    if normalise_word(read) == normalise_word(listed):
        return True
    shorter, longer = sorted((read.split(), listed.split()), key=len)
    return [normalise_word(word) for word in shorter] == [
        normalise_word(word) for word in longer[: len(shorter)]
    ]
