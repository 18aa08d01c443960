"""The alert lists on Kafka: read whole and followed, and loaded from files.

They are on a compacted topic, `<prefix>.alerts`: the key is `<list_id>/<alert_id>`, the value an alert as
JSON, or null for one that was withdrawn, from the record's timestamp on. The last record of a key counts.
"""

from streams.kafka.alert_topic.reader import AlertTopicError, AlertTopicReader

__all__ = ["AlertTopicError", "AlertTopicReader"]
