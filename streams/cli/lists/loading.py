"""What the commands on alert lists share."""

from pathlib import Path

import click
from rich.table import Table

from streams.cli.common.progress import progress_of, say
from streams.cli.common.rejected_lines import Rejects
from streams.cli.common.times import TIME
from streams.files.jsonl import FileError
from streams.files.loading import Loaded, load_index
from streams.runtime.clock import now_ms

files_argument = click.argument("files", nargs=-1, required=True, metavar="FILE...")
now_option = click.option("--now", type=TIME, help="The time at which all is seen; else the clock's.")


def unreadable(command: str, fault: FileError) -> click.exceptions.Exit:
    """Says that a file cannot be read; gives the end of the command."""
    say(f"anpr lists {command}: {fault}")
    return click.exceptions.Exit(2)


def read_lists(command: str, files: tuple[str, ...], snapshot: Path) -> Loaded:
    """The lists in files, their snapshot written to a path; lines that were not taken are reported.

    Ends the command with exit code 2 for a file that cannot be read.
    """
    rejects = Rejects(None, all_by="`anpr lists lint` shows all")
    try:
        with progress_of("files", files) as progress:
            loaded = load_index(files, snapshot, progress)
    except FileError as fault:
        raise unreadable(command, fault) from None
    rejects.take(loaded.rejected)
    rejects.sum_up()
    return loaded


def clock(now: int | None) -> int:
    """The time given, or the clock's, in ms since 1970 UTC."""
    return now_ms() if now is None else now


def empty(*headings: str) -> Table:
    """A table without rows."""
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
