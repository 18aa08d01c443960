"""`anpr gateway`: what cameras send, to reads on Kafka."""

from pathlib import Path

import click

from streams.cli.common.options import config_option
from streams.cli.common.requirements import require_packages
from streams.cli.gateway.test import test


@click.group(invoke_without_command=True)
@config_option
@click.pass_context
def gateway(context: click.Context, config: Path | None) -> None:
    """Takes what cameras send, in their makers' forms, and puts reads on Kafka.

    It listens as [gateway] says, for the cameras in [cameras] that have a `maker`. A camera hears that its
    event was accepted when it is in the spool, from which it is delivered as soon as Kafka takes it. SIGTERM
    or Ctrl-C ends it in order.

    Exit codes: 0 ended as told, 1 it cannot go on and says why.
    """
    if context.invoked_subcommand is None:
        require_packages("gateway", ("aiohttp", "kafka", "paho", "prometheus_client", "uvloop"), "gateway")
        from streams.cli.gateway.serve import serve

        serve(config)


gateway.add_command(test)
