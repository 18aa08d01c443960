"""A Faust transport that hands an agent all records fetched from a partition as one message.

Chosen by the scheme of the broker's URL, `batch://host:port`; `docs/batch-driver.md` says how and why.
It knows nothing of what the records mean.
"""

from streams.broker.driver.batch import Batch
from streams.broker.driver.contract import ContractError
from streams.broker.driver.thread import Gather
from streams.broker.driver.topics import BatchSchema, batch_topic
from streams.broker.driver.transport import Transport

__all__ = ["Batch", "BatchSchema", "ContractError", "Gather", "Transport", "batch_topic"]
