"""Names of colours, types and makes, and the words that cameras and lists have for them."""

import re
import unicodedata
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

What = Literal["type", "make", "colour"]

Share = Annotated[float, Meta(ge=0, le=1)]


class Named(Struct, frozen=True, forbid_unknown_fields=True):
    """A row `[[colour]]` or `[[type]]`, or a make: a name, its words, and what its misreads are given as."""

    name: str
    words: list[str] = []
    harder: Annotated[float, Meta(gt=0)] = 1.0
    confused: dict[str, Share] = {}
    plural: str = ""


class Names:
    """The names of one property, and the words for them; a name goes by its place in `rows`."""

    def __init__(self, rows: list[Named]) -> None:
        self.rows = rows
        self.places = {row.name: place for place, row in enumerate(rows)}
        self._words: dict[str, int] = {}
        self._met: dict[str, int | None] = {}
        for place, row in enumerate(rows):
            for word in (row.name, *row.words):
                if self._words.setdefault(plain(word), place) != place:
                    raise ValueError(f"looks.toml: `{word}` is a word of two names")

    def place(self, text: str) -> int | None:
        """The name that a text of a camera or a list means; None if it is unknown or could be several.

        `gris foncé` is grey: a word that is not known says nothing. `blue/white` may be either.
        """
        try:
            return self._met[text]
        except KeyError:
            if len(self._met) >= _MET:
                self._met.clear()
            self._met[text] = place = self._place(text)
            return place

    def _place(self, text: str) -> int | None:
        whole = self._words.get(plain(text))
        if whole is not None:
            return whole
        found = {self._words.get(plain(word)) for word in _PARTS.split(text)} - {None}
        return found.pop() if len(found) == 1 else None


_MET: Final = 1 << 14
"""Texts whose name is remembered. They come from outside, so there may be any number of them."""

_PARTS: Final = re.compile(r"[\W_]+")


def plain(text: str) -> str:
    """A word in small letters and digits: without case, accents, spaces and signs."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in apart if char.isalnum())


def same_model(read: str, listed: str) -> bool:
    """Whether two texts name one model, perhaps one more closely (`Clio IV`), or as `C-HR` and `CHR`."""
    if plain(read) == plain(listed):
        return True
    short, long = sorted((read.split(), listed.split()), key=len)
    return [plain(word) for word in short] == [plain(word) for word in long[: len(short)]]
