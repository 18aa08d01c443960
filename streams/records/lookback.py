"""Lookback: retained reads searched for an alert, where, by what authority, and with what result."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from streams.records.alert import NO_SLASH_RULE, AlertKey, ListId
from streams.records.countries import Country
from streams.records.times import YEARS_RULE, Time, has_valid_year
from streams.records.types import FreeText, Identifier


class Lookback(Struct, frozen=True, gc=False, omit_defaults=True):
    """The authority by which a match was found among retained reads."""

    country: Annotated[Country, Meta(description="the country of the camera, whose rule applies")]
    hours: Annotated[float, Meta(ge=0, description="hours before the alert that were searched there")]
    source: Annotated[FreeText, Meta(description="the rule's source, as in [jurisdictions.<country>]")]
    asked_at: Annotated[Time, Meta(description="when the lookback began, RFC 3339")]


class SearchedCountry(Struct, frozen=True, gc=False, omit_defaults=True):
    """A country whose retained reads were searched."""

    country: Annotated[Country, Meta(description="the country of the cameras, ISO 3166-1 alpha-2")]
    hours: Annotated[float, Meta(ge=0, description="hours before `asked_at` whose reads count")]
    source: Annotated[FreeText, Meta(description="the authority, as in [jurisdictions.<country>]")]
    reads: Annotated[
        int, Meta(ge=0, description="reads searched, including those for other alerts in the same scan")
    ] = 0
    matches: Annotated[int, Meta(ge=0, description="reads that matched")] = 0


class RefusedCountry(Struct, frozen=True, gc=False):
    """A country whose retained reads were not searched."""

    country: Annotated[Country, Meta(description="the country of the cameras, ISO 3166-1 alpha-2")]
    why: Annotated[FreeText, Meta(description="why not")]


class LookbackRun(Struct, frozen=True, gc=False, omit_defaults=True):
    """A lookback for one version of an alert, recorded when it begins and again when it is done."""

    list_id: ListId
    alert_id: Annotated[Identifier, Meta(description="the alert")]
    version: Annotated[int, Meta(ge=1, le=2**53, description="the version of the alert")]
    asked_at: Annotated[
        Time, Meta(description="when it was requested, RFC 3339; for a worker, when the alert arrived")
    ]
    hours: Annotated[float, Meta(ge=0, le=8784, description="hours before `asked_at` that were requested")]
    by: Annotated[
        Literal["worker", "operator"],
        Meta(
            description="who requested it: `worker`, an alert at `anpr worker`; `operator`, `anpr lookback`"
        ),
    ]
    countries: Annotated[
        list[SearchedCountry], Meta(description="the countries whose reads are searched")
    ] = []
    refused: Annotated[
        list[RefusedCountry], Meta(description="the countries whose reads are not searched")
    ] = []
    done_at: Annotated[
        Time | None, Meta(description="when it was done, RFC 3339; absent while it is not")
    ] = None

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
