"""A lookup of alerts by their keys, on the topic of alerts."""

from collections.abc import Collection
from typing import Any

from streams.kafka.alert_topic.decoding import decode_alert_records
from streams.kafka.follower import TopicFollower
from streams.kafka.record_keys import encode_alert_key
from streams.lookback.queue import QueuedLookback, arrival_ms
from streams.records.alert import Alert, AlertKey, alert_key
from streams.records.times import Millis


async def alerts_by_key(
    options: dict[str, Any], topic: str, keys: Collection[AlertKey], now_ms: Millis
) -> dict[AlertKey, QueuedLookback]:
    """Return those of the alerts that are on the topic and not withdrawn, each with its time of arrival.

    The topic is read whole, once. `options` are aiokafka's, for the connection. Raises what TopicFollower
    raises.
    """
    record_keys = {encode_alert_key(key) for key in keys}
    alerts: dict[AlertKey, QueuedLookback] = {}
    async with TopicFollower(options, topic, skip_deleted=True) as follower:
        await follower.open()
        async for _, records in follower.read_to_end():
            batch = decode_alert_records([record for record in records if record.key in record_keys])
            for entry, record in zip(batch.entries, batch.records, strict=True):
                if isinstance(entry, Alert):
                    alerts[alert_key(entry)] = QueuedLookback(entry, arrival_ms(record.timestamp, now_ms))
                else:
                    alerts.pop(alert_key(entry), None)
    return alerts
