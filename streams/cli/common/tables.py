"""Tables of text for people, within the columns of a terminal."""

from collections.abc import Iterator, Sequence

import click

from streams.cli.common.text import LINE_WIDTH, printable


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]], text_columns: int = 1) -> None:
    """Print a table as `table_lines` has it; the headings are bold on a terminal."""
    heading, *lines = table_lines(headings, rows, text_columns)
    click.secho(heading, bold=True)
    for line in lines:
        click.echo(line)


def table_lines(
    headings: Sequence[str], rows: Sequence[Sequence[str]], text_columns: int = 1
) -> Iterator[str]:
    """Yield the lines of a table, the headings first; no cell is broken.

    The first `text_columns` columns are aligned left, the others right. A name in the first column that
    leaves no room for the other columns has a line of its own above them.
    """
    table = [tuple(map(printable, cells)) for cells in (headings, *rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    max_name_width = LINE_WIDTH - sum(widths[1:]) - len(widths[1:])
    widths[0] = max((len(cells[0]) for cells in table if len(cells[0]) <= max_name_width), default=0)
    for name, *cells in table:
        if len(name) > max_name_width:
            yield name
            name = ""
        aligned = (
            f"{cell:<{width}}" if column < text_columns else f"{cell:>{width}}"
            for column, (cell, width) in enumerate(zip((name, *cells), widths, strict=True))
        )
        yield " ".join(aligned).rstrip()
