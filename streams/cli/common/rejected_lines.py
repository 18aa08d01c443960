"""Lines that were not taken, as commands report them."""

from typing import BinaryIO, Final

import orjson

from streams.cli.common.progress import say
from streams.files.jsonl import RejectedLine

_SHOWN: Final = 10
_RAW_SHOWN: Final = 10_000


class Rejects:
    """What was not taken: the first few said, all written out if a file is given, all counted.

    `all_by` says, when there are more than are said and no file is given, how to see all.
    """

    def __init__(self, file: BinaryIO | None, all_by: str) -> None:
        self._file = file
        self._all_by = all_by
        self.count = 0

    def take(self, rejected: list[RejectedLine]) -> None:
        """Takes lines that were rejected."""
        for entry in rejected:
            if self.count < _SHOWN:
                say(str(entry))
            self.count += 1
            if self._file is not None:
                self._file.write(orjson.dumps(_row(entry)) + b"\n")

    def sum_up(self) -> None:
        """Says how many more there were than were said."""
        if self.count > _SHOWN:
            hint = "" if self._file else f"; {self._all_by}"
            say(f"… and {self.count - _SHOWN:,} more lines rejected{hint}")


def _row(entry: RejectedLine) -> dict[str, object]:
    return {
        "source": entry.source,
        "line": entry.line,
        "faults": [fault._asdict() for fault in entry.faults],
        "raw": entry.raw[:_RAW_SHOWN].decode("utf-8", "replace"),
    }
