"""The alert lists on Kafka: read completely and followed, and loaded from files.

They are on a compacted topic, `<prefix>.alerts`: the key is `<list_id>/<alert_id>`, the value an alert as
JSON, or null for an alert that is withdrawn from the record's timestamp on. The last record of a key counts.
"""

from streams.kafka.alert_topic.config import AlertTopicConfig
from streams.kafka.alert_topic.errors import AlertTopicError
from streams.kafka.alert_topic.reader import AlertTopicReader

__all__ = ["AlertTopicConfig", "AlertTopicError", "AlertTopicReader"]
