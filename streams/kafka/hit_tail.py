"""Following the hits without a consumer group, for a person or a screen."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import suppress
from time import monotonic
from typing import Any, Final

from streams.kafka.follower import TopicFollower
from streams.kafka.scan import (
    ScanStart,
    UndecodableRecord,
    connect_follower,
    decode_record,
    format_servers,
    open_at,
)
from streams.records.decode import decode_hit
from streams.records.hit import Hit

_log = logging.getLogger(__name__)
_POLL_INTERVAL_S: Final = 1.0
_OUTAGE_AFTER_S: Final = 10.0
_MAX_HITS: Final = 100_000
"""Hits whose latest revision is remembered; some 20 MB."""


class LatestRevisions:
    """Tell a new revision of a hit from a duplicate and from one older than another already seen.

    It remembers the `max_hits` hits that were added last; any revision of another hit counts as new.
    """

    def __init__(self, max_hits: int = _MAX_HITS) -> None:
        self._max_hits = max_hits
        self._latest: OrderedDict[str, int] = OrderedDict()

    def add(self, hit: Hit) -> bool:
        """Add a revision; return True if it is new."""
        latest = self._latest.get(hit.hit_id, 0)
        self._latest[hit.hit_id] = max(latest, hit.revision)
        self._latest.move_to_end(hit.hit_id)
        if len(self._latest) > self._max_hits:
            self._latest.popitem(last=False)
        return hit.revision > latest


async def follow_hits(
    options: dict[str, Any], topic: str, start: ScanStart
) -> AsyncGenerator[Hit | UndecodableRecord, None]:
    """Yield the hits of a topic as they come, those of a partition in order, with duplicates, without end.

    `options` are those of aiokafka for the connection. Logs when it starts to wait for hits, and outages of
    Kafka. Raises ScanError as `connect_follower` does.
    """
    async with connect_follower(options, topic) as follower:
        await open_at(follower, start)
        servers = format_servers(options)
        _log.info("%s at %s: waiting for hits; Ctrl-C ends", topic, servers)
        outage_watch = asyncio.create_task(_log_outages(follower, servers))
        try:
            async for partition, records in follower.follow():
                for record in records:
                    yield decode_record(topic, partition, record, decode_hit)
        finally:
            outage_watch.cancel()
            with suppress(asyncio.CancelledError):
                await outage_watch


async def _log_outages(follower: TopicFollower, servers: str) -> None:
    """Log when Kafka stops answering: otherwise an outage looks the same as a time without hits."""
    latest, changed_at, outage = _progress(follower), monotonic(), False
    while True:
        await asyncio.sleep(_POLL_INTERVAL_S)
        progress = _progress(follower)
        if progress != latest:
            if outage:
                _log.info("Kafka at %s answers again", servers)
            latest, changed_at, outage = progress, monotonic(), False
        elif not outage and monotonic() - changed_at > _OUTAGE_AFTER_S:
            _log.warning("Kafka at %s does not answer; waiting for it", servers)
            outage = True


def _progress(follower: TopicFollower) -> tuple[int | None, int]:
    return follower.complete_until_ms(), sum(follower.next_offsets.values())
