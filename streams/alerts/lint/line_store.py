"""The ledger: what is kept of every line until the last is seen, in columns, about 60 bytes an alert and
its name."""

from array import array
from typing import Final, NamedTuple

import msgspec
import numpy as np
import xxhash
from numpy.typing import NDArray

from streams.alerts.lint.finding import Location
from streams.records.alert import Alert, Withdrawal
from streams.records.times import to_ms

NEVER_MS: Final = 2**62
"""A time, in ms, that never comes."""
_encoder = msgspec.json.Encoder()


class WithdrawalLine(NamedTuple):
    """A withdrawal: from when (ms since 1970 UTC), and where it stands; `order` rises with file and line."""

    withdrawn_ms: int
    order: tuple[int, int]


class LineStore:
    """All alerts, by row in the order seen, and all withdrawals.

    After `close`: `begins` and `ends` (int64, ms since 1970 UTC, by row) the alerts' terms; `latest` (intp)
    the row of each alert's highest version; `counts` (bool, by row) whether a row has its alert's highest
    version; `withdrawn` (int64, by row) when an alert ended by withdrawal, NEVER if it did not, set for the
    rows of `latest`.
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
        self.withdrawals: dict[str, list[WithdrawalLine]] = {}

    def __len__(self) -> int:
        return len(self._key)

    def line_order(self, source: str, line: int) -> tuple[int, int]:
        """What sorts lines: files in the order first seen, then lines."""
        return self._source_indexes.setdefault(source, len(self._source_indexes)), line

    def add(self, source: str, line: int, alert: Alert) -> int:
        """Notes an alert; gives its row."""
        self._key.append(
            self._key_indexes.setdefault(f"{alert.list_id}/{alert.alert_id}", len(self._key_indexes))
        )
        self._source.append(self.line_order(source, line)[0])
        self._line.append(line)
        self._version.append(alert.version)
        self._digest.append(xxhash.xxh3_64_intdigest(_encoder.encode(alert)))
        self._valid_from_ms.append(to_ms(alert.valid_from))
        self._valid_until_ms.append(to_ms(alert.valid_until))
        return len(self._key) - 1

    def add_withdrawal(self, source: str, line: int, withdrawal: Withdrawal) -> None:
        """Notes a withdrawal."""
        key = f"{withdrawal.list_id}/{withdrawal.alert_id}"
        times = self.withdrawals.setdefault(key, [])
        times.append(WithdrawalLine(to_ms(withdrawal.withdrawn_at), self.line_order(source, line)))

    def close(self) -> None:
        """Says that nothing more comes and works out which versions count and which are withdrawn."""
        keys, versions = _to_array(self._key), _to_array(self._version)
        self._alert_names = list(self._key_indexes)
        self._files = list(self._source_indexes)
        self.valid_from_ms, self.valid_until_ms = (
            _to_array(self._valid_from_ms),
            _to_array(self._valid_until_ms),
        )
        # Stable, so that lines of one version keep their order.
        self._sort_order = np.lexsort((versions, keys))
        last = np.ones(len(keys), dtype=bool)
        last[:-1] = np.diff(keys[self._sort_order]) != 0
        self.latest_rows = self._sort_order[last]
        self.is_latest: NDArray[np.bool_] = versions == versions[self.latest_rows][keys]
        self.withdrawn_ms = np.full(len(keys), NEVER_MS, dtype=np.int64)
        for name, times in self.withdrawals.items():
            times.sort()
            row = self.latest_row(name)
            if row is not None:
                self.withdrawn_ms[row] = next(
                    (each.withdrawn_ms for each in times if each.withdrawn_ms > self.valid_from_ms[row]),
                    NEVER_MS,
                )

    def repeated_versions(self) -> list[tuple[int, int, bool]]:
        """Rows of one alert and version: the first, another, and whether their content is the same."""
        order, keys, versions = self._sort_order, _to_array(self._key), _to_array(self._version)
        again = np.flatnonzero(
            (keys[order][1:] == keys[order][:-1]) & (versions[order][1:] == versions[order][:-1])
        )
        found = []
        first = previous = -1
        for place in again.tolist():
            if place != previous + 1 or first < 0:
                first = int(order[place])
            other = int(order[place + 1])
            found.append((first, other, self._digest[first] == self._digest[other]))
            previous = place
        return found

    def latest_row(self, name: str) -> int | None:
        """The row of the highest version of an alert, if it is in the files."""
        key = self._key_indexes.get(name)
        return None if key is None else int(self.latest_rows[key])

    def location(self, row: int) -> Location:
        """Where a row stands."""
        return Location(self._files[self._source[row]], self._line[row], self._alert_names[self._key[row]])

    def row_order(self, row: int) -> tuple[int, int]:
        """What sorts a row among lines; see `order`."""
        return self._source[row], self._line[row]

    def version(self, row: int) -> int:
        """The version of a row."""
        return self._version[row]

    def withdrawal_location(self, name: str, withdrawal: WithdrawalLine) -> Location:
        """Where a withdrawal of an alert stands."""
        source, line = withdrawal.order
        return Location(self._files[source], line, name)


def _to_array(values: "array[int]") -> NDArray[np.int64]:
    return np.frombuffer(values, dtype=np.int64) if len(values) else np.zeros(0, dtype=np.int64)
