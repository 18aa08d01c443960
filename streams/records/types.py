"""Field types shared by several records, with the descriptions of their values."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from msgspec import Meta

Identifier = Annotated[str, Meta(min_length=1, max_length=64)]
ShortText = Annotated[str, Meta(min_length=1, max_length=64)]
FreeText = Annotated[str, Meta(min_length=1, max_length=1000)]
Confidence = Annotated[float, Meta(ge=0, le=1)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
Priority = Annotated[int, Meta(ge=1, le=5)]

ActionCode = Literal["discreet-check", "inquiry-check", "specific-check", "stop", "seize", "inform"]
ACTION_TEXT: Final = (
    "`discreet-check`: observe without the occupants noticing; `inquiry-check`: stop and question them; "
    "`specific-check`: search vehicle and occupants; `stop`: stop the vehicle; `seize`: seize it; `inform`: "
    "inform the centre only"
)

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
BASIS_TEXT: Final = (
    "Regulation (EU) 2018/1862, article 36: `SIS-36-discreet`, `SIS-36-inquiry`, `SIS-36-specific`, a "
    "discreet, inquiry or specific check; article 38: `SIS-38-seizure`, a vehicle for seizure, "
    "`SIS-38-plate`, a plate that was stolen, lost or invalidated; `INTERPOL-SMV`: INTERPOL's stolen motor "
    "vehicles; `EUROPOL`: a list of Europol; `NATIONAL`: national law; `OPERATION`: a joint control operation"
)

MatchClass = Literal["exact", "confusable", "fuzzy", "pattern"]
MATCH_CLASS_TEXT: Final = (
    "`exact`: the same plate; `confusable`: different only in characters that recognisers confuse; `fuzzy`: "
    "one other character different, lost or extra; `pattern`: fits a plate with wildcards"
)

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
