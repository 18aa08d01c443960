"""The thread in which Faust has aiokafka's consumer."""

from typing import Any, NamedTuple

from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread

from streams.kafka.faust_driver.raw_records import use_raw_records


class FetchWait(NamedTuple):
    """How long a broker may gather records while they flow: until so many bytes, or so many ms."""

    min_bytes: int
    max_wait_ms: int


class ConsumerThread(AIOKafkaConsumerThread):
    """Faust's own, but results of batch topics are lean, and brokers gather records while they flow."""

    async def _fetch_records(self, consumer: Any, *args: Any, **options: Any) -> Any:
        transport: Any = self.transport
        use_raw_records(consumer, transport.batch_topics.__contains__)
        records = await super()._fetch_records(consumer, *args, **options)
        fetch_wait: FetchWait | None = transport.fetch_wait
        if fetch_wait is not None:
            # When nothing has come for a while, the first record is to be told at once, and brokers are not
            # to be asked all the time.
            waits = (
                fetch_wait if records else FetchWait(consumer._fetch_min_bytes, consumer._fetch_max_wait_ms)
            )
            consumer._fetcher._fetch_min_bytes, consumer._fetcher._fetch_max_wait_ms = waits
        return records
