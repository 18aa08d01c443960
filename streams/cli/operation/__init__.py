"""`anpr operation`: joint control operations, while they are on and after."""

import click

from streams.cli.operation.rank import rank
from streams.cli.operation.report import report


@click.group()
def operation() -> None:
    """Ranks the vehicles of a joint control operation, and reports what came of it."""


operation.add_command(rank)
operation.add_command(report)
