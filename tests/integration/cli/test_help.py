"""`--help`: within 80 columns, and no summary of a command is cut."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from streams.cli.main import main

MAX_SUMMARY_LENGTH = 55


def commands(
    command: click.Command, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield a command and those in it, each with the words that call it."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from commands(inner, (*path, name))


COMMANDS = dict(commands(main))


def in_help(path: tuple[str, ...]) -> list[str]:
    """Return the lines of the help of a command at 80 columns."""
    result = CliRunner().invoke(main, [*path, "--help"], terminal_width=80)
    assert result.exit_code == 0
    return result.stdout.splitlines()


@pytest.mark.parametrize("path", [pytest.param(path, id=" ".join(("anpr", *path))) for path in COMMANDS])
def test_help_fits_80_columns_and_no_summary_is_cut(path: tuple[str, ...]) -> None:
    lines = in_help(path)
    assert max(map(len, lines)) <= 80
    for (*group, name), command in ((inner, COMMANDS[inner]) for inner in COMMANDS if inner):
        if tuple(group) == path:
            summary = command.get_short_help_str(MAX_SUMMARY_LENGTH)
            assert len(summary) <= MAX_SUMMARY_LENGTH
            assert summary.endswith(".") and not summary.endswith("...")
            assert [name, *summary.split()] in [line.split() for line in lines]
