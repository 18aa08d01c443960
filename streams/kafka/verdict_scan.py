"""Reading the verdicts without a group: what is there."""

from collections.abc import Callable
from typing import Any, NamedTuple

from streams.kafka.scan import connect_follower
from streams.records.decode import decode_verdict
from streams.records.faults import Fault
from streams.records.verdict import Verdict


class UndecodableVerdict(NamedTuple):
    """A record that is no verdict: where it is, and what is wrong with it. It does not hold the record."""

    partition: int
    offset: int
    faults: tuple[Fault, ...]

    def describe(self, topic: str) -> str:
        """The same in words."""
        faults = "; ".join(map(str, self.faults))
        return f"{topic}, partition {self.partition}, offset {self.offset}: no verdict, passed over: {faults}"


async def scan_verdicts(
    options: dict[str, Any],
    topic: str,
    start_ms: int | None,
    handle: Callable[[Verdict | UndecodableVerdict], None],
) -> None:
    """Hands the topic's records to `take`, up to where the topic ended when it was opened.

    `options` are aiokafka's, for the connection. `begin` is the time, in ms since 1970 UTC, since when the
    broker has taken them; without it all are. What is deleted for its age while this reads is passed over.
    Raises ReadingError as `reading` does.
    """
    async with connect_follower(options, topic, skip_deleted=True) as follower:
        await follower.open(start_ms)
        async for partition, records in follower.read_to_end():
            for record in records:
                if record.offset < follower.end_offsets[partition]:
                    handle(_decode_record(partition, record))


def _decode_record(partition: int, record: Any) -> Verdict | UndecodableVerdict:
    verdict = decode_verdict(record.value or b"")
    return UndecodableVerdict(partition, record.offset, verdict) if isinstance(verdict, tuple) else verdict
