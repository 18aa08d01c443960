"""One scan of retained reads for several alerts; its matches are sent, and the scan is recorded.

A record says that the scan begins and by which authority, then reads are searched, then another record says
what came of it. So no reads are consulted without a record, and a worker that finds a scan not done repeats
it.
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
from streams.records.times import Millis, from_ms


class ScanContext(NamedTuple):
    """Where reads come from, and where matches and records go.

    `options` are aiokafka's, for the connection. `progress` returns, for a country, the callback for the
    progress in its reads.
    """

    options: dict[str, Any]
    topics: TopicsConfig
    producer: Producer
    now_ms: Callable[[], Millis]
    progress: Callable[[str], ProgressCallback] = lambda _: lambda _, __: None


async def scan_retained_reads(
    requests: Sequence[LookbackRequest],
    search: LookbackSearch,
    by: Literal["worker", "operator"],
    context: ScanContext,
) -> list[LookbackRun]:
    """Run the lookbacks of `requests`, which are those in `search`; return their final records in order.

    Matches go to the topic of matches under the key of their alert, and are acknowledged before the scan is
    recorded as done. Raises KafkaError, FollowError and WorkerError; then it is not done, and a repetition
    gives the same hits.
    """
    names = context.topics.names()
    started = [_start_run(request, by) for request in requests]
    await _send_acknowledged(
        context.producer, [_run_record(names.lookbacks, run) for run in started if run.countries]
    )
    read_counts: Counter[str] = Counter()
    match_counts: Counter[tuple[AlertKey, str]] = Counter()
    for country in search.countries:
        get_country = _constant(country)
        async for values in read_retained(
            context.options,
            context.topics.reads_topic(country),
            search.start_ms(country),
            context.progress(country),
        ):
            result = search.search(values, get_country)
            read_counts[country] += result.read_count
            match_counts.update((alert_key(match.alert), country) for match in result.matches)
            await _send_acknowledged(
                context.producer, [_match_record(names.matches, match) for match in result.matches]
            )
    done_at = from_ms(context.now_ms())
    done = [
        replace(
            run,
            countries=[
                replace(
                    searched,
                    reads=read_counts[searched.country],
                    matches=match_counts[run.alert_key, searched.country],
                )
                for searched in run.countries
            ],
            done_at=done_at,
        )
        for run in started
    ]
    await _send_acknowledged(context.producer, [_run_record(names.lookbacks, run) for run in done])
    return done


def _start_run(request: LookbackRequest, by: Literal["worker", "operator"]) -> LookbackRun:
    alert = request.alert
    return LookbackRun(
        alert.list_id,
        alert.alert_id,
        alert.version,
        from_ms(request.requested_ms),
        request.hours,
        by,
        [
            SearchedCountry(permission.country, permission.hours, permission.source)
            for permission in request.scope.permitted
        ],
        [RefusedCountry(refusal.country, refusal.reason) for refusal in request.scope.refused],
    )


def _constant(country: str) -> Callable[[object], str]:
    return lambda _: country


def _run_record(topic: str, run: LookbackRun) -> ProducerRecord:
    return ProducerRecord(topic, encode_alert_key(run.alert_key), encode(run))


def _match_record(topic: str, match: Match) -> ProducerRecord:
    return ProducerRecord(topic, encode_alert_key(alert_key(match.alert)), encode(match))


async def _send_acknowledged(producer: Producer, records: Sequence[ProducerRecord]) -> None:
    """Send records and wait until the broker has them. Raises WorkerError for one that it refuses."""
    if not records:
        return
    answers = await asyncio.gather(*await producer.send(records), return_exceptions=True)
    for record, answer in zip(records, answers, strict=True):
        if isinstance(answer, KafkaError):
            raise refusal_error(record.topic, answer)
        if isinstance(answer, BaseException):
            raise answer
