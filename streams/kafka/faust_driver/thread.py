"""The thread in which Faust runs the consumer of aiokafka."""

from typing import Any, NamedTuple

from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread

from streams.kafka.faust_driver.raw_records import use_raw_records


class FetchWait(NamedTuple):
    """The wait of a broker for a fuller fetch while records flow."""

    min_bytes: int
    max_wait_ms: int


class ConsumerThread(AIOKafkaConsumerThread):
    """Faust's thread, with raw records for batch topics, and fuller fetches while records flow."""

    async def _fetch_records(self, consumer: Any, *args: Any, **options: Any) -> Any:
        transport: Any = self.transport
        use_raw_records(consumer, transport.batch_topics.__contains__)
        records = await super()._fetch_records(consumer, *args, **options)
        fetch_wait: FetchWait | None = transport.fetch_wait
        if fetch_wait is not None:
            # After a pause the first record is to be delivered at once, and idle brokers are not to be polled
            # all the time.
            wait = (
                fetch_wait if records else FetchWait(consumer._fetch_min_bytes, consumer._fetch_max_wait_ms)
            )
            consumer._fetcher._fetch_min_bytes, consumer._fetcher._fetch_max_wait_ms = wait
        return records
