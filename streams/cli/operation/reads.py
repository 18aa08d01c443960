"""Reads counted for a report, from files and from Kafka."""

import asyncio
import sys

import click

from streams.analysis.read_counts import Reads
from streams.cli.common.options import connection_of
from streams.cli.common.progress import progress_of, say
from streams.cli.common.rejected_lines import Rejects
from streams.cli.common.requirements import require
from streams.cli.common.text import words
from streams.cli.operation.selection import Chosen
from streams.files.jsonl import FileError, RejectedLine, batches, name_of
from streams.records.decode import Decoded, decode_reads


def reads_in_files(command: str, what: Chosen, files: tuple[str, ...]) -> int:
    """How many reads in files are of the operation's time and place. Lines that are none are reported.

    Ends the command with exit code 2 for a file that cannot be read.
    """
    reads = Reads(what.operation_id, what.operation, what.settings.places)
    rejects = Rejects(None, all_by="put these right first")
    try:
        with progress_of("reads", files) as progress:
            for path in dict.fromkeys(files):
                for lines, numbers in batches(path, progress):
                    decoded = decode_reads(lines)
                    reads.note(decoded.reads)
                    name = name_of(path)
                    rejects.take(
                        [
                            RejectedLine(name, numbers[each.place], each.faults, each.raw)
                            for each in decoded.rejected
                        ]
                    )
    except FileError as fault:
        say(f"anpr {command}: {fault}")
        raise click.exceptions.Exit(2) from None
    rejects.sum_up()
    return reads.count


def reads_on_kafka(command: str, what: Chosen) -> int | None:
    """The same of the reads on Kafka; None, and a note, if the settings have no topics of reads.

    It is said if reads may be missing that are no longer kept, and how many records are no reads. Ends the
    command with exit code 1 if Kafka cannot be read.
    """
    require(f"{command} --kafka", ("aiokafka",), "stream")
    from streams.kafka.read_scan import whole
    from streams.kafka.scan import ReadingError

    topics = what.settings.topics.names().reads
    if not topics:
        say("note: reads are not counted: `reads_hours` in [topics] names no country")
        return None
    reads = Reads(what.operation_id, what.operation, what.settings.places)
    none = 0

    def take(decoded: Decoded) -> None:
        nonlocal none
        reads.note(decoded.reads)
        none += len(decoded.rejected)

    options = connection_of(what.settings).for_aiokafka(command.replace(" ", "-"))
    try:
        cut = [topic for topic in topics if asyncio.run(whole(options, topic, what.told_since(), take))]
    except ReadingError as error:
        say(f"anpr {command}: {error}")
        sys.exit(1)
    if cut:
        say(f"note: reads may be missing that are no longer kept, in {', '.join(cut)}")
    if none:
        say(f"note: {words(none, 'record')} of the topics of reads are none and were left out")
    return reads.count
