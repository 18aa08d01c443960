"""The command `anpr`; the module of a subcommand is imported when it is called."""

from importlib import import_module
from typing import Final

import click

from streams import __version__
from streams.cli.common.groups import CommandGroup
from streams.cli.common.operator_log import log_to_operator

_COMMAND_MODULES: Final = {
    "config": "streams.cli.config",
    "confusions": "streams.cli.confusions",
    "demo": "streams.cli.demo",
    "explain": "streams.cli.explain",
    "gateway": "streams.cli.gateway",
    "hits": "streams.cli.hits",
    "kafka": "streams.cli.kafka",
    "lists": "streams.cli.lists",
    "lookback": "streams.cli.lookback",
    "operation": "streams.cli.operation",
    "outcome": "streams.cli.outcome",
    "replay": "streams.cli.replay",
    "simulate": "streams.cli.simulate",
    "topics": "streams.cli.topics",
    "worker": "streams.cli.worker",
}


class _LazyGroup(CommandGroup):
    """Imports the module of a subcommand only when it is needed, so that the command starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(_COMMAND_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMAND_MODULES:
            return None
        command = getattr(import_module(_COMMAND_MODULES[cmd_name]), cmd_name)
        assert isinstance(command, click.Command)
        return command


@click.command(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="anpr")
def main() -> None:
    """Match licence-plate reads against alert lists and emit hits.

    Exit codes, if a command has no others: 0 done, 1 failed or faults found, 2 wrong use.
    """
    log_to_operator()
