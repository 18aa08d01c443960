"""Reading a topic without a group, for a person who waits: open within seconds, or told why it is not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka.errors import KafkaError

from streams.kafka.client import TokenError
from streams.kafka.client.log_capture import LogCapture
from streams.kafka.follower import FollowError, TopicFollower
from streams.runtime.errors import OperatorError

_CONNECT_TIMEOUT_S: Final = 5.0


class ScanError(OperatorError):
    """A topic that cannot be read; the message says why and what to do."""


def format_servers(options: dict[str, Any]) -> str:
    """The brokers of aiokafka's options, for people."""
    return ", ".join(options["bootstrap_servers"])


@asynccontextmanager
async def connect_follower(
    options: dict[str, Any], topic: str, *, skip_deleted: bool = False
) -> AsyncIterator[TopicFollower]:
    """A follower of the topic that has looked where its partitions begin and end; it is still to be opened.

    `options` are aiokafka's, for the connection; `pass_deleted` as in Follower. Raises ReadingError if Kafka
    cannot be reached or refuses, or the topic is missing, also while it is read.
    """
    with LogCapture() as heard:
        try:
            async with TopicFollower(options, topic, skip_deleted=skip_deleted) as follower:
                await asyncio.wait_for(follower.connect(), _CONNECT_TIMEOUT_S)
                yield follower
        except FollowError as error:
            raise ScanError(str(error)) from error
        except (KafkaError, TokenError, TimeoutError) as error:
            why = heard.latest or str(error) or f"no answer within {_CONNECT_TIMEOUT_S:.0f} s"
            raise ScanError(
                f"Kafka at {format_servers(options)} cannot be reached or refuses: {why.rstrip(': ')}; see "
                "`servers`, `security` and the login in [kafka]"
            ) from error
