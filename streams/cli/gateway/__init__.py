"""`anpr gateway`: events of cameras in, reads on Kafka out."""

from pathlib import Path

import click

from streams.cli.common.groups import CommandGroup
from streams.cli.common.options import config_option
from streams.cli.common.requirements import require_packages
from streams.cli.gateway.test import test


@click.group(
    cls=CommandGroup,
    invoke_without_command=True,
    short_help="Receive events of cameras and write reads to Kafka.",
)
@config_option
@click.pass_context
def gateway(context: click.Context, config: Path | None) -> None:
    """Receive events of cameras in their vendors' formats and write reads to Kafka.

    It listens as [gateway] says, for the cameras in [cameras] that have a `maker`. A camera is answered that
    its event was accepted once it is in the spool, from which it is delivered as soon as Kafka accepts it.
    SIGTERM or Ctrl-C ends it in order.

    Exit codes: 0 ended on request, 1 cannot go on (the reason is printed).
    """
    if context.invoked_subcommand is None:
        require_packages(("aiohttp", "kafka", "paho", "prometheus_client", "uvloop"), "gateway")
        from streams.cli.gateway.serve import serve

        serve(config)


gateway.add_command(test)
