"""Delivery from the spool to Kafka, in order, until Kafka has acknowledged each entry.

Each topic is delivered by a thread of its own, which opens one producer session after another. Within a
session an idempotent producer sends the entries one after the other, so that those of a camera, which share
one key, keep their order. Any failure ends the session. The next session first reads back which entries
reached Kafka in spite of the failure, so that they are not sent again; for this, each record carries the
spool's id and its sequence number in a header.
"""

from streams.gateway.delivery.delivery import Delivery

__all__ = ["Delivery"]
