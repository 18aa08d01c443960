"""The index: all alert lists in memory, looked up by whole batches of plates."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.alerts.alert_keys import build_alert_keys, is_pattern, pack_spellings, supersedes
from streams.alerts.bitmap import UInt64Array, mix_keys
from streams.alerts.delta import Delta
from streams.alerts.fuzzy_plates import FuzzyPlates
from streams.alerts.snapshot.reader import Snapshot
from streams.alerts.wildcard_index import WildcardIndex
from streams.alerts.withdrawals import Withdrawals
from streams.plates.confusables import BUILTIN_CLASSES, ConfusableClasses
from streams.plates.normal_form import normalise, packable_spellings
from streams.plates.packed_keys import Keys, map_codes
from streams.plates.plate_columns import PlateColumns, to_columns
from streams.records.alert import Alert, AlertKey, Withdrawal, alert_key
from streams.records.faults import Fault
from streams.records.times import Millis, to_ms

_NO_KEYS: Final[Keys] = np.zeros(0, dtype=np.uint64)


class Candidate(NamedTuple):
    """An alert that the plate at `row` of a batch may match; the matcher decides whether it does."""

    row: int
    alert: Alert


class Index:
    """All alert lists: an immutable base and a small delta of later changes.

    Lists come from files by `put` and `withdraw`, or from a compacted topic by `apply_value` and
    `apply_tombstone`. Every change is visible to the next batch.

    From files, the highest version of an alert counts, in whatever order the versions arrive. A withdrawal
    ends, from its time on, every version that began before that time, in whatever order they arrive; to list
    the alert again, a higher version begins at the time of the new listing.

    From a topic, the last record of an alert counts, whatever came before: compaction keeps no other, so only
    this is the same for every reader of the topic.

    The plates of `fuzzy_lists` are also found by plates that differ from them by one character; only these
    lists cost the memory and the time of that search.
    """

    def __init__(
        self,
        base: Snapshot | None = None,
        classes: ConfusableClasses = BUILTIN_CLASSES,
        fuzzy_lists: Collection[str] = (),
    ) -> None:
        self._classes = classes
        self._base = base
        self._delta = Delta(classes)
        base_plates = base.plate_keys(fuzzy_lists) if base is not None and fuzzy_lists else _NO_KEYS
        self._fuzzy_plates = FuzzyPlates(fuzzy_lists, base_plates, classes)
        self._patterns = WildcardIndex()
        self._withdrawals = Withdrawals()
        if base is not None:
            for alert in base.pattern_alerts():
                self._patterns.add(alert_key(alert), normalise(alert.plate, wildcards=True))
            for withdrawal in base.withdrawals():
                if base.header.log_order:
                    self.apply_tombstone(alert_key(withdrawal), to_ms(withdrawal.withdrawn_at))
                else:
                    self.withdraw(withdrawal)

    def put(self, alert: Alert) -> Fault | None:
        """Add an alert from a file unless a higher version of it is known.

        Returns the fault of an invalid plate; such an alert is left out.
        """
        faults = build_alert_keys([alert], self._classes.code_table).faults
        if faults:
            return faults[0]
        current = self.get(alert_key(alert))
        if current is None or supersedes(alert, current):
            self._store(alert)
        return None

    def apply_value(self, alert: Alert) -> Fault | None:
        """Apply the value of an alert on a topic: it replaces any version, higher or not, and any withdrawal.

        Returns the fault of an invalid plate; then nothing changes.
        """
        faults = build_alert_keys([alert], self._classes.code_table).faults
        if faults:
            return faults[0]
        key = alert_key(alert)
        self._withdrawals.clear(key)
        # A whole list that is sent again must not fill the delta with copies of the base.
        if self.get(key) != alert:
            self._store(alert)
        return None

    def apply_tombstone(self, key: AlertKey, withdrawn_ms: Millis) -> None:
        """Apply the null value of an alert on a topic.

        The alert ends at `withdrawn_ms`, even if it would begin only later.
        """
        self._withdrawals.add_tombstone(key, withdrawn_ms)

    def withdraw(self, withdrawal: Withdrawal) -> None:
        """Apply a withdrawal from a file, whether its alert is known yet or not."""
        self._withdrawals.add(withdrawal)

    def get(self, key: AlertKey) -> Alert | None:
        """Return the current version of an alert, withdrawn or not."""
        alert = self._delta.alerts.get(key)
        if alert is None and self._base is not None:
            alert = self._base.get(key)
        return alert

    def valid_until_ms(self, alert: Alert) -> Millis:
        """Return the first instant at which an alert is no longer valid: it has expired or was withdrawn."""
        withdrawn_ms = self.withdrawn_at_ms(alert)
        expires_ms = to_ms(alert.valid_until)
        return expires_ms if withdrawn_ms is None else min(expires_ms, withdrawn_ms)

    def withdrawn_at_ms(self, alert: Alert) -> Millis | None:
        """Return when an alert ended by withdrawal; None if it was not withdrawn."""
        return self._withdrawals.withdrawn_at_ms(alert)

    def is_effective(self, alert: Alert, at: datetime) -> bool:
        """True if an alert applies to a read captured at a time."""
        if not alert.valid_from <= at < alert.valid_until:
            return False
        withdrawn_ms = self.withdrawn_at_ms(alert)
        return withdrawn_ms is None or to_ms(at) < withdrawn_ms

    def find(self, batch: PlateColumns) -> list[Candidate]:
        """Return the candidates of a batch of plates, in the order of the batch, each pair once.

        A plate and an alert are a candidate if they are of one confusable class in some spelling, or if the
        plate has the anchor of the alert's pattern. The caller checks whether the alert is effective when the
        read was captured.
        """
        alerts = self._find_under_keys(batch.keys(self._classes.code_table), range(len(batch.starts)))
        pattern_matches = self._patterns.find(batch)
        for row, plate in batch.umlauts.items():
            # The batch has the plain spelling (Ä as A); these are the others (Ä as AE).
            other_spellings = list(packable_spellings(plate)[1:])
            if other_spellings:
                columns = to_columns(other_spellings)
                keys = columns.keys(self._classes.code_table)
                alerts.update(self._find_under_keys(keys, [row] * len(other_spellings)))
                pattern_matches.update((row, key) for _, key in self._patterns.find(columns))
        for row, key in pattern_matches:
            alert = self.get(key)
            assert alert is not None, "a pattern belongs to an alert of the index"
            alerts[row, key] = alert
        return _to_candidates(alerts)

    @property
    def has_fuzzy_plates(self) -> bool:
        """True if any plate is of a fuzzy list."""
        return bool(self._fuzzy_plates)

    def find_one_edit(self, batch: PlateColumns) -> tuple[NDArray[np.intp], Keys]:
        """Return the pairs of a plate of a batch and a plate of a fuzzy list that differ by one character.

        The pairs are rows (intp, m) and unmapped keys of listed plates (uint64, m), sorted, each pair once;
        some plates may be of alerts that are no longer current. In some spelling the two differ by one
        character that is replaced, added or missing, where characters of one confusable class are equal; in
        no spelling are they the same, for `find` returns those. No alert is read.
        """
        return self._fuzzy_plates.find(batch)

    def resolve(self, rows: NDArray[np.intp], keys: Keys) -> list[Candidate]:
        """Return the alerts listed under unmapped keys (uint64, m), each for its row (intp, m).

        They are the current versions, of any list, with a spelling of exactly that key. The order is that of
        `find`; each pair of a row and an alert comes once.
        """
        alerts: dict[tuple[int, AlertKey], Alert] = {}
        if len(keys):
            batch_rows, plates = rows.tolist(), keys.tolist()
            hashes = mix_keys(map_codes(keys, self._classes.code_table))
            for index, key, alert in self._find_under_hashes(hashes):
                if plates[index] in pack_spellings(alert.plate):
                    alerts[batch_rows[index], key] = alert
        return _to_candidates(alerts)

    def alerts(self) -> Iterator[Alert]:
        """Yield the current version of every alert, withdrawn or not, in no particular order."""
        yield from self._delta.alerts.values()
        if self._base is not None:
            for alert in self._base.alerts():
                if alert_key(alert) not in self._delta.alerts:
                    yield alert

    def _store(self, alert: Alert) -> None:
        key = alert_key(alert)
        self._patterns.remove(key)
        self._fuzzy_plates.put(alert, earlier=self._delta.alerts.get(key))
        self._delta.put(alert)
        if is_pattern(alert.plate):
            self._patterns.add(key, normalise(alert.plate, wildcards=True))

    def _find_under_keys(self, keys: Keys, rows: Sequence[int]) -> dict[tuple[int, AlertKey], Alert]:
        """Return the alerts under mapped keys, by row and alert key."""
        return {(rows[index], key): alert for index, key, alert in self._find_under_hashes(mix_keys(keys))}

    def _find_under_hashes(self, hashes: UInt64Array) -> Iterator[tuple[int, AlertKey, Alert]]:
        """Yield the alerts under mixed keys (uint64, n), each with the index of its hash and with its key."""
        if self._base is not None:
            indexes, refs = self._base.find(hashes)
            for index, ref in zip(indexes.tolist(), refs.tolist(), strict=True):
                alert = self._base.read_alert(ref)
                key = alert_key(alert)
                if key not in self._delta.alerts:
                    yield index, key, alert
        for index, key in self._delta.find(hashes):
            yield index, key, self._delta.alerts[key]


def _to_candidates(alerts: dict[tuple[int, AlertKey], Alert]) -> list[Candidate]:
    return [Candidate(row, alert) for (row, _), alert in sorted(alerts.items(), key=lambda item: item[0])]
