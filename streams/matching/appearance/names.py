"""Names of colours, types and makes, and the words that cameras and lists have for them."""

import re
import unicodedata
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

Attribute = Literal["type", "make", "colour"]

Share = Annotated[float, Meta(ge=0, le=1)]


class AttributeName(Struct, frozen=True, forbid_unknown_fields=True):
    """A row `[[colour]]` or `[[type]]`, or a make: a name, its words, and what its misreads are given as."""

    name: str
    words: list[str] = []
    harder: Annotated[float, Meta(gt=0)] = 1.0
    confused: dict[str, Share] = {}
    plural: str = ""


class AttributeNames:
    """The names of one property, and the words for them; a name goes by its place in `rows`."""

    def __init__(self, rows: list[AttributeName]) -> None:
        self.rows = rows
        self.indices = {row.name: place for place, row in enumerate(rows)}
        self._index_by_word: dict[str, int] = {}
        self._cache: dict[str, int | None] = {}
        for place, row in enumerate(rows):
            for word in (row.name, *row.words):
                if self._index_by_word.setdefault(normalise_word(word), place) != place:
                    raise ValueError(f"looks.toml: `{word}` is a word of two names")

    def find_index(self, text: str) -> int | None:
        """The name that a text of a camera or a list means; None if it is unknown or could be several.

        `gris foncé` is grey: a word that is not known says nothing. `blue/white` may be either.
        """
        try:
            return self._cache[text]
        except KeyError:
            if len(self._cache) >= _MAX_CACHED:
                self._cache.clear()
            self._cache[text] = place = self._look_up_index(text)
            return place

    def _look_up_index(self, text: str) -> int | None:
        whole = self._index_by_word.get(normalise_word(text))
        if whole is not None:
            return whole
        found = {self._index_by_word.get(normalise_word(word)) for word in _SEPARATORS.split(text)} - {None}
        return found.pop() if len(found) == 1 else None


_MAX_CACHED: Final = 1 << 14
"""Texts whose name is remembered. They come from outside, so there may be any number of them."""

_SEPARATORS: Final = re.compile(r"[\W_]+")


def normalise_word(text: str) -> str:
    """A word in small letters and digits: without case, accents, spaces and signs."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in apart if char.isalnum())


def is_same_model(read: str, listed: str) -> bool:
    """Whether two texts name one model, perhaps one more closely (`Clio IV`), or as `C-HR` and `CHR`."""
    if normalise_word(read) == normalise_word(listed):
        return True
    short, long = sorted((read.split(), listed.split()), key=len)
    return [normalise_word(word) for word in short] == [normalise_word(word) for word in long[: len(short)]]
