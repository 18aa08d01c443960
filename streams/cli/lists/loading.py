"""What the commands on alert lists share."""

import click
from rich.table import Table

from streams.cli.common.progress import file_progress, say
from streams.cli.common.rejected_lines import RejectedLines
from streams.cli.common.times import TIME
from streams.files.jsonl import InputFileError
from streams.files.loading import LoadedLists, load_index
from streams.runtime.clock import now_ms as read_clock

files_argument = click.argument("files", nargs=-1, required=True, metavar="FILE...")
now_option = click.option("--now", type=TIME, help="The time at which all is seen; else the clock's.")


def file_error_exit(command: str, fault: InputFileError) -> click.exceptions.Exit:
    """Says that a file cannot be read; gives the end of the command."""
    say(f"anpr lists {command}: {fault}")
    return click.exceptions.Exit(2)


def read_lists(command: str, files: tuple[str, ...]) -> LoadedLists:
    """Return the lists in files; report rejected lines.

    Ends the command with exit code 2 for a file that cannot be read.
    """
    rejects = RejectedLines(None, hint="`anpr lists lint` shows all")
    try:
        with file_progress("files", files) as progress:
            loaded = load_index(files, progress)
    except InputFileError as fault:
        raise file_error_exit(command, fault) from None
    rejects.add(loaded.rejected)
    rejects.report_remaining()
    return loaded


def resolve_now(now_ms: int | None) -> int:
    """The time given, or the clock's, in ms since 1970 UTC."""
    return read_clock() if now_ms is None else now_ms


def empty_table(*headings: str) -> Table:
    """A table without rows."""
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
