"""Where commands put hits: a file, standard output as JSON lines, or text for people."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import click

from streams.cli.common.hit_printer import HitPrinter
from streams.records.encode import encode
from streams.records.hit import Hit


class HitOutput:
    """The destination of hits: a file, standard output as JSON lines, or text printed at the end.

    Without `as_json` it is text if `wide` is set or standard output is a terminal and there is no file.
    Raises click.UsageError if the file cannot be written.
    """

    def __init__(self, stack: ExitStack, out: str | None, as_json: bool | None, wide: bool) -> None:
        if as_json and wide:
            raise click.UsageError("--json and --wide are two forms of the hits; give one")
        self._wide = wide
        self._text: list[Hit] | None = None
        self._file: BinaryIO | None = None
        if out and out != "-":
            self._file = stack.enter_context(open_output(out))
        if as_json is False or wide or (as_json is None and not out and sys.stdout.isatty()):
            self._text = []
        elif self._file is None:
            self._file = sys.stdout.buffer

    def write(self, hits: list[Hit]) -> None:
        """Write revisions of hits, in the order in which they were emitted."""
        if self._text is not None:
            self._text += hits
        if self._file is not None:
            self._file.writelines(encode(hit) + b"\n" for hit in hits)

    def finish(self) -> None:
        """Flush the file, and print the text if there is any."""
        if self._file is not None:
            self._file.flush()
        if self._text:
            printer = HitPrinter(self._wide)
            for hit in self._text:
                printer.print(hit)


def open_output(path: str) -> BinaryIO:
    """Open a file for writing. Raises click.UsageError if that is not possible."""
    try:
        return Path(path).open("wb")
    except OSError as error:
        raise click.UsageError(f"{path}: cannot be written: {error.strerror}") from error


wide_option = click.option(
    "--wide", is_flag=True, help="Hits as a table with one row a hit, some 140 columns wide."
)
"""Adds `--wide` to a command."""
