"""Hit: what a police centre is told."""

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from streams.records.alert import Alert
from streams.records.countries import Country
from streams.records.journey import Admission, Doubt, Handover, Journey, Lookback
from streams.records.match import MatchResult
from streams.records.read import Read, Vehicle
from streams.records.times import Time, truncate_to_ms
from streams.records.types import (
    ActionCode,
    Basis,
    FreeText,
    HitId,
    Identifier,
    Latitude,
    Longitude,
    Priority,
)
from streams.records.verdict import Verdict


class HitAlert(Struct, frozen=True, gc=False, omit_defaults=True):
    """What the audience may see of the alert."""

    list_id: Annotated[Identifier, Meta(description="the list")]
    alert_id: Annotated[Identifier, Meta(description="the alert")]
    version: Annotated[int, Meta(ge=1, description="the version of the alert")]
    plate: Annotated[str, Meta(description="the plate as listed")]
    basis: Annotated[Basis, Meta(description="the legal basis")]
    reason: Annotated[FreeText, Meta(description="why the vehicle is sought")]
    valid_until: Annotated[Time, Meta(description="the end of the alert, RFC 3339")]
    country: Annotated[Country | None, Meta(description="country of the plate, ISO 3166-1 alpha-2")] = None
    vehicle: Annotated[Vehicle | None, Meta(description="the vehicle's looks")] = None
    operation_id: Annotated[Identifier | None, Meta(description="the joint operation")] = None
    reference: Annotated[FreeText | None, Meta(description="the owner's file reference")] = None


class Place(Struct, frozen=True, gc=False, omit_defaults=True):
    """Where the read was taken."""

    camera_id: Annotated[Identifier, Meta(description="the camera")]
    site_id: Annotated[Identifier | None, Meta(description="the site, as in [sites.<id>]")] = None
    road: Annotated[str | None, Meta(description="the road, for example A22/E17")] = None
    direction: Annotated[str | None, Meta(description="where the traffic goes")] = None
    territory: Annotated[
        Country | None, Meta(description="the country whose ground it is, ISO 3166-1 alpha-2")
    ] = None
    lat: Annotated[Latitude | None, Meta(description="latitude in degrees, WGS 84")] = None
    lon: Annotated[Longitude | None, Meta(description="longitude in degrees, WGS 84")] = None


class Retraction(Struct, frozen=True, gc=False, omit_defaults=True):
    """Why a hit no longer stands."""

    reason: Annotated[
        Literal[
            "superseded", "alert-withdrawn", "alert-expired", "alert-replaced", "rejected", "handover-over"
        ],
        Meta(
            description="a better read of the passage; the alert ended or changed; a centre's verdict; the "
            "vehicle went elsewhere, or was not seen in time"
        ),
    ]
    superseded_by: Annotated[HitId | None, Meta(description="the hit that stands in its place")] = None


class Hit(Struct, frozen=True, gc=False, omit_defaults=True):
    """What a police centre is told. The latest revision of a `hit_id` is what holds.

    One with a `handover` tells that the vehicle goes to another territory. It has a `hit_id` of its own,
    beside that of the passage whose read it shows, and keeps it while the vehicle moves.
    """

    hit_id: Annotated[HitId, Meta(description="the same however often the hit is computed")]
    revision: Annotated[int, Meta(ge=1, description="rises from 1; the latest holds")]
    kind: Annotated[
        Literal["new", "amended", "withdrawn"], Meta(description="first told; changed; no longer stands")
    ]
    mode: Annotated[
        Literal["live", "historical"], Meta(description="historical hits are a record, never dispatched")
    ]
    age_s: Annotated[float, Meta(description="seconds from the read to the first telling")]
    read: Annotated[Read, Meta(description="the read")]
    alert: Annotated[HitAlert, Meta(description="the alert, as far as the audience may see it")]
    match: Annotated[MatchResult, Meta(description="how the read matches the alert")]
    place: Annotated[Place, Meta(description="where the read was taken")]
    action: Annotated[ActionCode, Meta(description="what to do, in this territory")]
    priority: Annotated[Priority, Meta(description="how urgent: 1 highest to 5 lowest")]
    emitted_at: Annotated[Time, Meta(description="when this revision was made, RFC 3339")]
    audience: Annotated[tuple[Identifier, ...], Meta(description="the centres told")] = ()
    rules: Annotated[tuple[str, ...], Meta(description="ids of the rules applied")] = ()
    withdrawn: Annotated[Retraction | None, Meta(description="why it no longer stands")] = None
    verdict: Annotated[Verdict | None, Meta(description="the latest verdict of a centre")] = None
    journey: Annotated[Journey | None, Meta(description="where it has been and may come to")] = None
    doubts: Annotated[tuple[Doubt, ...], Meta(description="signs that it is not one vehicle")] = ()
    handover: Annotated[Handover | None, Meta(description="who hands it over to whom")] = None
    operations: Annotated[tuple[Admission, ...], Meta(description="the joint operations it belongs to")] = ()
    lookback: Annotated[Lookback | None, Meta(description="found by looking back, and by what right")] = None


def compute_hit_id(alert: Alert, read: Read) -> str:
    """The id of the hit of this version of the alert on this read: 128 bits as 32 hexadecimal digits.

    Cameras number their reads each for itself, so the camera is part of the read's name.
    """
    digest = _alert_digest(alert.list_id, alert.alert_id, alert.version).copy()
    digest.update(_frame_camera_id(read.camera_id) + _frame(read.read_id))
    return digest.hexdigest()


@lru_cache(maxsize=1 << 16)
def _alert_digest(list_id: str, alert_id: str, version: int) -> "hashlib.blake2b":
    """The digest of the part that all hits of a version of an alert share."""
    return hashlib.blake2b(_frame_all((list_id, alert_id, str(version))), digest_size=16)


def text_digest(parts: Iterable[str]) -> str:
    """128 bits of some texts as 32 hexadecimal digits; where one text ends and the next begins counts."""
    return hashlib.blake2b(_frame_all(parts), digest_size=16).hexdigest()


def _frame_all(parts: Iterable[str]) -> bytes:
    return b"".join([_frame(each) for each in parts])


def _frame(text: str) -> bytes:
    encoded = text.encode()
    return len(encoded).to_bytes(4, "big") + encoded


_frame_camera_id: Final = lru_cache(maxsize=1 << 14)(_frame)


def build_hit_alert(alert: Alert) -> HitAlert:
    """What the audience may see of an alert."""
    return HitAlert(
        list_id=alert.list_id,
        alert_id=alert.alert_id,
        version=alert.version,
        plate=alert.plate,
        basis=alert.basis,
        reason=alert.reason,
        valid_until=truncate_to_ms(alert.valid_until),
        country=alert.country,
        vehicle=alert.vehicle,
        operation_id=alert.operation_id,
        reference=alert.reference,
    )
