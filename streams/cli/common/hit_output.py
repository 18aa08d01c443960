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
    """Where hits go: a file, standard output as JSON lines, or a table at the end."""

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
        """How many hits stand."""
        return len(self._active)

    def write(self, hits: list[Hit]) -> None:
        """Takes revisions in their order."""
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
        """Prints the table, if that was asked for."""
        if self._file is not None:
            self._file.flush()
        if self._table is not None:
            print_hits(self._table)


def open_output(path: str) -> BinaryIO:
    """A file that is written. Ends the command as wrong use if it cannot be."""
    try:
        return Path(path).open("wb")
    except OSError as error:
        raise click.UsageError(f"{path}: cannot be written: {error.strerror}") from error
