"""The reads that a topic still has, from a time on to its ends as they are now."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from streams.kafka.follower import TopicFollower

_FETCH_OPTIONS: Final[dict[str, Any]] = {
    # Small beside what a broker holds for the live stream, and enough for a core.
    "max_partition_fetch_bytes": 1 << 20,
    "fetch_max_bytes": 4 << 20,
}
_MAX_CLOCK_AHEAD_MS: Final = 300_000
"""How far a camera's clock may be ahead of the one that stamped its read on the topic."""

ProgressCallback = Callable[[int, int], None]
"""Is told how many offsets of how many were passed."""


async def read_retained(
    options: dict[str, Any], topic: str, since_ms: int, progress: ProgressCallback
) -> AsyncIterator[list[bytes]]:
    """The values of a topic's records of a time (ms since 1970 UTC) or later, some thousands at a time.

    The offsets are found by the records' own times, which are those of sending: no read is captured later
    than it is sent, but for a clock that is ahead by some minutes. Which reads count goes by `captured_at`
    and is not asked here. What is deleted for its age meanwhile is passed over. `options` are aiokafka's,
    for the connection. Raises what Follower raises.
    """
    async with TopicFollower(options | _FETCH_OPTIONS, topic, skip_deleted=True) as follower:
        await follower.open(max(since_ms - _MAX_CLOCK_AHEAD_MS, 0))
        begins = sum(follower.next_offsets.values())
        count = sum(follower.end_offsets.values()) - begins
        progress(0, count)
        async for _, records in follower.read_to_end():
            yield [record.value or b"" for record in records]
            progress(min(sum(follower.next_offsets.values()) - begins, count), count)
            # What goes on beside it has its turn, the fetch of the next records first of all.
            await asyncio.sleep(0)
