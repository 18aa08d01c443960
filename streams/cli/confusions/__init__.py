"""`anpr confusions`: models of how recognisers misread plates."""

import click

from streams.cli.common.groups import CommandGroup
from streams.cli.confusions.learn import learn
from streams.cli.confusions.show import show


@click.group(cls=CommandGroup, short_help="Learn and show models of how plates are misread.")
def confusions() -> None:
    """Learn and show models of how recognisers misread plates."""


for command in (learn, show):
    confusions.add_command(command)
