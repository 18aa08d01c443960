"""The ledger: what is kept of every line until the last is seen, in columns, about 60 bytes an alert and
its name."""

from array import array
from typing import Final, NamedTuple

import msgspec
import numpy as np
import xxhash
from numpy.typing import NDArray

from streams.alerts.lint.finding import Place
from streams.records.alert import Alert, Withdrawal
from streams.records.times import to_ms

NEVER: Final = 2**62
"""A time, in ms, that never comes."""
_encoder = msgspec.json.Encoder()


class Withdrawn(NamedTuple):
    """A withdrawal: from when (ms since 1970 UTC), and where it stands; `order` rises with file and line."""

    at: int
    order: tuple[int, int]


class Ledger:
    """All alerts, by row in the order seen, and all withdrawals.

    After `close`: `begins` and `ends` (int64, ms since 1970 UTC, by row) the alerts' terms; `latest` (intp)
    the row of each alert's highest version; `counts` (bool, by row) whether a row has its alert's highest
    version; `withdrawn` (int64, by row) when an alert ended by withdrawal, NEVER if it did not, set for the
    rows of `latest`.
    """

    def __init__(self) -> None:
        self._sources: dict[str, int] = {}
        self._keys: dict[str, int] = {}
        self._key = array("q")
        self._source = array("q")
        self._line = array("q")
        self._version = array("q")
        self._digest = array("Q")
        self._begins = array("q")
        self._ends = array("q")
        self.withdrawals: dict[str, list[Withdrawn]] = {}

    def __len__(self) -> int:
        return len(self._key)

    def order(self, source: str, line: int) -> tuple[int, int]:
        """What sorts lines: files in the order first seen, then lines."""
        return self._sources.setdefault(source, len(self._sources)), line

    def add(self, source: str, line: int, alert: Alert) -> int:
        """Notes an alert; gives its row."""
        self._key.append(self._keys.setdefault(f"{alert.list_id}/{alert.alert_id}", len(self._keys)))
        self._source.append(self.order(source, line)[0])
        self._line.append(line)
        self._version.append(alert.version)
        self._digest.append(xxhash.xxh3_64_intdigest(_encoder.encode(alert)))
        self._begins.append(to_ms(alert.valid_from))
        self._ends.append(to_ms(alert.valid_until))
        return len(self._key) - 1

    def withdraw(self, source: str, line: int, withdrawal: Withdrawal) -> None:
        """Notes a withdrawal."""
        key = f"{withdrawal.list_id}/{withdrawal.alert_id}"
        times = self.withdrawals.setdefault(key, [])
        times.append(Withdrawn(to_ms(withdrawal.withdrawn_at), self.order(source, line)))

    def close(self) -> None:
        """Says that nothing more comes and works out which versions count and which are withdrawn."""
        keys, versions = _column(self._key), _column(self._version)
        self._names = list(self._keys)
        self._files = list(self._sources)
        self.begins, self.ends = _column(self._begins), _column(self._ends)
        # Stable, so that lines of one version keep their order.
        self._sorted = np.lexsort((versions, keys))
        last = np.ones(len(keys), dtype=bool)
        last[:-1] = np.diff(keys[self._sorted]) != 0
        self.latest = self._sorted[last]
        self.counts: NDArray[np.bool_] = versions == versions[self.latest][keys]
        self.withdrawn = np.full(len(keys), NEVER, dtype=np.int64)
        for name, times in self.withdrawals.items():
            times.sort()
            row = self.row(name)
            if row is not None:
                self.withdrawn[row] = next((each.at for each in times if each.at > self.begins[row]), NEVER)

    def repeats(self) -> list[tuple[int, int, bool]]:
        """Rows of one alert and version: the first, another, and whether their content is the same."""
        order, keys, versions = self._sorted, _column(self._key), _column(self._version)
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

    def row(self, name: str) -> int | None:
        """The row of the highest version of an alert, if it is in the files."""
        key = self._keys.get(name)
        return None if key is None else int(self.latest[key])

    def place(self, row: int) -> Place:
        """Where a row stands."""
        return Place(self._files[self._source[row]], self._line[row], self._names[self._key[row]])

    def order_of(self, row: int) -> tuple[int, int]:
        """What sorts a row among lines; see `order`."""
        return self._source[row], self._line[row]

    def version(self, row: int) -> int:
        """The version of a row."""
        return self._version[row]

    def place_of(self, name: str, withdrawn: Withdrawn) -> Place:
        """Where a withdrawal of an alert stands."""
        source, line = withdrawn.order
        return Place(self._files[source], line, name)


def _column(values: "array[int]") -> NDArray[np.int64]:
    return np.frombuffer(values, dtype=np.int64) if len(values) else np.zeros(0, dtype=np.int64)
