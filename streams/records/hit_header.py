"""What a hit as JSON is of, found without reading it whole: some thirtieth of the work."""

from typing import Literal

import msgspec
from msgspec import Struct

from streams.records.alert import AlertKey
from streams.records.times import Time


class _Alert(Struct, frozen=True, gc=False):
    list_id: str
    alert_id: str
    version: int


class _Match(Struct, frozen=True, gc=False):
    read_plate: str


class _Handover(Struct, frozen=True, gc=False):
    ends: Time


class HitHeader(Struct, frozen=True, gc=False):
    """Some fields of a hit, as far as they are of the right type: nothing else is checked."""

    hit_id: str
    revision: int
    kind: Literal["new", "amended", "withdrawn"]
    alert: _Alert
    match: _Match
    emitted_at: Time
    handover: _Handover | None = None

    @property
    def alert_key(self) -> AlertKey:
        """The alert of the hit."""
        return self.alert.list_id, self.alert.alert_id

    @property
    def is_active(self) -> bool:
        """Whether it had not been withdrawn."""
        return self.kind != "withdrawn"


_header_decoder = msgspec.json.Decoder(HitHeader)


def read_hit_header(record: bytes) -> HitHeader | None:
    """The outline of a hit; None if the record is none."""
    try:
        return _header_decoder.decode(record)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
