"""What lint remembers of every line until the last one: about 60 bytes per alert, and its name."""

from array import array
from typing import Final, NamedTuple

import msgspec
import numpy as np
import xxhash
from numpy.typing import NDArray

from streams.alerts.lint.finding import Location
from streams.records.alert import Alert, Withdrawal
from streams.records.times import Millis, to_ms

NEVER_MS: Final[Millis] = 2**62
"""Later than any time of a record."""
_encoder = msgspec.json.Encoder()
_NO_INTS: Final[NDArray[np.int64]] = np.zeros(0, dtype=np.int64)


class WithdrawalLine(NamedTuple):
    """A withdrawal: when it ends its alert, and its position in the order of files and lines."""

    withdrawn_ms: Millis
    order: tuple[int, int]


class RepeatedVersion(NamedTuple):
    """Two rows of one alert and version, and whether their content is the same."""

    first_row: int
    row: int
    same_content: bool


class LineStore:
    """All alerts, by row in the order added, and all withdrawals.

    The public arrays are filled by `close`.
    """

    def __init__(self) -> None:
        self._source_indexes: dict[str, int] = {}
        self._key_indexes: dict[str, int] = {}
        self._key = array("q")
        self._source = array("q")
        self._line = array("q")
        self._version = array("q")
        self._digest = array("Q")
        self._valid_from_ms = array("q")
        self._valid_until_ms = array("q")
        self._files: list[str] = []
        self._alert_names: list[str] = []
        self._sort_order: NDArray[np.intp] = np.zeros(0, dtype=np.intp)
        self.withdrawals: dict[str, list[WithdrawalLine]] = {}
        """By alert name; sorted by `close`."""
        self.valid_from_ms = _NO_INTS
        """By row (int64), when the validity period begins."""
        self.valid_until_ms = _NO_INTS
        """By row (int64), when the validity period ends."""
        self.latest_rows: NDArray[np.intp] = np.zeros(0, dtype=np.intp)
        """The row of each alert's highest version (intp)."""
        self.is_latest: NDArray[np.bool_] = np.zeros(0, dtype=np.bool_)
        """By row (bool), True if it has its alert's highest version."""
        self.withdrawn_ms = _NO_INTS
        """By row (int64), when the alert ended by withdrawal, else NEVER_MS; set for `latest_rows` only."""

    def __len__(self) -> int:
        return len(self._key)

    def line_order(self, source: str, line: int) -> tuple[int, int]:
        """Return a sort key of lines: files in the order first added, then lines."""
        return self._source_indexes.setdefault(source, len(self._source_indexes)), line

    def add(self, source: str, line: int, alert: Alert) -> int:
        """Add an alert; return its row."""
        name = f"{alert.list_id}/{alert.alert_id}"
        self._key.append(self._key_indexes.setdefault(name, len(self._key_indexes)))
        self._source.append(self.line_order(source, line)[0])
        self._line.append(line)
        self._version.append(alert.version)
        self._digest.append(xxhash.xxh3_64_intdigest(_encoder.encode(alert)))
        self._valid_from_ms.append(to_ms(alert.valid_from))
        self._valid_until_ms.append(to_ms(alert.valid_until))
        return len(self._key) - 1

    def add_withdrawal(self, source: str, line: int, withdrawal: Withdrawal) -> None:
        """Add a withdrawal."""
        name = f"{withdrawal.list_id}/{withdrawal.alert_id}"
        lines = self.withdrawals.setdefault(name, [])
        lines.append(WithdrawalLine(to_ms(withdrawal.withdrawn_at), self.line_order(source, line)))

    def close(self) -> None:
        """Work out which versions are the latest and which are withdrawn; nothing may be added afterwards."""
        keys, versions = _to_array(self._key), _to_array(self._version)
        self._alert_names = list(self._key_indexes)
        self._files = list(self._source_indexes)
        self.valid_from_ms = _to_array(self._valid_from_ms)
        self.valid_until_ms = _to_array(self._valid_until_ms)
        # Stable, so that lines of one version keep their order.
        self._sort_order = np.lexsort((versions, keys))
        is_last = np.ones(len(keys), dtype=bool)
        is_last[:-1] = np.diff(keys[self._sort_order]) != 0
        self.latest_rows = self._sort_order[is_last]
        self.is_latest = versions == versions[self.latest_rows][keys]
        self.withdrawn_ms = np.full(len(keys), NEVER_MS, dtype=np.int64)
        for name, lines in self.withdrawals.items():
            lines.sort()
            row = self.latest_row(name)
            if row is not None:
                valid_from_ms = self.valid_from_ms[row]
                self.withdrawn_ms[row] = next(
                    (line.withdrawn_ms for line in lines if line.withdrawn_ms > valid_from_ms), NEVER_MS
                )

    def repeated_versions(self) -> list[RepeatedVersion]:
        """Return every row that repeats an alert and version, each with the first row of that version."""
        order, keys, versions = self._sort_order, _to_array(self._key), _to_array(self._version)
        is_repeat = (keys[order][1:] == keys[order][:-1]) & (versions[order][1:] == versions[order][:-1])
        repeated = []
        first_row = previous = -1
        for index in np.flatnonzero(is_repeat).tolist():
            if index != previous + 1 or first_row < 0:
                first_row = int(order[index])
            row = int(order[index + 1])
            repeated.append(RepeatedVersion(first_row, row, self._digest[first_row] == self._digest[row]))
            previous = index
        return repeated

    def latest_row(self, name: str) -> int | None:
        """Return the row of the highest version of an alert; None if it is not in the files."""
        key = self._key_indexes.get(name)
        return None if key is None else int(self.latest_rows[key])

    def location(self, row: int) -> Location:
        """Return the location of a row."""
        return Location(self._files[self._source[row]], self._line[row], self._alert_names[self._key[row]])

    def row_order(self, row: int) -> tuple[int, int]:
        """Return the `line_order` of a row."""
        return self._source[row], self._line[row]

    def version(self, row: int) -> int:
        """Return the version of a row."""
        return self._version[row]

    def withdrawal_location(self, name: str, withdrawal: WithdrawalLine) -> Location:
        """Return the location of a withdrawal of an alert."""
        source, line = withdrawal.order
        return Location(self._files[source], line, name)


def _to_array(values: "array[int]") -> NDArray[np.int64]:
    return np.frombuffer(values, dtype=np.int64) if len(values) else _NO_INTS
