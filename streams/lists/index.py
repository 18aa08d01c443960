"""Index: all alert lists in memory, asked by whole batches of plates."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import numpy as np

from streams.lists.bits import mixed
from streams.lists.delta import Delta
from streams.lists.entries import beats, entries_of, is_pattern
from streams.lists.patterns import Patterns
from streams.lists.snapshot import Snapshot
from streams.plates.confusion import CLASSES, Classes
from streams.plates.keys import Columns, columns
from streams.plates.normal import normal, spellings
from streams.records.alert import Alert, AlertKey, Withdrawal, key_of
from streams.records.faults import Fault
from streams.records.times import to_ms


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
    """

    def __init__(self, base: Snapshot | None = None, classes: Classes = CLASSES) -> None:
        self._classes = classes
        self._base = base
        self._delta = Delta(classes)
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
        for row, plate in batch.umlauts.items():
            # The batch has the plain spelling (Ä as A); these are the others (Ä as AE).
            others = list(spellings(plate)[1:])
            if others:
                keys = columns(others).keys(self._classes.table)
                found.update(self._probe(keys, [row] * len(others)))
        for row, key in self._patterns.find(batch):
            alert = self.get(key)
            assert alert is not None, "a pattern belongs to an alert of the index"
            found[row, key] = alert
        return [Candidate(row, alert) for (row, _), alert in sorted(found.items(), key=lambda item: item[0])]

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

    def _probe(
        self, keys: np.ndarray[tuple[int], np.dtype[np.uint64]], rows: range | list[int]
    ) -> dict[tuple[int, AlertKey], Alert]:
        found: dict[tuple[int, AlertKey], Alert] = {}
        hashes = mixed(keys)
        if self._base is not None:
            places, refs = self._base.find(hashes)
            for place, ref in zip(places.tolist(), refs.tolist(), strict=True):
                alert = self._base.alert(ref)
                key = key_of(alert)
                if key not in self._delta.alerts:
                    found[rows[place], key] = alert
        for place, key in self._delta.find(hashes):
            found[rows[place], key] = self._delta.alerts[key]
        return found
