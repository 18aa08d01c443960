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


class Outline(Struct, frozen=True, gc=False):
    """Some fields of a hit, as far as they are of the right type: nothing else is checked."""

    hit_id: str
    revision: int
    kind: Literal["new", "amended", "withdrawn"]
    alert: _Alert
    match: _Match
    emitted_at: Time
    handover: _Handover | None = None

    @property
    def key(self) -> AlertKey:
        """The alert of the hit."""
        return self.alert.list_id, self.alert.alert_id

    @property
    def stands(self) -> bool:
        """Whether it had not been withdrawn."""
        return self.kind != "withdrawn"


_outline = msgspec.json.Decoder(Outline)


def outline_of(record: bytes) -> Outline | None:
    """The outline of a hit; None if the record is none."""
    try:
        return _outline.decode(record)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
