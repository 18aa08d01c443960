"""Files that are being written, beside the file that they will be."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedRandom
from pathlib import Path


def open_atomic(path: Path) -> tuple[Path, BufferedRandom]:
    """A new file beside a path, locked while it is open; those that were left there are removed.

    One is left when its process was killed, and may be large. Whoever writes holds its lock, also in another
    container, where process numbers say nothing.
    """
    with _lock_folder(path.parent):
        for other in path.parent.glob(f"{path.name}.*.tmp"):
            _remove_if_stale(other)
        handle, name = tempfile.mkstemp(".tmp", f"{path.name}.", path.parent)
        fcntl.flock(handle, fcntl.LOCK_EX)
        return Path(name), os.fdopen(handle, "w+b")


def sync_folder(folder: Path) -> None:
    """Makes a rename in a folder itself durable."""
    with _open_folder(folder) as handle:
        os.fsync(handle)


def _remove_if_stale(path: Path) -> None:
    with suppress(FileNotFoundError, BlockingIOError), path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()


@contextmanager
def _lock_folder(folder: Path) -> Iterator[None]:
    # Between making a file and locking it nobody may look for those that were left.
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
