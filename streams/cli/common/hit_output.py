"""Where commands put hits: a file, standard output as JSON lines, or a table."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import click

from streams.cli.common.hit_table import print_hits
from streams.records.encode import encode
from streams.records.hit import Hit


class HitOutput:
    """The destination of hits: a file, standard output as JSON lines, or a table printed at the end.

    Raises click.UsageError if the file cannot be written.
    """

    def __init__(self, stack: ExitStack, out: str | None, as_json: bool | None) -> None:
        self._table: list[Hit] | None = None
        self._file: BinaryIO | None = None
        self._active: set[str] = set()
        if out and out != "-":
            self._file = stack.enter_context(open_output(out))
        if as_json is False or (as_json is None and not out and sys.stdout.isatty()):
            self._table = []
        elif self._file is None:
            self._file = sys.stdout.buffer

    @property
    def active_count(self) -> int:
        """The number of hits written and not withdrawn since."""
        return len(self._active)

    def write(self, hits: list[Hit]) -> None:
        """Write revisions of hits, in the order in which they were emitted."""
        for hit in hits:
            if hit.kind == "withdrawn":
                self._active.discard(hit.hit_id)
            else:
                self._active.add(hit.hit_id)
        if self._table is not None:
            self._table += hits
        if self._file is not None:
            self._file.writelines(encode(hit) + b"\n" for hit in hits)

    def finish(self) -> None:
        """Flush the file, and print the table if there is one."""
        if self._file is not None:
            self._file.flush()
        if self._table is not None:
            print_hits(self._table)


def open_output(path: str) -> BinaryIO:
    """Open a file for writing. Raises click.UsageError if that is not possible."""
    try:
        return Path(path).open("wb")
    except OSError as error:
        raise click.UsageError(f"{path}: cannot be written: {error.strerror}") from error
