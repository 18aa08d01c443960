"""Keys of records about an alert, `<list_id>/<alert_id>`, and the partition of a key.

All records of one alert have one key, so they are in one partition.
"""

from functools import lru_cache
from typing import Annotated, Final

import msgspec
from aiokafka.partitioner import murmur2
from msgspec import Meta

from streams.records.alert import AlertKey
from streams.records.types import Identifier

_ListId = Annotated[Identifier, Meta(pattern="^[^/]+$")]
_POSITIVE_MASK: Final = 0x7FFFFFFF


def encode_alert_key(key: AlertKey) -> bytes:
    """Return the record key of an alert."""
    return "/".join(key).encode()


@lru_cache(maxsize=1 << 16)
def decode_alert_key(key: bytes | None) -> AlertKey | None:
    """Return the list and alert that a record key names, or None if it names none."""
    try:
        list_id, slash, alert_id = (key or b"").decode().partition("/")
        if not slash:
            return None
        return msgspec.convert(list_id, _ListId), msgspec.convert(alert_id, Identifier)
    except (UnicodeDecodeError, msgspec.ValidationError):
        return None


def partition_of(key: bytes, partition_count: int) -> int:
    """Return the partition that Kafka's own clients choose for a key: murmur2 without the sign bit."""
    key_hash: int = murmur2(key)
    return (key_hash & _POSITIVE_MASK) % partition_count
