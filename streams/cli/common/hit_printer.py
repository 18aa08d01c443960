"""Hits on standard output for people: blocks, or rows of a wide table."""

import click

from streams.cli.common.hit_block import hit_block
from streams.cli.common.hit_table import table_heading, table_row
from streams.cli.common.hit_text import is_actionable
from streams.records.hit import Hit


class HitPrinter:
    """Prints hits one by one: as blocks with a blank line between them, or as rows below a heading."""

    def __init__(self, wide: bool) -> None:
        self._wide = wide
        self._is_first = True

    def print(self, hit: Hit) -> None:
        """Print a hit; on a terminal its action is bold, and it is dim if there is no action to take."""
        dim = not is_actionable(hit)
        if self._wide:
            if self._is_first:
                click.secho(table_heading(), bold=True)
            click.secho(table_row(hit), dim=dim)
        else:
            if not self._is_first:
                click.echo()
            head, *lines = hit_block(hit)
            click.secho(head, bold=not dim, dim=dim)
            for line in lines:
                click.secho(line, dim=dim)
        self._is_first = False
