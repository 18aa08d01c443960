"""Match: one read that may be the vehicle of one alert, and how."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from streams.records.alert import Alert
from streams.records.countries import Country
from streams.records.journey import Lookback
from streams.records.read import Read
from streams.records.types import Confidence, MatchClass

EditKind = Literal["settled", "equivalent", "umlaut", "substituted", "lost", "extra"]


class Edit(Struct, frozen=True, gc=False):
    """One place where the read and the listed plate differ.

    `settled`: the character read cannot stand at this place in the plate's national format, and only the
    listed one can. `equivalent`: both can; they are of one confusable class. `umlaut`: the same letter
    written with or without its umlaut (A or AE for Ä). `substituted`: any other character was read. `lost`:
    nothing was read there. `extra`: a character was read, before that place, that the list does not have.
    """

    kind: Annotated[EditKind, Meta(description="what kind of difference")]
    position: Annotated[int, Meta(ge=1, description="place in the listed plate's normal form, from 1")]
    read: Annotated[str, Meta(description="what was read there; empty for nothing")]
    listed: Annotated[str, Meta(description="what the list has there; empty for nothing")]


class Contradiction(Struct, frozen=True, gc=False):
    """Something of the read that speaks against the alert, although a hit is made."""

    what: Annotated[
        Literal["country", "gap", "colour", "make", "type"],
        Meta(description="which property: the plate's country or its gap, or the vehicle's looks"),
    ]
    read: Annotated[str, Meta(description="as read")]
    listed: Annotated[str, Meta(description="as listed")]
    meaning: Annotated[str, Meta(description="in words for the officer")]


class MatchResult(Struct, frozen=True, gc=False, omit_defaults=True):
    """How a read matches an alert."""

    class_: Annotated[MatchClass, Meta(description="how the plates agree")] = msgspec.field(name="class")
    read_plate: Annotated[str, Meta(description="the plate read, in normal form")]
    listed_plate: Annotated[str, Meta(description="the plate listed, in normal form")]
    posterior: Annotated[
        Confidence | None,
        Meta(description="P(the vehicle is the listed one | the read), 0 to 1, if computed"),
    ] = None
    reasons: Annotated[
        tuple[str, ...], Meta(description="what the posterior is made of, in words for the officer")
    ] = ()
    edits: Annotated[tuple[Edit, ...], Meta(description="where the two differ")] = ()
    contradictions: Annotated[tuple[Contradiction, ...], Meta(description="what speaks against it")] = ()
    possible_countries: Annotated[
        tuple[Country, ...],
        Meta(description="the read has no country: where its plate is possible, if in several"),
    ] = ()


class Match(Struct, frozen=True, gc=False, omit_defaults=True):
    """A read, an alert that was in force when it was taken, and how the two agree."""

    read: Annotated[Read, Meta(description="the read")]
    alert: Annotated[Alert, Meta(description="the alert, in the version that was in force")]
    result: Annotated[MatchResult, Meta(description="how the two agree")]
    lookback: Annotated[Lookback | None, Meta(description="found by looking back, and by what right")] = None
