"""Reading the reads without a group: what is there, a batch at a time."""

from collections.abc import Callable
from typing import Any

from streams.kafka.scan import connect_follower
from streams.records.decode import DecodedReads, decode_reads


async def scan_reads(
    options: dict[str, Any], topic: str, start_ms: int, handle: Callable[[DecodedReads], None]
) -> bool:
    """Hands a topic's records, decoded, to `take` up to where the topic ended when it was opened.

    `options` are aiokafka's, for the connection; `begin` is the time, in ms since 1970 UTC, of the first
    records. Gives whether records of that time or later may be missing: a partition that lost some for their
    age begins no earlier than that. Raises ReadingError as `reading` does.
    """
    async with connect_follower(options, topic, skip_deleted=True) as follower:
        await follower.open(start_ms)
        cut = any(0 < start >= follower.next_offsets[each] for each, start in follower.start_offsets.items())
        async for partition, records in follower.read_to_end():
            end = follower.end_offsets[partition]
            handle(decode_reads([each.value or b"" for each in records if each.offset < end]))
        return cut
