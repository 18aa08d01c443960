"""Progress and messages on stderr; results alone go to stdout."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from streams.cli.common.terminal import fit_stream


class ProgressBar:
    """A progress bar on stderr, or one that shows nothing if `progress` is None."""

    def __init__(self, progress: Progress | None, description: str, total: int | None) -> None:
        self._progress = progress
        self._task = None if progress is None else progress.add_task(description, total=total)

    def advance(self, count: int) -> None:
        """Add to what is done."""
        if self._progress is not None and self._task is not None:
            self._progress.advance(self._task, count)

    def update(self, done: int, total: int | None = None) -> None:
        """Set how much is done, and of how much if that is known."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=done, total=total)


@contextmanager
def progress_bars(
    descriptions: Sequence[str],
    total: int | None = None,
    count_column: type[ProgressColumn] = MofNCompleteColumn,
) -> Iterator[list[ProgressBar]]:
    """Show a progress bar for each description until the end of the block, if stderr is a terminal."""
    if not sys.stderr.isatty():
        yield [ProgressBar(None, description, total) for description in descriptions]
        return
    columns = (TextColumn("{task.description}"), BarColumn(), count_column(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield [ProgressBar(progress, description, total) for description in descriptions]


@contextmanager
def progress_bar(description: str, total: int | None = None) -> Iterator[ProgressBar]:
    """Show one progress bar until the end of the block, if stderr is a terminal."""
    with progress_bars([description], total) as (bar,):
        yield bar


@contextmanager
def file_progress(description: str, paths: Sequence[str]) -> Iterator[Callable[[int], None]]:
    """Show progress over the bytes of files; call the function with the bytes read of the current file.

    Files are read one after the other; a smaller number than the last begins the next file.
    """
    total = sum(Path(path).stat().st_size for path in paths if Path(path).is_file())
    with progress_bars([description], total or None, DownloadColumn) as (bar,):
        before = 0

        def advance(read_bytes: int) -> None:
            nonlocal before
            bar.advance(read_bytes - before if read_bytes >= before else read_bytes)
            before = read_bytes

        yield advance


def say(text: str) -> None:
    """Print a line on stderr, wrapped on a terminal."""
    click.echo(fit_stream(text, sys.stderr), err=True)
