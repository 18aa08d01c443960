"""Delivery: from the spool to Kafka, in order, until Kafka has confirmed each entry.

Each topic has a lane, and a lane goes in sessions. In a session entries are sent one behind the other by an
idempotent producer, so that those of a camera, which have one key, stay in their order. What goes wrong ends
the session; the next one first reads back what of ours came through in spite of it, so that it is not sent
again. Each record has the spool's id and its number as a header for that.
"""

from streams.gateway.delivery.delivery import Delivery

__all__ = ["Delivery"]
