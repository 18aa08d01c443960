"""Field types shared by several records."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from msgspec import Meta

Identifier = Annotated[str, Meta(min_length=1, max_length=64)]
ShortText = Annotated[str, Meta(min_length=1, max_length=64)]
FreeText = Annotated[str, Meta(min_length=1, max_length=1000)]
Confidence = Annotated[float, Meta(ge=0, le=1)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]

ActionCode = Literal["discreet-check", "inquiry-check", "specific-check", "stop", "seize", "inform"]
Basis = Literal[
    "SIS-36-discreet",
    "SIS-36-inquiry",
    "SIS-36-specific",
    "SIS-38-seizure",
    "SIS-38-plate",
    "INTERPOL-SMV",
    "EUROPOL",
    "NATIONAL",
    "OPERATION",
]
MatchClass = Literal["exact", "confusable", "fuzzy", "pattern"]
Priority = Annotated[int, Meta(ge=1, le=5)]
HIT_ID_PATTERN: Final = r"^[0-9a-f]{32}$"
HitId = Annotated[
    str,
    # The length is given too, because Python's `$` also matches before a final line feed.
    Meta(
        pattern=HIT_ID_PATTERN,
        min_length=32,
        max_length=32,
        description="128-bit digest, 32 hexadecimal digits",
    ),
]
PATTERN_TEXTS: Final[Mapping[str, str]] = {HIT_ID_PATTERN: "32 hexadecimal digits in lower case"}
"""The patterns of field types in words, for messages; no regular expression is shown to a person."""
