"""Match: one read that may be of the vehicle of one alert, and how the two agree."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from streams.records.alert import Alert
from streams.records.countries import Country
from streams.records.lookback import Lookback
from streams.records.read import Read
from streams.records.types import MATCH_CLASS_TEXT, Confidence, MatchClass

EditKind = Literal["settled", "equivalent", "umlaut", "substituted", "lost", "extra"]


class Edit(Struct, frozen=True, gc=False):
    """One position at which the read and the listed plate differ."""

    kind: Annotated[
        EditKind,
        Meta(
            description="`settled`: the national format allows only the listed one of two confusable "
            "characters here; `equivalent`: it allows both; `umlaut`: one letter with or without its umlaut "
            "(A or AE for Ä); `substituted`: any other character was read; `lost`: none was read; `extra`: "
            "one was read before this position that the list does not have"
        ),
    ]
    position: Annotated[int, Meta(ge=1, description="position in the listed plate's normal form, from 1")]
    read: Annotated[str, Meta(description="the character read; empty for none")]
    listed: Annotated[str, Meta(description="the character listed; empty for none")]


class Contradiction(Struct, frozen=True, gc=False):
    """A property in which the read contradicts the alert, although there is a hit."""

    what: Annotated[
        Literal["country", "gap", "colour", "make", "type"],
        Meta(
            description="`country` of the plate; `gap` in a German plate; `colour`, `make` or `type` of the "
            "vehicle"
        ),
    ]
    read: Annotated[str, Meta(description="as read")]
    listed: Annotated[str, Meta(description="as listed")]
    meaning: Annotated[str, Meta(description="the contradiction in words, for the officer")]


class MatchResult(Struct, frozen=True, gc=False, omit_defaults=True):
    """How a read matches an alert."""

    class_: Annotated[MatchClass, Meta(description=f"how the plates agree. {MATCH_CLASS_TEXT}")] = (
        msgspec.field(name="class")
    )
    read_plate: Annotated[str, Meta(description="the plate read, in normal form")]
    listed_plate: Annotated[str, Meta(description="the plate listed, in normal form")]
    posterior: Annotated[
        Confidence | None,
        Meta(description="P(the vehicle is the listed one | the read), 0 to 1, if computed"),
    ] = None
    reasons: Annotated[
        tuple[str, ...], Meta(description="what the posterior is computed from, in words for the officer")
    ] = ()
    edits: Annotated[tuple[Edit, ...], Meta(description="where the two plates differ")] = ()
    contradictions: Annotated[
        tuple[Contradiction, ...], Meta(description="properties in which the read contradicts the alert")
    ] = ()
    possible_countries: Annotated[
        tuple[Country, ...],
        Meta(
            description="for a read without a country, the countries in which its plate is possible, if "
            "there are several"
        ),
    ] = ()


class Match(Struct, frozen=True, gc=False, omit_defaults=True):
    """A read, an alert that was effective when it was captured, and how the two agree."""

    read: Annotated[Read, Meta(description="the read")]
    alert: Annotated[Alert, Meta(description="the alert, in the effective version")]
    result: Annotated[MatchResult, Meta(description="how the two agree")]
    lookback: Annotated[
        Lookback | None, Meta(description="the authority, if the match was found by a lookback")
    ] = None
