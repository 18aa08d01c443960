"""Alert lists loaded from the files that a command names."""

import click

from streams.cli.common.progress import file_progress
from streams.cli.common.rejected_lines import RejectedLines
from streams.files.loading import LoadedLists, load_index

files_argument = click.argument("files", nargs=-1, required=True, metavar="FILE...")


def read_lists(files: tuple[str, ...]) -> LoadedLists:
    """Load the lists in files; report rejected lines.

    Raises InputFileError for a file that cannot be read.
    """
    rejects = RejectedLines(None, hint="`anpr lists lint` shows all")
    with file_progress("files", files) as progress:
        loaded = load_index(files, progress)
    rejects.add(loaded.rejected)
    rejects.report_remaining()
    return loaded
