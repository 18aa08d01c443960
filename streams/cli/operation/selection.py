"""The operation and the sources of hits that the commands on operations have in common."""

from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from streams.cli.common.options import INPUT_FILE, read_settings
from streams.files.jsonl import STANDARD_INPUT
from streams.operations.config import OperationConfig
from streams.records.times import DAY_MS, Millis, to_ms
from streams.settings.model import Settings

_Command = TypeVar("_Command", bound=Callable[..., Any])


class SelectedOperation(NamedTuple):
    """The operation that a command is called for, with its settings."""

    operation_id: str
    operation: OperationConfig
    settings: Settings

    def emitted_since_ms(self, now_ms: Millis | None = None) -> Millis:
        """Return a time no later than the emission of the operation's first hits.

        With a time, those of its window at that time, or the last before. It is a day before the window
        begins, because the clock of a camera may be ahead by a wrong time zone.
        """
        begins = sorted(to_ms(window.from_) for window in self.operation.windows)
        begun = [begin for begin in begins if now_ms is not None and begin <= now_ms]
        return max((begun[-1] if begun else begins[0]) - DAY_MS, 0)


def hit_source_options(command: _Command) -> _Command:
    """Add the options that name hits and verdicts: `hits`, `verdicts` and `kafka`."""
    for option in (
        click.option("--kafka", is_flag=True, help="Hits and verdicts on Kafka."),
        click.option(
            "--verdicts",
            multiple=True,
            metavar="FILE",
            type=INPUT_FILE,
            help="Verdicts, JSON lines; verdicts already on the hits count without this option.",
        ),
        click.option(
            "--hits",
            multiple=True,
            metavar="FILE",
            type=INPUT_FILE,
            help="Hits, JSON lines (.gz; - is standard input); may be repeated.",
        ),
    ):
        command = option(command)
    return command


def check_hit_sources(kafka: bool, hits: tuple[str, ...], *other_files: tuple[str, ...]) -> None:
    """Raise click.UsageError for sources that contradict one another."""
    files = [path for paths in (hits, *other_files) for path in dict.fromkeys(paths)]
    if kafka and files:
        raise click.UsageError("--kafka has all records; give it, or --hits FILE")
    if not kafka and not hits:
        raise click.UsageError("no hits are named; give --hits FILE, or --kafka")
    if files.count(STANDARD_INPUT) > 1:
        raise click.UsageError("only one kind of record can come from standard input; name files for others")


def select_operation(config: Path | None, operation_id: str) -> SelectedOperation:
    """Return the operation of an id in the settings. Raises click.UsageError if there is none."""
    settings = read_settings(config)
    if operation_id not in settings.operations:
        close = get_close_matches(operation_id, settings.operations, n=1)
        names = ", ".join(sorted(settings.operations))
        advice = f"did you mean {close[0]}?" if close else f"they have {names}" if names else "they have none"
        raise click.UsageError(f"the settings have no [operations.{operation_id}]; {advice}")
    return SelectedOperation(operation_id, settings.operations[operation_id], settings)
