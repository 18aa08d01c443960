"""Keys of records that are of an alert: `<list_id>/<alert_id>`, so all of one alert is in one partition."""

from functools import lru_cache
from typing import Annotated

import msgspec
from msgspec import Meta

from streams.records.alert import AlertKey
from streams.records.types import Identifier

_ListId = Annotated[Identifier, Meta(pattern="^[^/]+$")]


def encode_alert_key(key: AlertKey) -> bytes:
    """The key of an alert as records have it."""
    return "/".join(key).encode()


@lru_cache(maxsize=1 << 16)
def decode_alert_key(key: bytes | None) -> AlertKey | None:
    """The list and alert that a record's key names, or None if it names none."""
    try:
        list_id, slash, alert_id = (key or b"").decode().partition("/")
        if not slash:
            return None
        return msgspec.convert(list_id, _ListId), msgspec.convert(alert_id, Identifier)
    except (UnicodeDecodeError, msgspec.ValidationError):
        return None
