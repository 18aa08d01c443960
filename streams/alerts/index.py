"""Index: all alert lists in memory, asked by whole batches of plates."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.alerts.alert_keys import beats, entries_of, is_pattern, packed
from streams.alerts.bitmap import Words, mixed
from streams.alerts.delta import Delta
from streams.alerts.one_edit_index import Near
from streams.alerts.snapshot.reader import Snapshot
from streams.alerts.wildcard_index import Patterns
from streams.plates.confusables import CLASSES, Classes
from streams.plates.normal_form import normal, spellings
from streams.plates.packed_keys import Columns, Keys, columns, mapped, one_edit
from streams.records.alert import Alert, AlertKey, Withdrawal, key_of
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
        self, base: Snapshot | None = None, classes: Classes = CLASSES, near: Collection[str] = ()
    ) -> None:
        self._classes = classes
        self._base = base
        self._delta = Delta(classes, frozenset(near))
        plates = base.plates(near) if base is not None and near else _NO_KEYS
        self._near = Near(plates, classes.table) if len(plates) else None
        self._patterns = Patterns()
        self._withdrawn: dict[AlertKey, list[int]] = {}
        self._ended: dict[AlertKey, int] = {}
        if base is not None:
            for alert in base.patterns():
                self._patterns.add(key_of(alert), normal(alert.plate, wildcards=True))
            for withdrawal in base.withdrawals():
                if base.header.log_order:
                    self.end(key_of(withdrawal), to_ms(withdrawal.withdrawn_at))
                else:
                    self.withdraw(withdrawal)

    def put(self, alert: Alert) -> Fault | None:
        """Adds an alert or replaces an earlier version of it; the next batch sees it.

        A lower version than the one known changes nothing. Returns the fault of a plate that is none; such
        an alert is left out.
        """
        faults = entries_of([alert], self._classes.table).faults
        if faults:
            return faults[0]
        key = key_of(alert)
        known = self.get(key)
        if known is None or beats(alert, known):
            self._set(alert)
        return None

    def relist(self, alert: Alert) -> Fault | None:
        """Takes the value of an alert on a topic: it counts instead of any earlier version, higher or not,
        and any end; the next batch sees it.

        Returns the fault of a plate that is none; then what was in force stays.
        """
        faults = entries_of([alert], self._classes.table).faults
        if faults:
            return faults[0]
        key = key_of(alert)
        self._ended.pop(key, None)
        self._withdrawn.pop(key, None)
        # A list that is sent again whole must not fill the delta with what the base has already.
        if self.get(key) != alert:
            self._set(alert)
        return None

    def end(self, key: AlertKey, at: int) -> None:
        """Takes the null value of an alert on a topic; the next batch sees it.

        From `at` (ms since 1970 UTC) on the alert does not count, also if it would begin later only.
        """
        self._ended[key] = at

    def withdraw(self, withdrawal: Withdrawal) -> None:
        """Ends an alert, known already or not; the next batch sees it."""
        times = self._withdrawn.setdefault(key_of(withdrawal), [])
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

    def ends_at(self, alert: Alert) -> int:
        """The first instant at which an alert no longer counts, by its term or its withdrawal.

        In ms since 1970 UTC; see `withdrawn_at`.
        """
        withdrawn = self.withdrawn_at(alert)
        term = to_ms(alert.valid_until)
        return term if withdrawn is None else min(term, withdrawn)

    def withdrawn_at(self, alert: Alert) -> int | None:
        """When an alert ended by withdrawal, in ms since 1970 UTC; None if it was not withdrawn."""
        key = key_of(alert)
        ended = self._ended.get(key)
        if ended is not None:
            return ended
        times = self._withdrawn.get(key)
        if times is None:
            return None
        begins = to_ms(alert.valid_from)
        return next((time for time in times if time > begins), None)

    def in_force(self, alert: Alert, at: datetime) -> bool:
        """Whether an alert counts for a read taken at a time."""
        if not alert.valid_from <= at < alert.valid_until:
            return False
        withdrawn = self.withdrawn_at(alert)
        return withdrawn is None or to_ms(at) < withdrawn

    def find(self, batch: Columns) -> list[Candidate]:
        """The candidates of a batch of plates, in the order of the batch.

        A plate and an alert are a candidate when they are of one confusable class in some spelling, or the
        plate has the anchor of the alert's pattern. Each pair comes once. Whether the alert is in force when
        the read was taken is for the caller to ask.
        """
        found = self._probe(batch.keys(self._classes.table), range(len(batch.starts)))
        fitting = self._patterns.find(batch)
        for row, plate in batch.umlauts.items():
            # The batch has the plain spelling (Ä as A); these are the others (Ä as AE).
            others = list(spellings(plate)[1:])
            if others:
                spelled = columns(others)
                found.update(self._probe(spelled.keys(self._classes.table), [row] * len(others)))
                fitting.update((row, key) for _, key in self._patterns.find(spelled))
        for row, key in fitting:
            alert = self.get(key)
            assert alert is not None, "a pattern belongs to an alert of the index"
            found[row, key] = alert
        return _in_order(found)

    @property
    def has_near(self) -> bool:
        """Whether any plate is of a list named in `near`."""
        return self._near is not None or self._delta.has_near

    def near(self, batch: Columns) -> tuple[NDArray[np.intp], Keys]:
        """The pairs of a plate of a batch and a listed plate that differ by one character, in their order.

        Returns the rows (intp, m) and the unmapped keys of the listed plates (uint64, m). They are those of
        the lists named in `near`, some of alerts that no longer count. In some spelling the two differ by one
        character that is another, one more or one less, characters of one confusable class being the same;
        in none are they the same, for `find` has those. Each pair comes once. No alert is read.
        """
        if not self.has_near:
            return np.zeros(0, dtype=np.intp), _NO_KEYS
        rows, keys = self._one_edit_from(batch)
        if batch.umlauts:
            more_rows, more_keys, same = self._other_spellings(batch.umlauts)
            rows, keys = np.concatenate([rows, more_rows]), np.concatenate([keys, more_keys])
            pairs = zip(rows.tolist(), mapped(keys, self._classes.table).tolist(), strict=True)
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
            for place, key, alert in self._under(mixed(mapped(keys, self._classes.table))):
                if sought[place] in packed(alert.plate):
                    found[beside[place], key] = alert
        return _in_order(found)

    def alerts(self) -> Iterator[Alert]:
        """All alerts in the version that counts, withdrawn or not, in no particular order."""
        yield from self._delta.alerts.values()
        if self._base is not None:
            for alert in self._base.alerts():
                if key_of(alert) not in self._delta.alerts:
                    yield alert

    def _set(self, alert: Alert) -> None:
        key = key_of(alert)
        self._patterns.remove(key)
        self._delta.put(alert)
        if is_pattern(alert.plate):
            self._patterns.add(key, normal(alert.plate, wildcards=True))

    def _probe(self, keys: Keys, rows: Sequence[int]) -> dict[tuple[int, AlertKey], Alert]:
        """The alerts under mapped keys, by row and key."""
        return {(rows[place], key): alert for place, key, alert in self._under(mixed(keys))}

    def _under(self, hashes: Words) -> Iterator[tuple[int, AlertKey, Alert]]:
        """The alerts under mixed keys (uint64, n), each with the place of its hash and with its key."""
        if self._base is not None:
            places, refs = self._base.find(hashes)
            for place, ref in zip(places.tolist(), refs.tolist(), strict=True):
                alert = self._base.alert(ref)
                key = key_of(alert)
                if key not in self._delta.alerts:
                    yield place, key, alert
        for place, key in self._delta.find(hashes):
            yield place, key, self._delta.alerts[key]

    def _one_edit_from(self, batch: Columns) -> tuple[NDArray[np.intp], Keys]:
        """The pairs of `near` of the plain spellings of a batch, in no order, some more than once."""
        variants = batch.deletions(self._classes.table)
        hashes = mixed(variants)
        rows, keys = np.zeros(0, dtype=np.intp), _NO_KEYS
        if self._near is not None:
            rows, keys = self._near.find(batch, hashes)
        changed = self._delta.near(hashes)
        if changed:
            slots = np.array([slot for slot, _ in changed], dtype=np.intp)
            rows = np.concatenate([rows, np.searchsorted(batch.starts, slots, side="right") - 1])
            keys = np.concatenate([keys, np.array([key for _, key in changed], dtype=np.uint64)])
        whole = variants[(batch.starts + batch.lengths)[rows]]
        good = one_edit(whole, mapped(keys, self._classes.table))
        if batch.faults:
            good &= ~np.isin(rows, list(batch.faults))
        return rows[good], keys[good]

    def _other_spellings(
        self, umlauts: dict[int, str]
    ) -> tuple[NDArray[np.intp], Keys, set[tuple[int, int]]]:
        """The pairs of `near` of the spellings that a batch has not, and each row with its mapped keys."""
        ways = [(row, way) for row, plate in umlauts.items() for way in spellings(plate)]
        batch = columns([way for _, way in ways])
        owners = np.array([row for row, _ in ways], dtype=np.intp)
        places, keys = self._one_edit_from(batch)
        same = set(zip(owners.tolist(), batch.keys(self._classes.table).tolist(), strict=True))
        return owners[places], keys, same


def _in_order(found: dict[tuple[int, AlertKey], Alert]) -> list[Candidate]:
    return [Candidate(row, alert) for (row, _), alert in sorted(found.items(), key=lambda item: item[0])]
