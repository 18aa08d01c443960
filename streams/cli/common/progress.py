"""Progress and messages on stderr; results alone go to stdout."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def file_progress(description: str, paths: tuple[str, ...]) -> Iterator[Callable[[int], None]]:
    """A progress bar over the bytes of files, if stderr is a terminal; call it with the bytes taken so far.

    Files are read one after the other; a smaller number than the last begins the next file.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    total = sum(Path(path).stat().st_size for path in paths if Path(path).is_file())
    columns = (TextColumn(description), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(description, total=total or None)
        done = last = 0

        def advance(taken: int) -> None:
            nonlocal done, last
            done += taken - last if taken >= last else taken
            last = taken
            bar.update(task, completed=done)

        yield advance


def say(text: str) -> None:
    """A line on stderr."""
    click.echo(text, err=True)
