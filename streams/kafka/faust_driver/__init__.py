"""A Faust transport that delivers all records fetched from a partition to an agent as one message.

The scheme of the broker's URL, `batch://host:port`, chooses it; see `docs/concepts/batch-driver.md`. It does
not depend on what the records mean.
"""

from streams.kafka.faust_driver.batch import Batch
from streams.kafka.faust_driver.batch_topic import BatchSchema, batch_topic
from streams.kafka.faust_driver.private_api import DriverVersionError
from streams.kafka.faust_driver.thread import FetchWait
from streams.kafka.faust_driver.transport import Transport

__all__ = ["Batch", "BatchSchema", "DriverVersionError", "FetchWait", "Transport", "batch_topic"]
