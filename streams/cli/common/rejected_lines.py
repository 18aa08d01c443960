"""Lines that are no valid records, as commands report them."""

from typing import BinaryIO, Final

import orjson

from streams.cli.common.progress import say
from streams.files.jsonl import RejectedLine

_MAX_SHOWN: Final = 10
_MAX_RAW_BYTES: Final = 10_000


class RejectedLines:
    """Rejected lines: the first few printed, all counted, and all written to `file` if there is one.

    `hint` says how to see all of them, for the case that there are more than are printed and no file.
    """

    def __init__(self, file: BinaryIO | None, hint: str) -> None:
        self._file = file
        self._hint = hint
        self.count = 0

    def add(self, rejected: list[RejectedLine]) -> None:
        """Report rejected lines."""
        for entry in rejected:
            if self.count < _MAX_SHOWN:
                say(str(entry))
            self.count += 1
            if self._file is not None:
                self._file.write(orjson.dumps(_row(entry)) + b"\n")

    def report_remaining(self) -> None:
        """Print how many lines were rejected beyond those printed."""
        if self.count > _MAX_SHOWN:
            hint = "" if self._file else f"; {self._hint}"
            say(f"… and {self.count - _MAX_SHOWN:,} more lines rejected{hint}")


def _row(entry: RejectedLine) -> dict[str, object]:
    return {
        "source": entry.source,
        "line": entry.line_number,
        "faults": [fault._asdict() for fault in entry.faults],
        "raw": entry.raw[:_MAX_RAW_BYTES].decode("utf-8", "replace"),
    }
