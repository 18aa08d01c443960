"""The transport: what the scheme of the broker's URL chooses."""

from typing import Any, ClassVar, NamedTuple

from faust.transport.drivers.aiokafka import Transport as StockTransport

from streams.kafka.faust_driver import private_api
from streams.kafka.faust_driver.consumer import Consumer
from streams.kafka.faust_driver.thread import FetchWait


class InFlightLimits(NamedTuple):
    """How much of a partition may be not acknowledged: batches, and records after which no batch comes."""

    max_batches: int
    max_records: int


class Transport(StockTransport):
    """Faust's transport for aiokafka with batch topics.

    `batch_topics` has the batch topics' names, each with what may be in flight per partition. Set it before
    the app starts, best through `batch_topic`. `fetch_wait`, if set, lets brokers gather records while
    they flow:
    fewer and larger batches for some ms of latency.
    """

    Consumer: ClassVar[type[Any]] = Consumer

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Raises ContractError if the installed Faust or aiokafka is not what the driver was written for."""
        private_api.check()
        super().__init__(*args, **kwargs)
        self.batch_topics: dict[str, InFlightLimits] = {}
        self.fetch_wait: FetchWait | None = None
