"""`--help`: every command has its whole summary, within 80 columns."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from streams.cli.main import main


def groups(command: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Group]]:
    """Yield a group and those in it, each with the words that call it."""
    yield path, command
    context = click.Context(command)
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        if isinstance(inner, click.Group):
            yield from groups(inner, (*path, name))


@pytest.mark.parametrize(
    "path", [pytest.param(path, id=" ".join(("anpr", *path))) for path, _ in groups(main)]
)
def test_the_help_of_a_group_has_the_whole_summary_of_each_command(path: tuple[str, ...]) -> None:
    group = dict(groups(main))[path]
    result = CliRunner(env={"COLUMNS": "80"}).invoke(main, [*path, "--help"], terminal_width=80)
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 80
    words = " ".join(result.stdout.split())
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None and command.help is not None
        # The summary is the first sentence; abbreviations and names of files have a full stop inside.
        first_words = " ".join(command.help.split("\n\n")[0].split()).split(". ")[0].removesuffix(".")
        assert f"{name} {first_words}" in words
