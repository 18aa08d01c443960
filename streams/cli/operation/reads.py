"""Reads counted for a report, from files and from Kafka."""

import asyncio
import sys

import click

from streams.analysis.read_counts import ReadCounts
from streams.cli.common.options import resolve_connection
from streams.cli.common.progress import file_progress, say
from streams.cli.common.rejected_lines import RejectedLines
from streams.cli.common.requirements import require_packages
from streams.cli.common.text import counted
from streams.cli.operation.selection import SelectedOperation
from streams.files.jsonl import InputFileError, RejectedLine, display_name, read_batches
from streams.records.decode import DecodedReads, decode_reads


def count_reads_in_files(command: str, selected: SelectedOperation, files: tuple[str, ...]) -> int:
    """How many reads in files are of the operation's time and place. Lines that are none are reported.

    Ends the command with exit code 2 for a file that cannot be read.
    """
    reads = ReadCounts(selected.operation_id, selected.operation, selected.settings.places)
    rejects = RejectedLines(None, hint="put these right first")
    try:
        with file_progress("reads", files) as progress:
            for path in dict.fromkeys(files):
                for lines, numbers in read_batches(path, progress):
                    decoded = decode_reads(lines)
                    reads.add_reads(decoded.reads)
                    name = display_name(path)
                    rejects.add(
                        [
                            RejectedLine(name, numbers[each.position], each.faults, each.raw)
                            for each in decoded.rejected
                        ]
                    )
    except InputFileError as fault:
        say(f"anpr {command}: {fault}")
        raise click.exceptions.Exit(2) from None
    rejects.report_remaining()
    return reads.count


def count_reads_on_kafka(command: str, selected: SelectedOperation) -> int | None:
    """The same of the reads on Kafka; None, and a note, if the settings have no topics of reads.

    It is said if reads may be missing that are no longer kept, and how many records are no reads. Ends the
    command with exit code 1 if Kafka cannot be read.
    """
    require_packages(f"{command} --kafka", ("aiokafka",), "stream")
    from streams.kafka.scan import ScanError, scan_reads

    topics = selected.settings.topics.names().reads
    if not topics:
        say("note: reads are not counted: `reads_hours` in [topics] names no country")
        return None
    reads = ReadCounts(selected.operation_id, selected.operation, selected.settings.places)
    none = 0

    def take(decoded: DecodedReads) -> None:
        nonlocal none
        reads.add_reads(decoded.reads)
        none += len(decoded.rejected)

    options = resolve_connection(selected.settings).for_aiokafka(command.replace(" ", "-"))
    try:
        cut = [
            topic
            for topic in topics
            if asyncio.run(scan_reads(options, topic, selected.emitted_since_ms(), take))
        ]
    except ScanError as error:
        say(f"anpr {command}: {error}")
        sys.exit(1)
    if cut:
        say(f"note: reads may be missing that are no longer kept, in {', '.join(cut)}")
    if none:
        say(f"note: {counted(none, 'record')} of the topics of reads are none and were left out")
    return reads.count
