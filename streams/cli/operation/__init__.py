"""`anpr operation`: joint control operations, during and after."""

import click

from streams.cli.common.groups import CommandGroup
from streams.cli.operation.rank import rank
from streams.cli.operation.report import report


@click.group(cls=CommandGroup, short_help="Rank the vehicles of an operation; report its results.")
def operation() -> None:
    """Rank the vehicles of a joint control operation, and report its results."""


operation.add_command(rank)
operation.add_command(report)
