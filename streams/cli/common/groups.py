"""The group of commands that reports the errors operators must act on."""

from typing import Any, Final

import click

from streams.cli.common.progress import say
from streams.runtime.errors import InputError, OperatorError

_INPUT_ERROR_CODE: Final = 2
_ERROR_CODE: Final = 1


class CommandGroup(click.Group):
    """A group that ends its commands' operator errors: prints the message and sets the exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand; report an OperatorError as `anpr COMMAND: MESSAGE`, a line for each of its own.

        Raises click.exceptions.Exit: code 2 for an InputError, 1 for any other OperatorError.
        """
        try:
            return super().invoke(ctx)
        except OperatorError as error:
            report_error(_command_name(ctx), error)
            code = _INPUT_ERROR_CODE if isinstance(error, InputError) else _ERROR_CODE
            raise click.exceptions.Exit(code) from None


def report_error(command: str, error: OperatorError) -> None:
    """Print an operator error; settings faults begin with their file and line, as compilers print them."""
    from streams.settings.load import SettingsError

    prefix = "" if isinstance(error, SettingsError) else f"{command}: "
    for line in str(error).splitlines():
        say(f"{prefix}{line}")


def _command_name(ctx: click.Context) -> str:
    names = [ctx.invoked_subcommand] if ctx.invoked_subcommand else []
    while ctx.parent is not None:
        names.append(ctx.info_name or "")
        ctx = ctx.parent
    return " ".join(("anpr", *reversed(names)))
