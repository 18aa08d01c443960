"""Alerts by their keys, as they are on the topic of alerts."""

from collections.abc import Collection
from typing import Any

from streams.kafka.alert_topic.decoding import taken
from streams.kafka.follower import Follower
from streams.kafka.record_keys import key_bytes
from streams.lookback.queue import Due, came
from streams.records.alert import Alert, AlertKey, key_of


async def find(
    options: dict[str, Any], topic: str, keys: Collection[AlertKey], now: int
) -> dict[AlertKey, Due]:
    """Those of the alerts that are on the topic and not withdrawn, each with when it came.

    The topic is read whole, once. `now` in ms since 1970 UTC.

    `options` are aiokafka's, for the connection. Raises what Follower raises.
    """
    wanted = {key_bytes(key) for key in keys}
    found: dict[AlertKey, Due] = {}
    async with Follower(options, topic, pass_deleted=True) as follower:
        await follower.open()
        async for _, records in follower.whole():
            batch = taken([record for record in records if record.key in wanted])
            for entry, record in zip(batch.entries, batch.records, strict=True):
                if isinstance(entry, Alert):
                    found[key_of(entry)] = Due(entry, came(record.timestamp, now))
                else:
                    found.pop(key_of(entry), None)
    return found
