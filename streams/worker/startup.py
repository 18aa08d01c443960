"""The check of Kafka at the start: wait for brokers, report what is missing or refused."""

import asyncio
import logging
from time import monotonic
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams.kafka.client import Connection
from streams.kafka.client.log_capture import LogCapture
from streams.kafka.topics import TopicNames
from streams.runtime.errors import WorkerError

_RETRY_INTERVAL_S: Final = 1.0
_log: Final = logging.getLogger(__name__)


async def wait_for_kafka(connection: Connection, names: TopicNames, timeout_s: float) -> None:
    """Wait until Kafka answers, and check that all topics are there as the agents need them.

    Raises WorkerError if no broker answers in time, one refuses the login, or a topic is missing or
    unsuitable.
    """
    servers = ", ".join(connection.config.servers)
    deadline_s = monotonic() + timeout_s
    is_reported = False
    with LogCapture() as captured:
        while True:
            consumer = AIOKafkaConsumer(**connection.for_aiokafka("start"))
            try:
                await consumer.start()
                await _check_topics(consumer, names)
                return
            except KafkaError as error:
                if captured.refusal:
                    raise WorkerError(
                        f"Kafka at {servers} refuses the login, or its certificate is not trusted: "
                        f"{captured.refusal}; check `mechanism`, `username` and the secret in [kafka], and "
                        "`ca_file` and `cert_file` for certificates"
                    ) from error
                if monotonic() >= deadline_s:
                    raise WorkerError(
                        f"Kafka at {servers} cannot be reached ({captured.latest or error}); tried for "
                        f"{timeout_s:.0f} s, as set in [worker] connect_within_s"
                    ) from error
                if not is_reported:
                    _log.warning("Kafka at %s cannot be reached yet; trying for %.0f s", servers, timeout_s)
                    is_reported = True
                await asyncio.sleep(_RETRY_INTERVAL_S)
            finally:
                await consumer.stop()


async def _check_topics(consumer: AIOKafkaConsumer, names: TopicNames) -> None:
    if not names.reads:
        raise WorkerError(
            "[topics] reads_hours names no country, so there is no topic of reads; name each country whose "
            "cameras send reads, with the hours for which its reads are retained"
        )
    existing = await consumer.topics()
    missing = [name for name in (*names.reads, *names[1:]) if name not in existing]
    if missing:
        raise WorkerError(
            f"{', '.join(missing)}: no such topic, or this user may not see it; `anpr topics apply` creates "
            "missing topics"
        )
    counts = {}
    for name in (names.matches, names.hits):
        # Asking for an offset makes the client learn of the topic's partitions.
        await consumer.end_offsets([TopicPartition(name, 0)])
        counts[name] = len(consumer.partitions_for_topic(name) or ())
    if len(set(counts.values())) > 1:
        raise WorkerError(
            f"{names.matches} has {counts[names.matches]} partitions and {names.hits} has "
            f"{counts[names.hits]}; both must have the same number, because the hits of a vehicle go to the "
            "partition of its matches"
        )
