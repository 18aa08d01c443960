"""`anpr lists`: what the alert lists hold, what is wrong with them, and bringing them onto Kafka."""

import click

from streams.cli.lists.lint import lint
from streams.cli.lists.load import load
from streams.cli.lists.status import status


@click.group()
def lists() -> None:
    """Looks into alert lists and loads them: JSON lines of alerts and withdrawals (.gz; - is stdin)."""


for command in (lint, load, status):
    lists.add_command(command)
