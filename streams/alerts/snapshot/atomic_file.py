"""Temporary files next to the path that they will replace."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedRandom
from pathlib import Path


def open_atomic(path: Path) -> tuple[Path, BufferedRandom]:
    """Open a new file next to a path, locked while it is open, and remove stale ones.

    A killed process leaves its file behind, which may be large. A file in use is recognised by its lock; this
    also works between containers, where process ids mean nothing.
    """
    with _lock_folder(path.parent):
        for other in path.parent.glob(f"{path.name}.*.tmp"):
            _remove_if_stale(other)
        handle, name = tempfile.mkstemp(".tmp", f"{path.name}.", path.parent)
        fcntl.flock(handle, fcntl.LOCK_EX)
        return Path(name), os.fdopen(handle, "w+b")


def sync_folder(folder: Path) -> None:
    """Make a rename in a folder durable."""
    with _open_folder(folder) as handle:
        os.fsync(handle)


def _remove_if_stale(path: Path) -> None:
    with suppress(FileNotFoundError, BlockingIOError), path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()


@contextmanager
def _lock_folder(folder: Path) -> Iterator[None]:
    # Otherwise another process could take a file for stale between its creation and its lock.
    with _open_folder(folder) as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def _open_folder(folder: Path) -> Iterator[int]:
    handle = os.open(folder, os.O_RDONLY)
    try:
        yield handle
    finally:
        os.close(handle)
