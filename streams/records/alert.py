"""Alert: one vehicle or plate that a list asks for; Withdrawal: the end of one."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from streams.records.countries import Country, Territory
from streams.records.read import Vehicle
from streams.records.times import YEARS_RULE, Time, has_valid_year
from streams.records.types import (
    ACTION_TEXT,
    BASIS_TEXT,
    ActionCode,
    Basis,
    Confidence,
    FreeText,
    Identifier,
    Priority,
)

MatchMode = Literal["exact", "pattern", "confusable", "fuzzy"]
"""How much two plates may differ. Each mode includes those before it."""
MODE_RANK: Final[dict[MatchMode, int]] = {"exact": 0, "pattern": 1, "confusable": 2, "fuzzy": 3}
"""The match modes from the narrowest to the widest."""
MATCH_MODE_TEXT: Final = (
    "how much two plates may differ, each mode including those before it: `exact`: not at all; `pattern`: "
    "the read fits wildcards; `confusable`: in characters that recognisers confuse; `fuzzy`: in one more "
    "character"
)

NO_SLASH_RULE: Final = "`list_id` must have no slash, which separates list and alert in a key"
ListId = Annotated[
    Identifier,
    # Checked after decoding: a regular expression would take a third of the time to decode an alert.
    Meta(
        description="the list, as in [lists.<id>]; without a slash", extra_json_schema={"pattern": "^[^/]+$"}
    ),
]


class AlertMatch(Struct, frozen=True, gc=False, omit_defaults=True):
    """Limits on matching this alert; they narrow the list's configuration and never widen it."""

    mode: Annotated[MatchMode | None, Meta(description=MATCH_MODE_TEXT)] = None
    min_posterior: Annotated[Confidence | None, Meta(description="minimum posterior of a hit, 0 to 1")] = None


class Alert(Struct, frozen=True, gc=False, omit_defaults=True):
    """One entry of an alert list.

    Raises msgspec.ValidationError, when decoded, for a wrong type or bound, an action without `default`,
    a time outside the years 2000 to 2099, and a `valid_until` that is not after `valid_from`.
    """

    list_id: ListId
    alert_id: Annotated[Identifier, Meta(description="identifies the alert in its list")]
    version: Annotated[
        int, Meta(ge=1, le=2**53, description="rises with every change of the alert; the highest counts")
    ]
    plate: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=20,
            description="the plate: up to 12 letters and digits; ? stands for one character, * for "
            "any number of them",
        ),
    ]
    basis: Annotated[Basis, Meta(description=f"the legal basis of the alert. {BASIS_TEXT}")]
    reason: Annotated[FreeText, Meta(description="why the vehicle is sought, for the officer")]
    action: Annotated[
        dict[Territory, ActionCode],
        Meta(
            description="what to do: under `default`, and under the code of each country where it differs. "
            f"{ACTION_TEXT}",
            extra_json_schema={
                "required": ["default"],
                "propertyNames": {"$ref": "#/$defs/Territory"},
            },
        ),
    ]
    valid_from: Annotated[Time, Meta(description="first instant at which a read counts, RFC 3339")]
    valid_until: Annotated[
        Time, Meta(description="first instant at which a read no longer counts, RFC 3339; after valid_from")
    ]
    country: Annotated[Country | None, Meta(description="country of the plate, ISO 3166-1 alpha-2")] = None
    vehicle: Annotated[Vehicle | None, Meta(description="appearance of the vehicle, if known")] = None
    priority: Annotated[Priority, Meta(description="urgency: 1 highest to 5 lowest")] = 3
    match: Annotated[
        AlertMatch | None, Meta(description="limits on matching, narrower than the list's configuration")
    ] = None
    audience: (
        Annotated[
            tuple[Identifier, ...],
            Meta(
                min_length=1,
                max_length=100,
                description="the centres notified, as in [centres.<id>]; if absent, those of the list",
            ),
        ]
        | None
    ) = None
    lookback_hours: (
        Annotated[
            float,
            Meta(ge=0, le=8784, description="hours before the alert whose retained reads are searched"),
        ]
        | None
    ) = None
    operation_id: Annotated[
        Identifier | None, Meta(description="the joint operation to which the alert is limited")
    ] = None
    reference: Annotated[FreeText | None, Meta(description="the owner's file reference")] = None
    flags: (
        Annotated[
            dict[Country, ActionCode],
            Meta(
                description="countries that had a flag added (Regulation (EU) 2018/1862, article 24), each "
                f"with what is done there instead of the action. {ACTION_TEXT}"
            ),
        ]
        | None
    ) = None

    def __post_init__(self) -> None:
        if "/" in self.list_id:
            raise ValueError(NO_SLASH_RULE)
        if "default" not in self.action:
            raise ValueError("`action` must have an entry `default`")
        if not (has_valid_year(self.valid_from) and has_valid_year(self.valid_until)):
            name = "valid_until" if has_valid_year(self.valid_from) else "valid_from"
            raise ValueError(f"`{name}` {YEARS_RULE}")
        if self.valid_until <= self.valid_from:
            raise ValueError("`valid_until` must be after `valid_from`")


class Withdrawal(Struct, frozen=True, gc=False):
    """The end of an alert before `valid_until`, in files; on Kafka a null value of the alert's key."""

    list_id: ListId
    alert_id: Annotated[Identifier, Meta(description="the alert")]
    withdrawn_at: Annotated[
        Time, Meta(description="first instant at which the alert no longer counts, RFC 3339")
    ]

    def __post_init__(self) -> None:
        if "/" in self.list_id:
            raise ValueError(NO_SLASH_RULE)
        if not has_valid_year(self.withdrawn_at):
            raise ValueError(f"`withdrawn_at` {YEARS_RULE}")


AlertKey = tuple[str, str]
"""(list_id, alert_id), which identifies an alert through all its versions."""


def alert_key(entry: Alert | Withdrawal) -> AlertKey:
    """Return the key of the alert of an entry."""
    return entry.list_id, entry.alert_id
