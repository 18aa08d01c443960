"""`anpr lists`: alert lists checked, counted, and loaded onto Kafka."""

import click

from streams.cli.common.groups import CommandGroup
from streams.cli.lists.lint import lint
from streams.cli.lists.load import load
from streams.cli.lists.status import status


@click.group(cls=CommandGroup, short_help="Check, count and load alert lists.")
def lists() -> None:
    """Check, count and load alert lists: JSON lines of alerts and withdrawals (.gz; - is standard input)."""


for command in (lint, load, status):
    lists.add_command(command)
