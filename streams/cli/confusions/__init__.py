"""`anpr confusions`: how readers misread."""

import click

from streams.cli.confusions.learn import learn
from streams.cli.confusions.show import show


@click.group()
def confusions() -> None:
    """How readers misread: learn it from their reads, and look at it."""


for command in (learn, show):
    confusions.add_command(command)
