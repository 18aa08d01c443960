"""The gap of German plates: `B-AB 123` (Berlin) and `BA-B 123` (Bamberg) have the same characters."""

import re
import unicodedata
from typing import Final

from streams.plates.normal_form import SEPARATORS

GERMANY: Final = "DE"
"""The country whose plates have umlauts and a significant gap."""

_SPLIT: Final = re.compile(f"[{re.escape(SEPARATORS)}]+")


def split_at_gap(text: str) -> list[str] | None:
    """Return the groups of a German plate as written: district, letters, digits, perhaps more.

    None if the gap after the district is not written, so that the district is not known.
    """
    groups = [group for group in _SPLIT.split(unicodedata.normalize("NFC", text).upper()) if group]
    if len(groups) >= 3 and groups[0].isalpha() and groups[1].isalpha() and groups[2][0].isdigit():
        return groups
    return None
