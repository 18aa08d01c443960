"""The documents are true: commands run as shown, settings parse, links and paths exist."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from streams.cli.main import main
from streams.settings.load import parse_settings
from tests.support.documents import (
    DOCUMENTS,
    ROOT,
    Block,
    Command,
    anpr_calls,
    blocks,
    commands,
    links,
    matches,
    named_paths,
)

BLOCKS = [block for document in DOCUMENTS for block in blocks(document)]
CONSOLE = [command for block in BLOCKS if block.language == "console" for command in commands(block)]
SHELL = [block for block in BLOCKS if block.language in ("sh", "console")]
TOML = [block for block in BLOCKS if block.language == "toml"]
MAX_README_WORDS = 900


@pytest.mark.parametrize("command", CONSOLE, ids=str)
def test_a_command_prints_what_the_document_shows(command: Command) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        ["bash", "-c", command.text],
        cwd=ROOT,
        env=os.environ | {"PATH": path, "COLUMNS": "80", "ANPR_CONFIG": ""},
        capture_output=True,
        text=True,
    )
    printed = ran.stdout.splitlines()
    if not matches(command.output, printed):
        shown, got = "\n".join(command.output), "\n".join(printed)
        pytest.fail(f"{command.block}: shows\n{shown}\nbut prints\n{got}\n{ran.stderr}", pytrace=False)


@pytest.mark.parametrize("block", SHELL, ids=str)
def test_every_call_of_the_command_is_one_it_takes(block: Block) -> None:
    for call in anpr_calls(block):
        assert_parses(call, block)


@pytest.mark.parametrize("block", TOML, ids=str)
def test_settings_shown_are_valid(block: Block) -> None:
    parse_settings("\n".join(block.lines), str(block))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_and_paths_exist(document: str) -> None:
    folder = (ROOT / document).parent
    missing = [link for link in links(document) if not (folder / link).exists()]
    missing += [path for path in named_paths(document) if not (ROOT / path).exists()]
    assert missing == []


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").split()) <= MAX_README_WORDS


def assert_parses(call: str, block: Block) -> None:
    """Assert that the command line takes the command and the options of a call."""
    words = shlex.split(call)
    command: click.Command = main
    context = click.Context(main, info_name="anpr")
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name = words.pop(0)
        for variant in name.split("|"):  # as in `topics plan|apply`
            found = command.get_command(context, variant)
            assert found is not None, f"{block}: no command {variant!r} in `anpr {call}`"
        context = click.Context(found, info_name=name, parent=context)
        command = found
    options = {
        option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
    }
    options |= {"-h", "--help", "--version"}
    unknown = [word for word in words if word.startswith("--") and word.partition("=")[0] not in options]
    assert not unknown, f"{block}: `anpr {call}` has no option {unknown}"
