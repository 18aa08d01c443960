"""The thread in which Faust has aiokafka's consumer."""

from typing import Any, NamedTuple

from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread

from streams.kafka.faust_driver.raw_records import make_lean


class Gather(NamedTuple):
    """How long a broker may gather records while they flow: until so many bytes, or so many ms."""

    bytes: int
    within_ms: int


class ConsumerThread(AIOKafkaConsumerThread):
    """Faust's own, but results of batch topics are lean, and brokers gather records while they flow."""

    async def _fetch_records(self, consumer: Any, *args: Any, **options: Any) -> Any:
        transport: Any = self.transport
        make_lean(consumer, transport.batch_topics.__contains__)
        records = await super()._fetch_records(consumer, *args, **options)
        gather: Gather | None = transport.gather
        if gather is not None:
            # When nothing has come for a while, the first record is to be told at once, and brokers are not
            # to be asked all the time.
            waits = gather if records else Gather(consumer._fetch_min_bytes, consumer._fetch_max_wait_ms)
            consumer._fetcher._fetch_min_bytes, consumer._fetcher._fetch_max_wait_ms = waits
        return records
