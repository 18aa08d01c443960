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

from streams.kafka.producer import Producer, ProducerRecord, refusal_error
from streams.kafka.record_keys import encode_alert_key
from streams.kafka.topics import TopicsConfig
from streams.lookback.retained_reads import ProgressCallback, read_retained
from streams.matching.lookback import LookbackRequest, LookbackSearch
from streams.records.alert import AlertKey, alert_key
from streams.records.encode import encode
from streams.records.lookback import LookbackRun, RefusedCountry, SearchedCountry
from streams.records.match import Match
from streams.records.times import from_ms


class ScanContext(NamedTuple):
    """Where reads come from, and where matches and records go.

    `options` are aiokafka's, for the connection; `now` tells ms since 1970 UTC; `progress` is told, by
    country, how far its reads are.
    """

    options: dict[str, Any]
    topics: TopicsConfig
    producer: Producer
    now_ms: Callable[[], int]
    progress: Callable[[str], ProgressCallback] = lambda _: lambda _, __: None


async def scan_retained_reads(
    requests: Sequence[LookbackRequest],
    search: LookbackSearch,
    by: Literal["worker", "operator"],
    context: ScanContext,
) -> list[LookbackRun]:
    """Looks back for alerts that are in `looking`; the records of what came of it, in their order.

    Matches go to the topic of matches under the key of their alert, confirmed before it is recorded that it
    is done. Raises KafkaError, FollowError and WorkerError; then it is not done, and doing it again gives
    the same hits.
    """
    names = context.topics.names()
    begun = [_start_record(each, by) for each in requests]
    await _send_acknowledged(
        context.producer, [_lookback_record(names.lookbacks, each) for each in begun if each.countries]
    )
    reads: Counter[str] = Counter()
    matches: Counter[tuple[AlertKey, str]] = Counter()
    for country in search.countries:
        of_country = _constant(country)
        async for values in read_retained(
            context.options,
            context.topics.reads_topic(country),
            search.start_ms(country),
            context.progress(country),
        ):
            found = search.search(values, of_country)
            reads[country] += found.read_count
            matches.update((alert_key(match.alert), country) for match in found.matches)
            await _send_acknowledged(
                context.producer, [_match_record(names.matches, match) for match in found.matches]
            )
    done_at = from_ms(context.now_ms())
    done = [
        replace(
            each,
            countries=[
                replace(at, reads=reads[at.country], matches=matches[each.alert_key, at.country])
                for at in each.countries
            ],
            done_at=done_at,
        )
        for each in begun
    ]
    await _send_acknowledged(context.producer, [_lookback_record(names.lookbacks, each) for each in done])
    return done


def _start_record(request: LookbackRequest, by: Literal["worker", "operator"]) -> LookbackRun:
    alert = request.alert
    return LookbackRun(
        alert.list_id,
        alert.alert_id,
        alert.version,
        from_ms(request.requested_ms),
        request.hours,
        by,
        [
            SearchedCountry(granted.country, granted.hours, granted.source)
            for granted in request.scope.permitted
        ],
        [RefusedCountry(denied.country, denied.reason) for denied in request.scope.refused],
    )


def _constant(country: str) -> Callable[[object], str]:
    return lambda _: country


def _lookback_record(topic: str, lookback: LookbackRun) -> ProducerRecord:
    return ProducerRecord(topic, encode_alert_key(lookback.alert_key), encode(lookback))


def _match_record(topic: str, match: Match) -> ProducerRecord:
    return ProducerRecord(topic, encode_alert_key(alert_key(match.alert)), encode(match))


async def _send_acknowledged(producer: Producer, records: Sequence[ProducerRecord]) -> None:
    """Sends records and waits until the broker has them. Raises WorkerError for one that it does not take."""
    if not records:
        return
    for letter, answer in zip(
        records, await asyncio.gather(*await producer.send(records), return_exceptions=True), strict=True
    ):
        if isinstance(answer, KafkaError):
            raise refusal_error(letter.topic, answer)
        if isinstance(answer, BaseException):
            raise answer
