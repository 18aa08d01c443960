"""Hit: what a police centre is notified of."""

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, Final, Literal, Protocol

from msgspec import Meta, Struct

from streams.records.alert import Alert
from streams.records.countries import Country
from streams.records.encode import encode
from streams.records.journey import Admission, Doubt, Handover, Journey
from streams.records.lookback import Lookback
from streams.records.match import MatchResult
from streams.records.read import Read, Vehicle
from streams.records.times import Time, truncate_to_ms
from streams.records.types import (
    ACTION_TEXT,
    BASIS_TEXT,
    ActionCode,
    Basis,
    Confidence,
    FreeText,
    HitId,
    Identifier,
    Latitude,
    Longitude,
    Priority,
)
from streams.records.verdict import Verdict


class HitAlert(Struct, frozen=True, gc=False, omit_defaults=True):
    """The part of the alert that the audience may see."""

    list_id: Annotated[Identifier, Meta(description="the list")]
    alert_id: Annotated[Identifier, Meta(description="the alert")]
    version: Annotated[int, Meta(ge=1, description="the version of the alert")]
    plate: Annotated[str, Meta(description="the plate as listed")]
    basis: Annotated[Basis, Meta(description=f"the legal basis. {BASIS_TEXT}")]
    reason: Annotated[FreeText, Meta(description="why the vehicle is sought")]
    valid_until: Annotated[Time, Meta(description="the end of the alert, RFC 3339")]
    country: Annotated[Country | None, Meta(description="country of the plate, ISO 3166-1 alpha-2")] = None
    vehicle: Annotated[Vehicle | None, Meta(description="appearance of the vehicle")] = None
    operation_id: Annotated[Identifier | None, Meta(description="the joint operation")] = None
    reference: Annotated[FreeText | None, Meta(description="the owner's file reference")] = None


class Place(Struct, frozen=True, gc=False, omit_defaults=True):
    """Where the read was captured."""

    camera_id: Annotated[Identifier, Meta(description="the camera")]
    site_id: Annotated[Identifier | None, Meta(description="the site, as in [sites.<id>]")] = None
    road: Annotated[str | None, Meta(description="the road, for example A22/E17")] = None
    direction: Annotated[str | None, Meta(description="direction of the traffic")] = None
    territory: Annotated[
        Country | None, Meta(description="the country in whose territory it is, ISO 3166-1 alpha-2")
    ] = None
    lat: Annotated[Latitude | None, Meta(description="latitude in degrees, WGS 84")] = None
    lon: Annotated[Longitude | None, Meta(description="longitude in degrees, WGS 84")] = None


MOST_READS_COUNTED: Final = 16
"""The most reads of a passage that are combined and counted."""


class PassageSummary(Struct, frozen=True, gc=False, omit_defaults=True):
    """What the reads of a passage say together. A passage of a single read has none."""

    reads: Annotated[
        int,
        Meta(
            ge=2,
            le=MOST_READS_COUNTED,
            description="number of its reads that are combined; 16 stands for 16 or more",
        ),
    ]
    since: Annotated[Time, Meta(description="when the first of its reads was captured, RFC 3339")]
    posterior: Annotated[
        Confidence | None,
        Meta(description="P(the vehicle is the listed one | these reads), 0 to 1, if computed"),
    ] = None
    until: Annotated[
        Time | None,
        Meta(description="when the last of its reads was captured, RFC 3339; absent while more may come"),
    ] = None


class Retraction(Struct, frozen=True, gc=False, omit_defaults=True):
    """Why a hit is no longer active."""

    reason: Annotated[
        Literal[
            "superseded", "alert-withdrawn", "alert-expired", "alert-replaced", "rejected", "handover-over"
        ],
        Meta(
            description="`superseded`: an earlier read of the passage arrived, or two passages were joined; "
            "`alert-withdrawn`: the alert was withdrawn; `alert-expired`: its validity period ended; "
            "`alert-replaced`: a higher version describes another vehicle; `rejected`: a centre rejected the "
            "hit, or another with the same plate read and alert; `handover-over`: the vehicle went elsewhere "
            "or was not seen in time"
        ),
    ]
    superseded_by: Annotated[HitId | None, Meta(description="the hit that replaces it")] = None


class Hit(Struct, frozen=True, gc=False, omit_defaults=True):
    """What a police centre is notified of. Only the latest revision of a `hit_id` counts.

    A hit with a `handover` says that the vehicle goes to another territory. It has a `hit_id` of its own,
    other than that of the passage whose read it shows, and keeps it while the vehicle moves.
    """

    hit_id: Annotated[HitId, Meta(description="the same however often the hit is computed")]
    revision: Annotated[int, Meta(ge=1, description="rises from 1; the latest counts")]
    kind: Annotated[
        Literal["new", "amended", "withdrawn"],
        Meta(
            description="`new`: first notified; `amended`: changed since, or active again; `withdrawn`: no "
            "longer active, see the property `withdrawn`"
        ),
    ]
    mode: Annotated[
        Literal["live", "historical"],
        Meta(description="`live`: may be acted on; `historical`: a record of the past, never dispatched"),
    ]
    age_s: Annotated[float, Meta(description="seconds from the capture of the read to its first hit")]
    read: Annotated[Read, Meta(description="the read")]
    alert: Annotated[HitAlert, Meta(description="the part of the alert that the audience may see")]
    match: Annotated[MatchResult, Meta(description="how the read matches the alert")]
    place: Annotated[Place, Meta(description="where the read was captured")]
    action: Annotated[ActionCode, Meta(description=f"what to do in this territory. {ACTION_TEXT}")]
    priority: Annotated[Priority, Meta(description="urgency: 1 highest to 5 lowest")]
    emitted_at: Annotated[Time, Meta(description="when this revision was emitted, RFC 3339")]
    audience: Annotated[tuple[Identifier, ...], Meta(description="the centres notified")] = ()
    rules: Annotated[tuple[str, ...], Meta(description="ids of the rules applied")] = ()
    withdrawn: Annotated[Retraction | None, Meta(description="why the hit is no longer active")] = None
    verdict: Annotated[Verdict | None, Meta(description="the latest verdict of a centre")] = None
    journey: Annotated[
        Journey | None, Meta(description="the passages of the vehicle up to this one, and the next sites")
    ] = None
    doubts: Annotated[tuple[Doubt, ...], Meta(description="signs that the plate is on two vehicles")] = ()
    handover: Annotated[Handover | None, Meta(description="who hands the vehicle over to whom")] = None
    operations: Annotated[
        tuple[Admission, ...], Meta(description="the joint operations to which the hit belongs")
    ] = ()
    lookback: Annotated[
        Lookback | None, Meta(description="the authority, if the hit was found by a lookback")
    ] = None
    passage: Annotated[
        PassageSummary | None,
        Meta(description="what the reads of the passage say together, if it has several"),
    ] = None


class IdentifiesVehicle(Protocol):
    """Something with the fields of an alert that identify it and its vehicle."""

    @property
    def list_id(self) -> str: ...
    @property
    def alert_id(self) -> str: ...
    @property
    def plate(self) -> str: ...
    @property
    def country(self) -> str | None: ...
    @property
    def vehicle(self) -> Vehicle | None: ...


def compute_hit_id(alert: IdentifiesVehicle, first: Read) -> str:
    """Return the id of the hit of a passage: 128 bits, 32 hexadecimal digits.

    It is a digest of the alert (list, id and what identifies the vehicle: plate, country and appearance) and
    of the first read of the passage in event time (camera and read id, because read ids are unique for one
    camera only). A version of the alert that changes anything else keeps the ids of its hits.
    """
    digest = _alert_digest(alert.list_id, alert.alert_id, alert.plate, alert.country, alert.vehicle).copy()
    digest.update(_frame_camera_id(first.camera_id) + _frame(first.read_id))
    return digest.hexdigest()


def identity_digest(alert: IdentifiesVehicle) -> str:
    """Return a digest of an alert and what identifies its vehicle: plate, country and appearance."""
    return _alert_digest(alert.list_id, alert.alert_id, alert.plate, alert.country, alert.vehicle).hexdigest()


@lru_cache(maxsize=1 << 16)
def _alert_digest(
    list_id: str, alert_id: str, plate: str, country: str | None, vehicle: Vehicle | None
) -> "hashlib.blake2b":
    """Return the digest of the part shared by all hits of a vehicle of an alert."""
    described = encode(vehicle).decode() if vehicle is not None else ""
    return hashlib.blake2b(_frame_all((list_id, alert_id, plate, country or "", described)), digest_size=16)


def text_digest(parts: Iterable[str]) -> str:
    """Return 128 bits of some texts as 32 hexadecimal digits; the borders between texts count."""
    return hashlib.blake2b(_frame_all(parts), digest_size=16).hexdigest()


def _frame_all(parts: Iterable[str]) -> bytes:
    return b"".join([_frame(part) for part in parts])


def _frame(text: str) -> bytes:
    encoded = text.encode()
    return len(encoded).to_bytes(4, "big") + encoded


_frame_camera_id: Final = lru_cache(maxsize=1 << 14)(_frame)


def build_hit_alert(alert: Alert) -> HitAlert:
    """Return the part of an alert that the audience may see."""
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
