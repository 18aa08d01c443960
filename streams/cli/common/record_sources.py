"""Hits, verdicts and other records as commands read them, from files and from Kafka."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from streams.cli.common.options import resolve_connection
from streams.cli.common.progress import file_progress, say
from streams.cli.common.rejected_lines import RejectedLines
from streams.cli.common.requirements import require_packages
from streams.files.jsonl import RejectedLine, display_name, read_batches
from streams.records.decode import decode_hit, decode_verdict
from streams.records.faults import Fault
from streams.records.hit import Hit
from streams.records.times import Millis
from streams.records.verdict import Verdict
from streams.settings.model import Settings

if TYPE_CHECKING:
    from streams.kafka.scan import ScanStart, UndecodableRecord

_Record = TypeVar("_Record")


def decode_files(
    paths: Sequence[str],
    decode: Callable[[bytes], _Record | tuple[Fault, ...]],
    rejects: RejectedLines,
    progress: Callable[[int], None],
) -> Iterator[_Record]:
    """Yield the records in files; add the lines that are none to `rejects`. Raises InputFileError."""
    for path in paths:
        for lines, numbers in read_batches(path, progress):
            for number, line in zip(numbers, lines, strict=True):
                record = decode(line)
                if isinstance(record, tuple):
                    rejects.add([RejectedLine(display_name(path), number, record, line)])
                else:
                    yield record


def read_files(
    description: str,
    files: tuple[str, ...],
    decode: Callable[[bytes], _Record | tuple[Fault, ...]],
    add: Callable[[_Record], None],
) -> int:
    """Hand the records in files to `add`, each file once; report and count the lines that are none.

    Raises InputFileError for a file that cannot be read.
    """
    rejects = RejectedLines(None, hint="correct these first to see them")
    with file_progress(description, files) as progress:
        for record in decode_files(list(dict.fromkeys(files)), decode, rejects, progress):
            add(record)
    rejects.report_remaining()
    return rejects.count


class TopicRecords:
    """The hits and verdicts on Kafka, read up to the present end of their topics.

    Its methods report each record that cannot be decoded, return how many those were, and raise ScanError if
    a topic cannot be read. Raises OperatorError if the client's package is missing, ConnectionSettingsError
    if the settings have faults.
    """

    def __init__(self, settings: Settings, client_id: str) -> None:
        require_packages(("aiokafka",), "stream")
        self._topics = settings.topics.names()
        self._options = resolve_connection(settings).for_aiokafka(client_id)

    def read_hits(self, begin_ms: Millis | None, add: Callable[[Hit], None]) -> int:
        """Hand the hits emitted at a time or later to `add`; all of them if the time is None."""
        from streams.kafka.scan import scan

        start: ScanStart = "start" if begin_ms is None else begin_ms
        return _read_topic(scan(self._options, self._topics.hits, decode_hit, start, skip_deleted=False), add)

    def read_verdicts(self, begin_ms: Millis | None, add: Callable[[Verdict], None]) -> int:
        """Hand the verdicts given at a time or later to `add`; all of them if the time is None."""
        from streams.kafka.scan import scan

        start: ScanStart = "start" if begin_ms is None else begin_ms
        return _read_topic(scan(self._options, self._topics.verdicts, decode_verdict, start), add)


def _read_topic(records: AsyncIterator["_Record | UndecodableRecord"], add: Callable[[_Record], None]) -> int:
    from streams.kafka.scan import UndecodableRecord

    undecodable = 0

    async def read() -> None:
        nonlocal undecodable
        async for record in records:
            if isinstance(record, UndecodableRecord):
                undecodable += 1
                say(record.describe())
            else:
                add(record)

    asyncio.run(read())
    return undecodable
