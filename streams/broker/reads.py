"""Reading the reads without a group: what is there, a batch at a time."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from aiokafka.errors import KafkaError

from streams.broker.connection import TokenError
from streams.broker.connection.heard import Heard
from streams.broker.follow import Follower, FollowError
from streams.records.decode import Decoded, decode_reads

_REACHED_WITHIN_S: Final = 5.0


class ReadsError(Exception):
    """Reads that cannot be read; the message says why and what to do."""


async def whole(options: dict[str, Any], topic: str, begin: int, take: Callable[[Decoded], None]) -> bool:
    """Hands a topic's records, decoded, to `take` up to where the topic ended when it was opened.

    `options` are aiokafka's, for the connection; `begin` is the time, in ms since 1970 UTC, of the first
    records. Gives whether records of that time or later may be missing: a partition that lost some for their
    age begins no earlier than that. Raises ReadsError if Kafka cannot be reached or refuses, or the topic is
    missing.
    """
    servers = ", ".join(options["bootstrap_servers"])
    with Heard() as heard:
        try:
            async with Follower(options, topic, pass_deleted=True) as follower:
                await asyncio.wait_for(follower.look(), _REACHED_WITHIN_S)
                await follower.open(begin)
                cut = any(0 < start >= follower.next[each] for each, start in follower.starts.items())
                async for partition, records in follower.whole():
                    end = follower.ends[partition]
                    take(decode_reads([each.value or b"" for each in records if each.offset < end]))
                return cut
        except FollowError as error:
            raise ReadsError(str(error)) from error
        except (KafkaError, TokenError, TimeoutError) as error:
            why = heard.latest or str(error) or f"no answer within {_REACHED_WITHIN_S:.0f} s"
            raise ReadsError(
                f"Kafka at {servers} cannot be reached or refuses: {why.rstrip(': ')}; see `servers`, "
                "`security` and the login in [kafka]"
            ) from error
