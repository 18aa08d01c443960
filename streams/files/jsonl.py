"""Files of JSON lines, read in batches: plain, `.gz`, or `-` for standard input."""

import gzip
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from streams.records.decode import MAX_RECORD_BYTES
from streams.records.faults import Fault
from streams.runtime.errors import InputError

BLOCK_BYTES: Final = 1 << 20
"""Bytes read at a time: about four thousand reads, the batch size at which the pipeline is fastest."""
STANDARD_INPUT: Final = "-"
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class LineBatch(NamedTuple):
    """Lines of a file, without line ends and blank lines, and their line numbers, from 1."""

    lines: list[bytes]
    line_numbers: Sequence[int]


class InputFileError(InputError):
    """A file that cannot be read further; the message has its name and the reason."""


class _Stream(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


def display_name(path: str) -> str:
    """Return the name of a file as messages show it."""
    return "standard input" if path == STANDARD_INPUT else Path(path).name


def read_batches(path: str, progress: Callable[[int], None] = lambda _: None) -> Iterator[LineBatch]:
    """Yield the lines of a file, batch by batch; `progress` is called with the bytes read so far.

    A line longer than a record may be is cut, but stays long enough to be rejected.

    Raises InputFileError for a file that cannot be opened or read, or whose compressed data is damaged or
    truncated; the lines before the damage have been yielded by then.
    """
    line_count = 0
    with _open(path) as (stream, position):
        for lines in _split_lines(_read_blocks(stream, path)):
            line_numbers: Sequence[int] = range(line_count + 1, line_count + 1 + len(lines))
            line_count += len(lines)
            if not all(lines):
                filled = [index for index, line in enumerate(lines) if line.strip()]
                line_numbers = [line_numbers[index] for index in filled]
                lines = [lines[index] for index in filled]
            progress(position())
            if lines:
                yield LineBatch(lines, line_numbers)


@contextmanager
def _open(path: str) -> Iterator[tuple[_Stream, Callable[[], int]]]:
    if path == STANDARD_INPUT:
        yield sys.stdin.buffer, lambda: 0
        return
    try:
        raw = Path(path).open("rb")  # noqa: SIM115 - closed below; only opening may fail here
    except OSError as error:
        raise InputFileError(f"{path}: cannot be opened: {error.strerror}") from error
    with raw:
        if path.endswith(".gz"):
            with gzip.GzipFile(fileobj=raw, mode="rb") as decompressed:
                yield decompressed, raw.tell
        else:
            yield raw, raw.tell


def _read_blocks(stream: _Stream, path: str) -> Iterator[bytes]:
    first = True
    while True:
        try:
            block = stream.read(BLOCK_BYTES)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputFileError(f"{path}: the compressed data is damaged or cut short: {error}") from error
        except OSError as error:
            raise InputFileError(f"{path}: cannot be read: {error.strerror or error}") from error
        if not block:
            return
        yield block.removeprefix(_BYTE_ORDER_MARK) if first else block
        first = False


def _split_lines(blocks: Iterator[bytes]) -> Iterator[list[bytes]]:
    """Yield the lines of blocks; a line that spans blocks is joined up to the length that is rejected."""
    rest = b""
    for block in blocks:
        lines = block.split(b"\n")
        if len(rest) <= MAX_RECORD_BYTES:
            rest += lines[0]
        if len(lines) == 1:
            continue
        lines[0] = rest
        rest = lines.pop()
        if b"\r" in block or lines[0].endswith(b"\r"):
            lines = [line.removesuffix(b"\r") for line in lines]
        yield lines
    if rest:
        yield [rest]


class RejectedLine(NamedTuple):
    """A rejected line: its file and number, its faults, and its bytes."""

    source: str
    line_number: int
    faults: tuple[Fault, ...]
    raw: bytes

    def __str__(self) -> str:
        return "\n".join(f"{self.source}:{self.line_number}: {fault}" for fault in self.faults)
