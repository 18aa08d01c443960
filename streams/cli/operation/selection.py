"""What the commands on operations share."""

from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from streams.cli.common.options import INPUT_FILE, read_settings
from streams.files.jsonl import STANDARD_INPUT
from streams.operations.config import OperationConfig
from streams.records.times import DAY_MS, to_ms
from streams.settings.model import Settings

_Command = TypeVar("_Command", bound=Callable[..., Any])


class SelectedOperation(NamedTuple):
    """The operation that a command is about, and the settings it is in."""

    operation_id: str
    operation: OperationConfig
    settings: Settings

    def emitted_since_ms(self, now_ms: int | None = None) -> int:
        """When the first hits of it were told, or earlier, in ms since 1970 UTC.

        With `now`, of the window that is on then or began last. A day earlier than it begins, for a camera's
        clock may be ahead by a wrong time zone.
        """
        begins = sorted(to_ms(each.from_) for each in self.operation.windows)
        since = [each for each in begins if now_ms is not None and each <= now_ms]
        return max((since[-1] if since else begins[0]) - DAY_MS, 0)


def hit_source_options(command: _Command) -> _Command:
    """Adds where the hits and verdicts are: `hits`, `verdicts` and `kafka`."""
    for option in (
        click.option("--kafka", is_flag=True, help="Those on Kafka."),
        click.option(
            "--verdicts",
            multiple=True,
            metavar="FILE",
            type=INPUT_FILE,
            help="Verdicts, the same; those that stand on the hits count without it.",
        ),
        click.option(
            "--hits",
            multiple=True,
            metavar="FILE",
            type=INPUT_FILE,
            help="Hits told, JSON lines (.gz; - is standard input); several times for several files.",
        ),
    ):
        command = option(command)
    return command


def check_hit_sources(kafka: bool, hits: tuple[str, ...], *other_files: tuple[str, ...]) -> None:
    """Raises click.UsageError for sources that make no sense together."""
    files = [path for paths in (hits, *other_files) for path in dict.fromkeys(paths)]
    if kafka and files:
        raise click.UsageError("--kafka has all that files could tell; give it, or --hits FILE")
    if not kafka and not hits:
        raise click.UsageError("say where the hits are: give --hits FILE, or --kafka")
    if files.count(STANDARD_INPUT) > 1:
        raise click.UsageError("only one kind of record can come from standard input; name files for others")


def select_operation(config: Path | None, operation_id: str) -> SelectedOperation:
    """The operation of that id in the settings. Ends the command with exit code 2 if there is none."""
    settings = read_settings(config)
    if operation_id not in settings.operations:
        close = get_close_matches(operation_id, settings.operations, n=1)
        known = ", ".join(sorted(settings.operations))
        advice = f"did you mean {close[0]}?" if close else f"they have {known}" if known else "they have none"
        raise click.UsageError(f"the settings have no [operations.{operation_id}]; {advice}")
    return SelectedOperation(operation_id, settings.operations[operation_id], settings)
