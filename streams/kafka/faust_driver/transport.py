"""The transport that Faust loads for the scheme `batch` of a broker's URL."""

from typing import Any, ClassVar, NamedTuple

from faust.transport.drivers.aiokafka import Transport as StockTransport

from streams.kafka.faust_driver import private_api
from streams.kafka.faust_driver.consumer import Consumer
from streams.kafka.faust_driver.thread import FetchWait


class InFlightLimits(NamedTuple):
    """Limits on what is unacknowledged of a partition; no batch comes once either is reached."""

    max_batches: int
    max_records: int


class Transport(StockTransport):
    """Faust's transport for aiokafka, with batch topics.

    `batch_topics` has the limits of each batch topic by its name. Set it before the app starts, best through
    `batch_topic`. `fetch_wait`, if set, makes brokers wait for a fuller fetch while records flow: fewer and
    larger batches for some ms of latency.
    """

    Consumer: ClassVar[type[Any]] = Consumer

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Raise DriverVersionError if the driver was not written for the installed Faust or aiokafka."""
        private_api.check()
        super().__init__(*args, **kwargs)
        self.batch_topics: dict[str, InFlightLimits] = {}
        self.fetch_wait: FetchWait | None = None
