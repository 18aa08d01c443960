"""The number of reads in an operation, counted in files or on Kafka."""

import asyncio

from streams.analysis.read_counts import ReadCounts
from streams.cli.common.options import resolve_connection
from streams.cli.common.progress import file_progress, say
from streams.cli.common.rejected_lines import RejectedLines
from streams.cli.common.requirements import require_packages
from streams.cli.common.text import counted
from streams.cli.operation.selection import SelectedOperation
from streams.files.jsonl import RejectedLine, display_name, read_batches
from streams.records.decode import DecodedReads, decode_reads


def count_reads_in_files(selected: SelectedOperation, files: tuple[str, ...]) -> int:
    """Return the number of reads in files at the operation's times and sites; report lines that are none.

    Raises InputFileError for a file that cannot be read.
    """
    counts = ReadCounts(selected.operation_id, selected.operation, selected.settings.places)
    rejects = RejectedLines(None, hint="correct these first to see them")
    with file_progress("reads", files) as progress:
        for path in dict.fromkeys(files):
            name = display_name(path)
            for lines, numbers in read_batches(path, progress):
                decoded = decode_reads(lines)
                counts.add_reads(decoded.reads)
                rejects.add(
                    [
                        RejectedLine(name, numbers[entry.position], entry.faults, entry.raw)
                        for entry in decoded.rejected
                    ]
                )
    rejects.report_remaining()
    return counts.count


def count_reads_on_kafka(selected: SelectedOperation, client_id: str) -> int | None:
    """Return the number of reads on Kafka at the operation's times and sites.

    Reads that are no longer retained, and records that are no valid reads, are noted on stderr. Returns None,
    with a note, if the settings have no topics of reads. Raises ScanError if a topic cannot be read.
    """
    require_packages(("aiokafka",), "stream")
    from streams.kafka.scan import scan_reads

    topics = selected.settings.topics.names().reads
    if not topics:
        say("note: reads are not counted, because `reads_hours` in [topics] names no country")
        return None
    counts = ReadCounts(selected.operation_id, selected.operation, selected.settings.places)
    undecodable = 0

    def handle(decoded: DecodedReads) -> None:
        nonlocal undecodable
        counts.add_reads(decoded.reads)
        undecodable += len(decoded.rejected)

    options = resolve_connection(selected.settings).for_aiokafka(client_id)
    begin_ms = selected.emitted_since_ms()
    incomplete = [topic for topic in topics if asyncio.run(scan_reads(options, topic, begin_ms, handle))]
    if incomplete:
        say(f"note: reads may be missing that are no longer retained, in {', '.join(incomplete)}")
    if undecodable:
        say(f"note: {counted(undecodable, 'record')} in the topics of reads left out, not valid as reads")
    return counts.count
