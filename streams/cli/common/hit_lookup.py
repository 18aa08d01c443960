"""A hit found by its id, or by the first digits of it that commands show."""

import re
from typing import Final

from streams.cli.common.hit_text import SHORT_ID_LENGTH
from streams.cli.common.text import counted
from streams.records.hit import Hit
from streams.runtime.errors import InputError

_HIT_ID: Final = re.compile(rf"[0-9a-f]{{{SHORT_ID_LENGTH},32}}")


class HitLookup:
    """The latest revision of the hit whose id begins with some digits, among the hits added.

    Raises InputError if these are not the first digits of a hit id.
    """

    def __init__(self, first_digits: str) -> None:
        # What was given is not shown: by mistake it may be a plate.
        if not _HIT_ID.fullmatch(first_digits):
            raise InputError(
                f"READ must be a hit id of {SHORT_ID_LENGTH} to 32 hexadecimal digits in lower case, got "
                f"{counted(len(first_digits), 'character')}; copy the id from `anpr hits tail`"
            )
        self._first_digits = first_digits
        self._latest: dict[str, Hit] = {}
        self._count = 0

    def add(self, hit: Hit) -> None:
        """Add a revision of a hit."""
        self._count += 1
        if not hit.hit_id.startswith(self._first_digits):
            return
        latest = self._latest.get(hit.hit_id)
        if latest is None or latest.revision < hit.revision:
            self._latest[hit.hit_id] = hit

    def find(self) -> Hit:
        """Return the hit. Raises InputError if there is none, or several."""
        if not self._latest:
            raise InputError(
                f"no id of a hit begins with these digits ({counted(self._count, 'revision')} read); "
                "name the files that have the hit"
            )
        if len(self._latest) > 1:
            found = ", ".join(sorted(self._latest))
            raise InputError(f"the ids of several hits begin with these digits: {found}; give more digits")
        return next(iter(self._latest.values()))
