"""Reading the verdicts without a group: what is there."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from aiokafka.errors import KafkaError

from streams.broker.connection import TokenError
from streams.broker.connection.heard import Heard
from streams.broker.follow import Follower, FollowError
from streams.records.decode import decode_verdict
from streams.records.faults import Fault
from streams.records.verdict import Verdict

_REACHED_WITHIN_S: Final = 5.0


class VerdictsError(Exception):
    """Verdicts that cannot be read; the message says why and what to do."""


class NoVerdict(NamedTuple):
    """A record that is no verdict: where it is, and what is wrong with it. It does not hold the record."""

    partition: int
    offset: int
    faults: tuple[Fault, ...]

    def told(self, topic: str) -> str:
        """The same in words."""
        faults = "; ".join(map(str, self.faults))
        return f"{topic}, partition {self.partition}, offset {self.offset}: no verdict, passed over: {faults}"


async def whole(
    options: dict[str, Any], topic: str, begin: int | None, take: Callable[[Verdict | NoVerdict], None]
) -> None:
    """Hands the topic's records to `take`, up to where the topic ended when it was opened.

    `options` are aiokafka's, for the connection. `begin` is the time, in ms since 1970 UTC, since when the
    broker has taken them; without it all are. What is deleted for its age while this reads is passed over.
    Raises VerdictsError if Kafka cannot be reached or refuses, or the topic is missing.
    """
    servers = ", ".join(options["bootstrap_servers"])
    with Heard() as heard:
        try:
            async with Follower(options, topic, pass_deleted=True) as follower:
                await asyncio.wait_for(follower.look(), _REACHED_WITHIN_S)
                await follower.open(begin)
                async for partition, records in follower.whole():
                    for record in records:
                        if record.offset < follower.ends[partition]:
                            take(_verdict_of(partition, record))
        except FollowError as error:
            raise VerdictsError(str(error)) from error
        except (KafkaError, TokenError, TimeoutError) as error:
            why = heard.latest or str(error) or f"no answer within {_REACHED_WITHIN_S:.0f} s"
            raise VerdictsError(
                f"Kafka at {servers} cannot be reached or refuses: {why.rstrip(': ')}; see `servers`, "
                "`security` and the login in [kafka]"
            ) from error


def _verdict_of(partition: int, record: Any) -> Verdict | NoVerdict:
    verdict = decode_verdict(record.value or b"")
    return NoVerdict(partition, record.offset, verdict) if isinstance(verdict, tuple) else verdict
