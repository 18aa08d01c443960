"""What was told, and what centres said of it, as commands read it: from files and from Kafka."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from streams.cli.common.options import connection_of
from streams.cli.common.progress import progress_of, say
from streams.cli.common.rejected_lines import Rejects
from streams.cli.common.requirements import require
from streams.files.jsonl import FileError, RejectedLine, batches, name_of
from streams.records.faults import Fault
from streams.records.hit import Hit
from streams.records.verdict import Verdict
from streams.settings.model import Settings

if TYPE_CHECKING:
    from streams.kafka.hit_tail import Begin, NoHit
    from streams.kafka.verdict_scan import NoVerdict

_Record = TypeVar("_Record")


def records(
    paths: Sequence[str],
    decode: Callable[[bytes], _Record | tuple[Fault, ...]],
    rejects: Rejects,
    progress: Callable[[int], None],
) -> Iterator[_Record]:
    """The records in files; lines that are none are reported. Raises FileError."""
    for path in paths:
        for lines, numbers in batches(path, progress):
            for number, line in zip(numbers, lines, strict=True):
                record = decode(line)
                if isinstance(record, tuple):
                    rejects.take([RejectedLine(name_of(path), number, record, line)])
                else:
                    yield record


def take_files(
    command: str,
    what: str,
    files: tuple[str, ...],
    decode: Callable[[bytes], _Record | tuple[Fault, ...]],
    take: Callable[[_Record], None],
) -> int:
    """Hands the records in files to `take`, each file once; returns how many lines are none.

    Those are reported. Ends the command with exit code 2 for a file that cannot be read.
    """
    rejects = Rejects(None, all_by="put these right first")
    try:
        with progress_of(what, files) as progress:
            for record in records(list(dict.fromkeys(files)), decode, rejects, progress):
                take(record)
    except FileError as fault:
        say(f"anpr {command}: {fault}")
        raise click.exceptions.Exit(2) from None
    rejects.sum_up()
    return rejects.count


def take_hits(command: str, settings: Settings, begin: int | None, take: Callable[[Hit], None]) -> int:
    """Hands the hits on Kafka to `take`, up to the end of their topic; returns how many records are none.

    Those are reported. `begin` is when the first was told, in ms since 1970 UTC; without it all are taken.
    Ends the command with exit code 1 if Kafka cannot be read.
    """
    options = _options(command, settings)
    from streams.kafka.hit_tail import tail
    from streams.kafka.scan import ReadingError

    topic = settings.topics.names().hits
    none = 0

    def sort(hit: "Hit | NoHit") -> None:
        nonlocal none
        if isinstance(hit, Hit):
            take(hit)
            return
        none += 1
        say(hit.told(topic))

    try:
        start: Begin = "start" if begin is None else begin
        asyncio.run(tail(options, topic, start, until_end=True, take=sort, say=say))
    except ReadingError as error:
        say(f"anpr {command}: {error}")
        sys.exit(1)
    return none


def take_verdicts(
    command: str, settings: Settings, begin: int | None, take: Callable[[Verdict], None]
) -> int:
    """The same of the verdicts on Kafka."""
    options = _options(command, settings)
    from streams.kafka.scan import ReadingError
    from streams.kafka.verdict_scan import whole

    topic = settings.topics.names().verdicts
    none = 0

    def sort(verdict: "Verdict | NoVerdict") -> None:
        nonlocal none
        if isinstance(verdict, Verdict):
            take(verdict)
            return
        none += 1
        say(verdict.told(topic))

    try:
        asyncio.run(whole(options, topic, begin, sort))
    except ReadingError as error:
        say(f"anpr {command}: {error}")
        sys.exit(1)
    return none


def _options(command: str, settings: Settings) -> dict[str, Any]:
    require(f"{command} --kafka", ("aiokafka",), "stream")
    return connection_of(settings).for_aiokafka(command.replace(" ", "-"))
