"""`anpr gateway`: what cameras send, to reads on Kafka."""

import click

from streams.cli.gateway.test import test


@click.group()
def gateway() -> None:
    """Takes what cameras send, in their makers' forms, and puts reads on Kafka."""


gateway.add_command(test)
