"""The fields by which a hit is sorted, decoded without the rest of it: about a thirtieth of the work."""

from typing import Literal

import msgspec
from msgspec import Struct

from streams.records.alert import AlertKey
from streams.records.read import Vehicle
from streams.records.times import Time


class AlertHeader(Struct, frozen=True, gc=False):
    """The fields of an alert that identify it and its vehicle."""

    list_id: str
    alert_id: str
    version: int
    plate: str
    country: str | None = None
    vehicle: Vehicle | None = None


class _Match(Struct, frozen=True, gc=False):
    read_plate: str


class _Read(Struct, frozen=True, gc=False):
    captured_at: Time


class _Handover(Struct, frozen=True, gc=False):
    ends: Time


class HitHeader(Struct, frozen=True, gc=False):
    """Some fields of a hit. Their types are checked and nothing else is."""

    hit_id: str
    revision: int
    kind: Literal["new", "amended", "withdrawn"]
    alert: AlertHeader
    match: _Match
    read: _Read
    emitted_at: Time
    audience: tuple[str, ...] = ()
    handover: _Handover | None = None

    @property
    def alert_key(self) -> AlertKey:
        """The key of the alert of the hit."""
        return self.alert.list_id, self.alert.alert_id

    @property
    def is_active(self) -> bool:
        """True if the hit has not been retracted."""
        return self.kind != "withdrawn"


_header_decoder = msgspec.json.Decoder(HitHeader)


def read_hit_header(record: bytes) -> HitHeader | None:
    """Return the header of a hit; None if the record is not a hit."""
    try:
        return _header_decoder.decode(record)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
