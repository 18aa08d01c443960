"""A sweep: alerts run together over the retained reads, what matches sent, and all of it recorded.

First it is recorded that it begins and by what right, then reads are looked at, then it is recorded what came
of it. So nobody's reads are consulted without a record, and who finds one that is not done begins again.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

from aiokafka.errors import KafkaError
from msgspec.structs import replace

from streams.kafka.producer import Letter, Outbox, refused
from streams.kafka.record_keys import key_bytes
from streams.kafka.topics import TopicsPolicy
from streams.lookback.retained_reads import Progress, retained
from streams.matching.lookback import Asked, LookingBack
from streams.records.alert import AlertKey, key_of
from streams.records.encode import encode
from streams.records.lookback import LookedAt, LookedBack, NotLookedAt
from streams.records.match import Match
from streams.records.times import from_ms


class Way(NamedTuple):
    """Where reads come from, and where matches and records go.

    `options` are aiokafka's, for the connection; `now` tells ms since 1970 UTC; `progress` is told, by
    country, how far its reads are.
    """

    options: dict[str, Any]
    topics: TopicsPolicy
    outbox: Outbox
    now: Callable[[], int]
    progress: Callable[[str], Progress] = lambda _: lambda _, __: None


async def sweep(
    asked: Sequence[Asked], looking: LookingBack, by: Literal["worker", "operator"], way: Way
) -> list[LookedBack]:
    """Looks back for alerts that are in `looking`; the records of what came of it, in their order.

    Matches go to the topic of matches under the key of their alert, confirmed before it is recorded that it
    is done. Raises KafkaError, FollowError and WorkerError; then it is not done, and doing it again gives
    the same hits.
    """
    names = way.topics.names()
    begun = [_begun(each, by) for each in asked]
    await _confirmed(way.outbox, [_letter(names.lookbacks, each) for each in begun if each.countries])
    reads: Counter[str] = Counter()
    matches: Counter[tuple[AlertKey, str]] = Counter()
    for country in looking.countries:
        of_country = _always(country)
        async for values in retained(
            way.options, way.topics.reads(country), looking.since(country), way.progress(country)
        ):
            found = looking.take(values, of_country)
            reads[country] += found.reads
            matches.update((key_of(match.alert), country) for match in found.matches)
            await _confirmed(way.outbox, [_match(names.matches, match) for match in found.matches])
    done_at = from_ms(way.now())
    done = [
        replace(
            each,
            countries=[
                replace(at, reads=reads[at.country], matches=matches[each.key, at.country])
                for at in each.countries
            ],
            done_at=done_at,
        )
        for each in begun
    ]
    await _confirmed(way.outbox, [_letter(names.lookbacks, each) for each in done])
    return done


def _begun(each: Asked, by: Literal["worker", "operator"]) -> LookedBack:
    alert = each.alert
    return LookedBack(
        alert.list_id,
        alert.alert_id,
        alert.version,
        from_ms(each.at),
        each.hours,
        by,
        [LookedAt(granted.country, granted.hours, granted.source) for granted in each.scope.granted],
        [NotLookedAt(denied.country, denied.why) for denied in each.scope.denied],
    )


def _always(country: str) -> Callable[[object], str]:
    return lambda _: country


def _letter(topic: str, looked: LookedBack) -> Letter:
    return Letter(topic, key_bytes(looked.key), encode(looked))


def _match(topic: str, match: Match) -> Letter:
    return Letter(topic, key_bytes(key_of(match.alert)), encode(match))


async def _confirmed(outbox: Outbox, letters: Sequence[Letter]) -> None:
    """Sends records and waits until the broker has them. Raises WorkerError for one that it does not take."""
    if not letters:
        return
    for letter, answer in zip(
        letters, await asyncio.gather(*await outbox.send(letters), return_exceptions=True), strict=True
    ):
        if isinstance(answer, KafkaError):
            raise refused(letter.topic, answer)
        if isinstance(answer, BaseException):
            raise answer
