"""The reads that a topic retains, from a time up to the topic's present end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from streams.kafka.follower import TopicFollower
from streams.records.times import Millis

_FETCH_OPTIONS: Final[dict[str, Any]] = {
    # Little compared with what a broker buffers for the live stream, and enough to keep one core busy.
    "max_partition_fetch_bytes": 1 << 20,
    "fetch_max_bytes": 4 << 20,
}
_MAX_CLOCK_AHEAD_MS: Final = 300_000
"""How far a camera's clock may be ahead of the clock that stamped its read on the topic."""

ProgressCallback = Callable[[int, int], None]
"""Called with the number of offsets passed and the number of all."""


async def read_retained(
    options: dict[str, Any], topic: str, since_ms: Millis, progress: ProgressCallback
) -> AsyncIterator[list[bytes]]:
    """Yield the values of a topic's records from a time on, some thousands at a time.

    The start is found by the time of the records, at which they were sent: no read is captured later than it
    is sent, except by a clock that is some minutes ahead. Reads captured before `since_ms` may be among them.
    Records deleted for their age meanwhile are skipped. `options` are aiokafka's, for the connection. Raises
    what TopicFollower raises.
    """
    async with TopicFollower(options | _FETCH_OPTIONS, topic, skip_deleted=True) as follower:
        await follower.open(max(since_ms - _MAX_CLOCK_AHEAD_MS, 0))
        start = sum(follower.next_offsets.values())
        total = sum(follower.end_offsets.values()) - start
        progress(0, total)
        async for _, records in follower.read_to_end():
            yield [record.value or b"" for record in records]
            progress(min(sum(follower.next_offsets.values()) - start, total), total)
            # Let other tasks run, first of all the fetch of the next records.
            await asyncio.sleep(0)
