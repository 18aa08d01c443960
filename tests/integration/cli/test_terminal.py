"""Output on a terminal of 80 columns: no line is wider, and no word is broken."""

import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from tests.support.waiting import HANG_LIMIT_S

ANPR: Final = Path(sys.executable).with_name("anpr")
EXAMPLE: Final = "deploy/example"
CONFIG: Final = ("--config", f"{EXAMPLE}/config.toml")
ALERTS: Final = f"{EXAMPLE}/alerts.jsonl"
NOW: Final = ("--now", "2026-12-01T12:00:00Z")
COMMANDS: Final = (
    ("config", "check", *CONFIG),
    ("confusions", "show"),
    ("explain", "AB123CD", "--country", "FR", "--alerts", ALERTS, "--at", NOW[1]),
    ("lists", "lint", *CONFIG, *NOW, ALERTS),
    ("lists", "status", *CONFIG, *NOW, ALERTS),
    ("replay", *CONFIG, "--alerts", ALERTS, "--reads", f"{EXAMPLE}/reads.jsonl.gz", "--table"),
)


def print_on_terminal(arguments: tuple[str, ...]) -> str:
    """Return what `anpr` prints as its results on a terminal."""
    reader, terminal = pty.openpty()
    environment = os.environ | {"COLUMNS": "80", "TERM": "xterm"}
    with subprocess.Popen(
        (ANPR, *arguments), stdout=terminal, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        os.close(terminal)
        printed = b""
        # On Linux it is an error to read a terminal that its last writer has closed.
        with suppress(OSError):
            while chunk := os.read(reader, 65536):
                printed += chunk
        os.close(reader)
        process.wait(HANG_LIMIT_S)
    return re.sub(r"\x1b\[[0-9;]*m", "", printed.decode()).replace("\r\n", "\n")


def print_to_pipe(arguments: tuple[str, ...]) -> str:
    """Return what `anpr` prints as its results into a pipe."""
    return subprocess.run(
        (ANPR, *arguments), capture_output=True, timeout=HANG_LIMIT_S, check=True
    ).stdout.decode()


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: " ".join(arguments[:2]))
def test_no_line_is_wider_and_no_word_is_broken(arguments: tuple[str, ...]) -> None:
    printed = print_on_terminal(arguments)
    assert max(map(len, printed.splitlines())) <= 80
    assert printed.split() == print_to_pipe(arguments).split()
