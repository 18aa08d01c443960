"""LookedBack: that an alert was or is looked back for, where, by what right, and what came of it."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from streams.records.alert import NO_SLASH_RULE, AlertKey, ListId
from streams.records.countries import Country
from streams.records.times import YEARS_RULE, Time, has_valid_year
from streams.records.types import FreeText, Identifier


class SearchedCountry(Struct, frozen=True, gc=False, omit_defaults=True):
    """A country whose retained reads were looked at."""

    country: Annotated[Country, Meta(description="the country of the cameras, ISO 3166-1 alpha-2")]
    hours: Annotated[float, Meta(ge=0, description="hours before `asked_at` of which reads counted")]
    source: Annotated[FreeText, Meta(description="the authority, as in [jurisdictions.<country>]")]
    reads: Annotated[
        int, Meta(ge=0, description="reads looked at, those of other alerts of the same pass among them")
    ] = 0
    matches: Annotated[int, Meta(ge=0, description="reads of them that matched")] = 0


class RefusedCountry(Struct, frozen=True, gc=False):
    """A country whose retained reads were not looked at."""

    country: Annotated[Country, Meta(description="the country of the cameras, ISO 3166-1 alpha-2")]
    why: Annotated[FreeText, Meta(description="why not")]


class LookbackRun(Struct, frozen=True, gc=False, omit_defaults=True):
    """A look back for one version of an alert: first when it begins, and again when it is done."""

    list_id: ListId
    alert_id: Annotated[Identifier, Meta(description="the alert")]
    version: Annotated[int, Meta(ge=1, le=2**53, description="the version of the alert")]
    asked_at: Annotated[
        Time, Meta(description="when it was asked for, RFC 3339: for a worker, when the alert came")
    ]
    hours: Annotated[float, Meta(ge=0, le=8784, description="hours before that which were asked for")]
    by: Annotated[
        Literal["worker", "operator"], Meta(description="who began it: `anpr worker` or `anpr lookback`")
    ]
    countries: Annotated[list[SearchedCountry], Meta(description="where reads are looked at")] = []
    refused: Annotated[list[RefusedCountry], Meta(description="where they are not")] = []
    done_at: Annotated[Time | None, Meta(description="when it was done, RFC 3339; none while it is not")] = (
        None
    )

    def __post_init__(self) -> None:
        if "/" in self.list_id:
            raise ValueError(NO_SLASH_RULE)
        if not has_valid_year(self.asked_at):
            raise ValueError(f"`asked_at` {YEARS_RULE}")
        if self.done_at is not None and not has_valid_year(self.done_at):
            raise ValueError(f"`done_at` {YEARS_RULE}")

    @property
    def alert_key(self) -> AlertKey:
        """The key of the alert."""
        return self.list_id, self.alert_id
