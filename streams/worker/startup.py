"""Reaching Kafka at the start: waiting for brokers, and telling what is missing or refused."""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams.kafka.client.log_capture import LogCapture
from streams.kafka.topics import TopicNames
from streams.runtime.errors import WorkerError

_RETRY_INTERVAL_S: Final = 1.0


async def wait_for_kafka(
    options: dict[str, Any], names: TopicNames, timeout_s: float, say: Callable[[str], None]
) -> None:
    """Waits until Kafka answers and all topics are there, as the agents need them.

    `options` are aiokafka's, for the connection. Raises WorkerError if no broker answers in time, one refuses
    the login, or a topic is missing or does not fit.
    """
    servers = ", ".join(options["bootstrap_servers"])
    until = monotonic() + timeout_s
    told = False
    with LogCapture() as heard:
        while True:
            consumer = AIOKafkaConsumer(**options)
            try:
                await consumer.start()
                await _check_topics(consumer, names)
                return
            except KafkaError as error:
                if heard.refusal:
                    raise WorkerError(
                        f"Kafka at {servers} refuses, or is not trusted: {heard.refusal}; see `mechanism`, "
                        "`username` and the secret in [kafka], and `ca_file` and `cert_file` for certificates"
                    ) from error
                if monotonic() >= until:
                    raise WorkerError(
                        f"Kafka at {servers} cannot be reached ({heard.latest or error}); tried for "
                        f"{timeout_s:.0f} s, as [worker] connect_within_s says"
                    ) from error
                if not told:
                    say(f"Kafka at {servers} cannot be reached yet; trying for {timeout_s:.0f} s")
                    told = True
                await asyncio.sleep(_RETRY_INTERVAL_S)
            finally:
                await consumer.stop()


async def _check_topics(consumer: AIOKafkaConsumer, names: TopicNames) -> None:
    if not names.reads:
        raise WorkerError(
            "[topics] reads_hours names no country, so there is no topic to take reads from; name each "
            "country whose cameras send reads, with the hours its reads are kept"
        )
    there = await consumer.topics()
    wanted = (*names.reads, *names[1:])
    missing = [name for name in wanted if name not in there]
    if missing:
        raise WorkerError(
            f"{', '.join(missing)}: no such topic, or this user may not see it; `anpr topics apply` makes "
            "those that are missing"
        )
    counts = {}
    for name in (names.matches, names.hits):
        # Asking for an offset makes the client learn of the topic's partitions.
        await consumer.end_offsets([TopicPartition(name, 0)])
        counts[name] = len(consumer.partitions_for_topic(name) or ())
    if len(set(counts.values())) > 1:
        raise WorkerError(
            f"{names.matches} has {counts[names.matches]} partitions and {names.hits} has "
            f"{counts[names.hits]}; they must have as many, for the hits of a vehicle keep its partition"
        )
