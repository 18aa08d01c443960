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
"""Bytes read at a time: about four thousand reads, the size of batch at which the pipeline is fastest."""
STANDARD_INPUT: Final = "-"
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class LineBatch(NamedTuple):
    """Lines of a file, without line ends and blank lines; `numbers` are their line numbers, from 1."""

    lines: list[bytes]
    line_numbers: Sequence[int]


class InputFileError(InputError):
    """A file that cannot be read on; the message has its name, why, and from where."""


class _Stream(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


def display_name(path: str) -> str:
    """The file's name as messages show it."""
    return "standard input" if path == STANDARD_INPUT else Path(path).name


def read_batches(path: str, progress: Callable[[int], None] = lambda _: None) -> Iterator[LineBatch]:
    """The lines of a file, batch by batch; `progress` is told the bytes taken from the file.

    Of a line longer than a record may be only the start is kept, enough for it to be refused.

    Raises FileError for a file that cannot be opened or read, or whose compressed data is damaged or cut
    short; the lines before that have been given by then.
    """
    number = 0
    with _open(path) as (stream, position):
        for lines in _split_lines(_read_blocks(stream, path)):
            numbers: Sequence[int] = range(number + 1, number + 1 + len(lines))
            number += len(lines)
            if not all(lines):
                kept = [place for place, line in enumerate(lines) if line.strip()]
                numbers = [numbers[place] for place in kept]
                lines = [lines[place] for place in kept]
            progress(position())
            if lines:
                yield LineBatch(lines, numbers)


@contextmanager
def _open(path: str) -> Iterator[tuple[_Stream, Callable[[], int]]]:
    if path == STANDARD_INPUT:
        yield sys.stdin.buffer, lambda: 0
        return
    try:
        raw = Path(path).open("rb")  # noqa: SIM115 - closed below; opening alone is what may fail here
    except OSError as error:
        raise InputFileError(f"{path}: cannot be opened: {error.strerror}") from error
    with raw:
        if path.endswith(".gz"):
            with gzip.GzipFile(fileobj=raw, mode="rb") as unpacked:
                yield unpacked, raw.tell
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
    """The lines of blocks; a line that goes over several is put together, but not beyond what is refused."""
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
    """A line that was not taken: where it stands, all that is wrong with it, and its bytes."""

    source: str
    line_number: int
    faults: tuple[Fault, ...]
    raw: bytes

    def __str__(self) -> str:
        return "\n".join(f"{self.source}:{self.line_number}: {fault}" for fault in self.faults)
