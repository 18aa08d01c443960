"""Index: all alert lists in memory, asked by whole batches of plates."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.alerts.alert_keys import build_alert_keys, is_pattern, pack_spellings, supersedes
from streams.alerts.bitmap import UInt64Array, mix_keys
from streams.alerts.delta import Delta
from streams.alerts.one_edit_index import OneEditIndex
from streams.alerts.snapshot.reader import Snapshot
from streams.alerts.wildcard_index import WildcardIndex
from streams.plates.confusables import BUILTIN_CLASSES, ConfusableClasses
from streams.plates.normal_form import normalise, packable_spellings
from streams.plates.packed_keys import Keys, PlateColumns, differ_by_one_edit, map_codes, to_columns
from streams.records.alert import Alert, AlertKey, Withdrawal, alert_key
from streams.records.faults import Fault
from streams.records.times import to_ms

_NO_KEYS: Final[Keys] = np.zeros(0, dtype=np.uint64)


class Candidate(NamedTuple):
    """An alert that the plate at `row` of a batch may match; whether it does is for matching to say."""

    row: int
    alert: Alert


class Index:
    """All alert lists: an immutable base and a small delta of what has changed since.

    Lists come from files by `put` and `withdraw`, or from a compacted topic by `relist` and `end`.

    From files, of the versions of an alert the highest counts, whichever came first. A withdrawal ends, from
    its time on, every version that began before that time, whichever came first; to list again, a higher
    version begins at the time of the new listing.

    From a topic, the last entry of an alert counts, whatever came before: compaction leaves no other, so
    only this is the same for all who read the topic.

    The plates of the lists named in `near` are also found by those that differ from them by one character;
    only they cost the memory and the time of that.
    """

    def __init__(
        self,
        base: Snapshot | None = None,
        classes: ConfusableClasses = BUILTIN_CLASSES,
        fuzzy_lists: Collection[str] = (),
    ) -> None:
        self._classes = classes
        self._base = base
        self._delta = Delta(classes, frozenset(fuzzy_lists))
        plates = base.plate_keys(fuzzy_lists) if base is not None and fuzzy_lists else _NO_KEYS
        self._one_edit = OneEditIndex(plates, classes.code_table) if len(plates) else None
        self._patterns = WildcardIndex()
        self._withdrawn_ms: dict[AlertKey, list[int]] = {}
        self._ended_ms: dict[AlertKey, int] = {}
        if base is not None:
            for alert in base.pattern_alerts():
                self._patterns.add(alert_key(alert), normalise(alert.plate, wildcards=True))
            for withdrawal in base.withdrawals():
                if base.header.log_order:
                    self.apply_tombstone(alert_key(withdrawal), to_ms(withdrawal.withdrawn_at))
                else:
                    self.withdraw(withdrawal)

    def put(self, alert: Alert) -> Fault | None:
        """Adds an alert or replaces an earlier version of it; the next batch sees it.

        A lower version than the one known changes nothing. Returns the fault of a plate that is none; such
        an alert is left out.
        """
        faults = build_alert_keys([alert], self._classes.code_table).faults
        if faults:
            return faults[0]
        key = alert_key(alert)
        known = self.get(key)
        if known is None or supersedes(alert, known):
            self._store(alert)
        return None

    def apply_value(self, alert: Alert) -> Fault | None:
        """Takes the value of an alert on a topic: it counts instead of any earlier version, higher or not,
        and any end; the next batch sees it.

        Returns the fault of a plate that is none; then what was in force stays.
        """
        faults = build_alert_keys([alert], self._classes.code_table).faults
        if faults:
            return faults[0]
        key = alert_key(alert)
        self._ended_ms.pop(key, None)
        self._withdrawn_ms.pop(key, None)
        # A list that is sent again whole must not fill the delta with what the base has already.
        if self.get(key) != alert:
            self._store(alert)
        return None

    def apply_tombstone(self, key: AlertKey, ended_ms: int) -> None:
        """Takes the null value of an alert on a topic; the next batch sees it.

        From `at` (ms since 1970 UTC) on the alert does not count, also if it would begin later only.
        """
        self._ended_ms[key] = ended_ms

    def withdraw(self, withdrawal: Withdrawal) -> None:
        """Ends an alert, known already or not; the next batch sees it."""
        times = self._withdrawn_ms.setdefault(alert_key(withdrawal), [])
        time = to_ms(withdrawal.withdrawn_at)
        if time not in times:
            times.append(time)
            times.sort()

    def get(self, key: AlertKey) -> Alert | None:
        """The alert of a key in the version that counts, withdrawn or not."""
        alert = self._delta.alerts.get(key)
        if alert is None and self._base is not None:
            alert = self._base.get(key)
        return alert

    def valid_until_ms(self, alert: Alert) -> int:
        """The first instant at which an alert no longer counts, by its term or its withdrawal.

        In ms since 1970 UTC; see `withdrawn_at`.
        """
        withdrawn = self.withdrawn_at_ms(alert)
        term = to_ms(alert.valid_until)
        return term if withdrawn is None else min(term, withdrawn)

    def withdrawn_at_ms(self, alert: Alert) -> int | None:
        """When an alert ended by withdrawal, in ms since 1970 UTC; None if it was not withdrawn."""
        key = alert_key(alert)
        ended = self._ended_ms.get(key)
        if ended is not None:
            return ended
        times = self._withdrawn_ms.get(key)
        if times is None:
            return None
        begins = to_ms(alert.valid_from)
        return next((time for time in times if time > begins), None)

    def is_effective(self, alert: Alert, at: datetime) -> bool:
        """Whether an alert counts for a read taken at a time."""
        if not alert.valid_from <= at < alert.valid_until:
            return False
        withdrawn = self.withdrawn_at_ms(alert)
        return withdrawn is None or to_ms(at) < withdrawn

    def find(self, batch: PlateColumns) -> list[Candidate]:
        """The candidates of a batch of plates, in the order of the batch.

        A plate and an alert are a candidate when they are of one confusable class in some spelling, or the
        plate has the anchor of the alert's pattern. Each pair comes once. Whether the alert is in force when
        the read was taken is for the caller to ask.
        """
        found = self._probe(batch.keys(self._classes.code_table), range(len(batch.starts)))
        fitting = self._patterns.find(batch)
        for row, plate in batch.umlauts.items():
            # The batch has the plain spelling (Ä as A); these are the others (Ä as AE).
            others = list(packable_spellings(plate)[1:])
            if others:
                spelled = to_columns(others)
                found.update(self._probe(spelled.keys(self._classes.code_table), [row] * len(others)))
                fitting.update((row, key) for _, key in self._patterns.find(spelled))
        for row, key in fitting:
            alert = self.get(key)
            assert alert is not None, "a pattern belongs to an alert of the index"
            found[row, key] = alert
        return _to_candidates(found)

    @property
    def has_fuzzy_plates(self) -> bool:
        """Whether any plate is of a list named in `near`."""
        return self._one_edit is not None or self._delta.has_fuzzy_plates

    def find_one_edit(self, batch: PlateColumns) -> tuple[NDArray[np.intp], Keys]:
        """The pairs of a plate of a batch and a listed plate that differ by one character, in their order.

        Returns the rows (intp, m) and the unmapped keys of the listed plates (uint64, m). They are those of
        the lists named in `near`, some of alerts that no longer count. In some spelling the two differ by one
        character that is another, one more or one less, characters of one confusable class being the same;
        in none are they the same, for `find` has those. Each pair comes once. No alert is read.
        """
        if not self.has_fuzzy_plates:
            return np.zeros(0, dtype=np.intp), _NO_KEYS
        rows, keys = self._find_one_edit(batch)
        if batch.umlauts:
            more_rows, more_keys, same = self._find_one_edit_umlauts(batch.umlauts)
            rows, keys = np.concatenate([rows, more_rows]), np.concatenate([keys, more_keys])
            pairs = zip(rows.tolist(), map_codes(keys, self._classes.code_table).tolist(), strict=True)
            other = np.fromiter((pair not in same for pair in pairs), dtype=np.bool_, count=len(rows))
            rows, keys = rows[other], keys[other]
        order = np.lexsort((keys, rows))
        rows, keys = rows[order], keys[order]
        new = np.ones(len(rows), dtype=np.bool_)
        new[1:] = (rows[1:] != rows[:-1]) | (keys[1:] != keys[:-1])
        return rows[new], keys[new]

    def resolve(self, rows: NDArray[np.intp], keys: Keys) -> list[Candidate]:
        """The alerts listed under unmapped keys (uint64, m), each for the row beside it (intp, m).

        They are in the version that counts and of whatever list, with a spelling that is the very key.
        Ordered as those of `find`; each pair of a row and an alert comes once.
        """
        found: dict[tuple[int, AlertKey], Alert] = {}
        if len(keys):
            beside, sought = rows.tolist(), keys.tolist()
            for place, key, alert in self._alerts_under(mix_keys(map_codes(keys, self._classes.code_table))):
                if sought[place] in pack_spellings(alert.plate):
                    found[beside[place], key] = alert
        return _to_candidates(found)

    def alerts(self) -> Iterator[Alert]:
        """All alerts in the version that counts, withdrawn or not, in no particular order."""
        yield from self._delta.alerts.values()
        if self._base is not None:
            for alert in self._base.alerts():
                if alert_key(alert) not in self._delta.alerts:
                    yield alert

    def _store(self, alert: Alert) -> None:
        key = alert_key(alert)
        self._patterns.remove(key)
        self._delta.put(alert)
        if is_pattern(alert.plate):
            self._patterns.add(key, normalise(alert.plate, wildcards=True))

    def _probe(self, keys: Keys, rows: Sequence[int]) -> dict[tuple[int, AlertKey], Alert]:
        """The alerts under mapped keys, by row and key."""
        return {(rows[place], key): alert for place, key, alert in self._alerts_under(mix_keys(keys))}

    def _alerts_under(self, hashes: UInt64Array) -> Iterator[tuple[int, AlertKey, Alert]]:
        """The alerts under mixed keys (uint64, n), each with the place of its hash and with its key."""
        if self._base is not None:
            places, refs = self._base.find(hashes)
            for place, ref in zip(places.tolist(), refs.tolist(), strict=True):
                alert = self._base.read_alert(ref)
                key = alert_key(alert)
                if key not in self._delta.alerts:
                    yield place, key, alert
        for place, key in self._delta.find(hashes):
            yield place, key, self._delta.alerts[key]

    def _find_one_edit(self, batch: PlateColumns) -> tuple[NDArray[np.intp], Keys]:
        """The pairs of `near` of the plain spellings of a batch, in no order, some more than once."""
        variants = batch.deletion_keys(self._classes.code_table)
        hashes = mix_keys(variants)
        rows, keys = np.zeros(0, dtype=np.intp), _NO_KEYS
        if self._one_edit is not None:
            rows, keys = self._one_edit.find(batch, hashes)
        changed = self._delta.find_one_edit(hashes)
        if changed:
            slots = np.array([slot for slot, _ in changed], dtype=np.intp)
            rows = np.concatenate([rows, np.searchsorted(batch.starts, slots, side="right") - 1])
            keys = np.concatenate([keys, np.array([key for _, key in changed], dtype=np.uint64)])
        whole = variants[(batch.starts + batch.lengths)[rows]]
        good = differ_by_one_edit(whole, map_codes(keys, self._classes.code_table))
        if batch.faults:
            good &= ~np.isin(rows, list(batch.faults))
        return rows[good], keys[good]

    def _find_one_edit_umlauts(
        self, umlauts: dict[int, str]
    ) -> tuple[NDArray[np.intp], Keys, set[tuple[int, int]]]:
        """The pairs of `near` of the spellings that a batch has not, and each row with its mapped keys."""
        ways = [(row, way) for row, plate in umlauts.items() for way in packable_spellings(plate)]
        batch = to_columns([way for _, way in ways])
        owners = np.array([row for row, _ in ways], dtype=np.intp)
        places, keys = self._find_one_edit(batch)
        same = set(zip(owners.tolist(), batch.keys(self._classes.code_table).tolist(), strict=True))
        return owners[places], keys, same


def _to_candidates(alerts: dict[tuple[int, AlertKey], Alert]) -> list[Candidate]:
    return [Candidate(row, alert) for (row, _), alert in sorted(alerts.items(), key=lambda item: item[0])]
