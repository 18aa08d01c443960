"""Alerts by their keys, as they are on the topic of alerts."""

from collections.abc import Collection
from typing import Any

from streams.kafka.alert_topic.decoding import decode_alert_records
from streams.kafka.follower import TopicFollower
from streams.kafka.record_keys import encode_alert_key
from streams.lookback.queue import QueuedLookback, arrival_ms
from streams.records.alert import Alert, AlertKey, alert_key


async def alerts_by_key(
    options: dict[str, Any], topic: str, keys: Collection[AlertKey], now_ms: int
) -> dict[AlertKey, QueuedLookback]:
    """Those of the alerts that are on the topic and not withdrawn, each with when it came.

    The topic is read whole, once. `now` in ms since 1970 UTC.

    `options` are aiokafka's, for the connection. Raises what Follower raises.
    """
    wanted = {encode_alert_key(key) for key in keys}
    found: dict[AlertKey, QueuedLookback] = {}
    async with TopicFollower(options, topic, skip_deleted=True) as follower:
        await follower.open()
        async for _, records in follower.read_to_end():
            batch = decode_alert_records([record for record in records if record.key in wanted])
            for entry, record in zip(batch.entries, batch.records, strict=True):
                if isinstance(entry, Alert):
                    found[alert_key(entry)] = QueuedLookback(entry, arrival_ms(record.timestamp, now_ms))
                else:
                    found.pop(alert_key(entry), None)
    return found
