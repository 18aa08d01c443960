"""Lines for people: wrapped on a terminal, each in one line in files and pipes."""

import sys
from typing import Final, TextIO

import click

from streams.cli.common.text import wrap_line

_INDENT: Final = 4


def print_lines(text: str, indent: int = _INDENT) -> None:
    """Print lines on stdout; on a terminal what does not fit into 80 columns follows in indented lines."""
    click.echo(fit_stream(text, sys.stdout, indent))


def fit_stream(text: str, stream: TextIO, indent: int = _INDENT) -> str:
    """Return the lines of a text, wrapped if the stream is a terminal."""
    if not stream.isatty():
        return text
    return "\n".join(wrap_line(line, indent) for line in text.split("\n"))
