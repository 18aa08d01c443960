"""What was told, and what centres said of it, as commands read it: from files and from Kafka."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from streams.cli.common.options import resolve_connection
from streams.cli.common.progress import file_progress, say
from streams.cli.common.rejected_lines import RejectedLines
from streams.cli.common.requirements import require_packages
from streams.files.jsonl import InputFileError, RejectedLine, display_name, read_batches
from streams.records.decode import decode_hit, decode_verdict
from streams.records.faults import Fault
from streams.records.hit import Hit
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
    """The records in files; lines that are none are reported. Raises FileError."""
    for path in paths:
        for lines, numbers in read_batches(path, progress):
            for number, line in zip(numbers, lines, strict=True):
                record = decode(line)
                if isinstance(record, tuple):
                    rejects.add([RejectedLine(display_name(path), number, record, line)])
                else:
                    yield record


def read_files(
    command: str,
    description: str,
    files: tuple[str, ...],
    decode: Callable[[bytes], _Record | tuple[Fault, ...]],
    consume: Callable[[_Record], None],
) -> int:
    """Hands the records in files to `take`, each file once; returns how many lines are none.

    Those are reported. Ends the command with exit code 2 for a file that cannot be read.
    """
    rejects = RejectedLines(None, hint="put these right first")
    try:
        with file_progress(description, files) as progress:
            for record in decode_files(list(dict.fromkeys(files)), decode, rejects, progress):
                consume(record)
    except InputFileError as fault:
        say(f"anpr {command}: {fault}")
        raise click.exceptions.Exit(2) from None
    rejects.report_remaining()
    return rejects.count


def read_hits(command: str, settings: Settings, begin_ms: int | None, consume: Callable[[Hit], None]) -> int:
    """Hands the hits on Kafka to `take`, up to the end of their topic; returns how many records are none.

    Those are reported. `begin` is when the first was told, in ms since 1970 UTC; without it all are taken.
    Ends the command with exit code 1 if Kafka cannot be read.
    """
    options = _kafka_options(command, settings)
    from streams.kafka.scan import scan

    start: ScanStart = "start" if begin_ms is None else begin_ms
    hits = scan(options, settings.topics.names().hits, decode_hit, start, skip_deleted=False)
    return _read_topic(command, hits, consume)


def read_verdicts(
    command: str, settings: Settings, begin_ms: int | None, consume: Callable[[Verdict], None]
) -> int:
    """The same of the verdicts on Kafka."""
    options = _kafka_options(command, settings)
    from streams.kafka.scan import scan

    start: ScanStart = "start" if begin_ms is None else begin_ms
    return _read_topic(
        command, scan(options, settings.topics.names().verdicts, decode_verdict, start), consume
    )


def _read_topic(
    command: str,
    records: AsyncIterator["_Record | UndecodableRecord"],
    consume: Callable[[_Record], None],
) -> int:
    from streams.kafka.scan import ScanError, UndecodableRecord

    undecodable = 0

    async def read() -> None:
        nonlocal undecodable
        async for record in records:
            if isinstance(record, UndecodableRecord):
                undecodable += 1
                say(record.describe())
            else:
                consume(record)

    try:
        asyncio.run(read())
    except ScanError as error:
        say(f"anpr {command}: {error}")
        sys.exit(1)
    return undecodable


def _kafka_options(command: str, settings: Settings) -> dict[str, Any]:
    require_packages(f"{command} --kafka", ("aiokafka",), "stream")
    return resolve_connection(settings).for_aiokafka(command.replace(" ", "-"))
