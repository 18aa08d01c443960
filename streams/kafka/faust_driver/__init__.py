"""A Faust transport that hands an agent all records fetched from a partition as one message.

Chosen by the scheme of the broker's URL, `batch://host:port`; see
`docs/concepts/batch-driver.md`. It knows nothing of what the records mean.
"""

from streams.kafka.faust_driver.batch import Batch
from streams.kafka.faust_driver.batch_topic import BatchSchema, batch_topic
from streams.kafka.faust_driver.private_api import DriverVersionError
from streams.kafka.faust_driver.thread import FetchWait
from streams.kafka.faust_driver.transport import Transport

__all__ = ["Batch", "BatchSchema", "DriverVersionError", "FetchWait", "Transport", "batch_topic"]
