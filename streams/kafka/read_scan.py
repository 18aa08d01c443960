"""Reading the reads without a group: what is there, a batch at a time."""

from collections.abc import Callable
from typing import Any

from streams.kafka.scan import reading
from streams.records.decode import Decoded, decode_reads


async def whole(options: dict[str, Any], topic: str, begin: int, take: Callable[[Decoded], None]) -> bool:
    """Hands a topic's records, decoded, to `take` up to where the topic ended when it was opened.

    `options` are aiokafka's, for the connection; `begin` is the time, in ms since 1970 UTC, of the first
    records. Gives whether records of that time or later may be missing: a partition that lost some for their
    age begins no earlier than that. Raises ReadingError as `reading` does.
    """
    async with reading(options, topic, pass_deleted=True) as follower:
        await follower.open(begin)
        cut = any(0 < start >= follower.next[each] for each, start in follower.starts.items())
        async for partition, records in follower.whole():
            end = follower.ends[partition]
            take(decode_reads([each.value or b"" for each in records if each.offset < end]))
        return cut
