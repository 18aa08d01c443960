"""The records that bring the alert lists of files onto the topic of alerts."""

from array import array
from collections.abc import Iterator, Set
from typing import Final, NamedTuple

import numpy as np

from streams.alerts import Index, Snapshot
from streams.kafka.record_keys import encode_alert_key
from streams.records.alert import Alert, AlertKey, alert_key
from streams.records.encode import encode
from streams.records.times import Millis

_CHUNK_SIZE: Final = 100_000


class ListChanges:
    """Counts of the alerts of one list, by the change that a load makes to them."""

    def __init__(self) -> None:
        self.added = 0
        self.changed = 0
        self.withdrawn = 0
        self.unchanged = 0
        self.absent = 0
        """Those of `withdrawn` that are on the topic and not in the files at all."""

    @property
    def on_topic(self) -> int:
        """The alerts of the list that are on the topic now."""
        return self.changed + self.withdrawn + self.unchanged


class PlannedRecords:
    """The records to write, each a key and a value, or a key and None for a withdrawal.

    Values are encoded on iteration: there may be millions.
    """

    def __init__(self, files: Snapshot) -> None:
        self._files = files
        self._refs: array[int] = array("Q")
        self._withdrawals: list[AlertKey] = []

    def __len__(self) -> int:
        return len(self._refs) + len(self._withdrawals)

    def __iter__(self) -> Iterator[tuple[bytes, bytes | None]]:
        for ref in self._refs:
            alert = self._files.read_alert(ref)
            yield encode_alert_key(alert_key(alert)), encode(alert)
        for key in self._withdrawals:
            yield encode_alert_key(key), None

    def add_alert(self, ref: int) -> None:
        """Add the alert at a reference in the snapshot of the files."""
        self._refs.append(ref)

    def add_withdrawal(self, key: AlertKey) -> None:
        """Add a withdrawal."""
        self._withdrawals.append(key)


class SyncPlan(NamedTuple):
    """The changes that bring the lists of files onto the topic."""

    lists: dict[str, ListChanges]
    """The counts of each list concerned, in the order of list_id."""
    faults: list[str]
    """Alerts that cannot be written, a line each."""
    future_withdrawals: int
    """Alerts that the files withdraw at a time still to come; they stay effective until a later load."""
    records: PlannedRecords
    """The records to write."""


def plan_sync(
    file_index: Index,
    in_files: Snapshot,
    on_topic: Snapshot,
    list_ids: Set[str],
    now_ms: Millis,
    *,
    keep_absent: bool = False,
) -> SyncPlan:
    """Return the plan that brings the lists of files onto a topic.

    `in_files` holds the lists of the files and `file_index` is its index; `on_topic` holds those on the
    topic, without what was withdrawn there. The lists concerned are those of the alerts in the files, and
    `list_ids`. Alerts of these on the topic that are not in the files are withdrawn, unless `keep_absent`.
    """
    counts = {list_id: ListChanges() for list_id in list_ids}
    records, faults, future_withdrawals = PlannedRecords(in_files), list[str](), 0
    join = _SnapshotJoin(in_files, on_topic)
    for ref, alert, published in join.pairs():
        changes = counts.setdefault(alert.list_id, ListChanges())
        withdrawn_ms = file_index.withdrawn_at_ms(alert)
        if withdrawn_ms is not None and withdrawn_ms <= now_ms:
            if published is not None:
                changes.withdrawn += 1
                records.add_withdrawal(alert_key(alert))
            continue
        future_withdrawals += withdrawn_ms is not None
        if published is None:
            changes.added += 1
        elif _is_same(alert, published):
            changes.unchanged += 1
            continue
        else:
            changes.changed += 1
            if alert.version <= published.version:
                faults.append(_version_fault(alert, published))
        records.add_alert(ref)
    for published in join.unmatched():
        list_changes = counts.get(published.list_id)
        if list_changes is None:
            continue
        withdrawn_ms = file_index.withdrawn_at_ms(published)
        if keep_absent if withdrawn_ms is None else withdrawn_ms > now_ms:
            list_changes.unchanged += 1
            future_withdrawals += withdrawn_ms is not None
            continue
        list_changes.withdrawn += 1
        list_changes.absent += withdrawn_ms is None
        records.add_withdrawal(alert_key(published))
    return SyncPlan(dict(sorted(counts.items())), faults, future_withdrawals, records)


def find_refusals(lists: dict[str, ListChanges], max_absent_share: float) -> list[str]:
    """Return why a plan must not be carried out: a line for each list with too many alerts absent."""
    return [
        f"{list_id}: {changes.absent:,} of its {changes.on_topic:,} alerts on the topic are not in the files "
        f"and would be withdrawn, more than a share of {max_absent_share:g}: check that the files are "
        f"complete; if this is intended, --gone-up-to {_absent_share(changes):g} allows it"
        for list_id, changes in lists.items()
        if changes.absent > max_absent_share * changes.on_topic
    ]


class _SnapshotJoin:
    """Each alert of one snapshot with the alert of the same key in another.

    Both are in the order of the hashes of their keys, so millions are joined without a lookup each.
    """

    def __init__(self, left: Snapshot, right: Snapshot) -> None:
        self._left = left
        self._right = right
        self._right_ids = right.section_array("id_hashes")
        self._right_refs = right.section_array("id_refs")
        self._matched = np.zeros(len(right), dtype=bool)

    def pairs(self) -> Iterator[tuple[int, Alert, Alert | None]]:
        """Yield each alert on the left: its reference, the alert, and that on the right or None."""
        ids, refs = self._left.section_array("id_hashes"), self._left.section_array("id_refs")
        for start in range(0, len(ids), _CHUNK_SIZE):
            chunk = ids[start : start + _CHUNK_SIZE]
            positions = np.searchsorted(self._right_ids, chunk)
            for id_, position, ref in zip(
                chunk.tolist(), positions.tolist(), refs[start : start + _CHUNK_SIZE].tolist(), strict=True
            ):
                alert = self._left.read_alert(ref)
                yield ref, alert, self._find_match(id_, position, alert_key(alert))

    def unmatched(self) -> Iterator[Alert]:
        """Yield the alerts on the right that were in no pair."""
        for index in np.flatnonzero(~self._matched).tolist():
            yield self._right.read_alert(int(self._right_refs[index]))

    def _find_match(self, id_: int, index: int, key: AlertKey) -> Alert | None:
        # Several keys may have one hash.
        while index < len(self._right_ids) and self._right_ids[index] == id_:
            alert = self._right.read_alert(int(self._right_refs[index]))
            if alert_key(alert) == key:
                self._matched[index] = True
                return alert
            index += 1
        return None


def _is_same(alert: Alert, published: Alert) -> bool:
    # Compared as encoded, for times on the topic have milliseconds only.
    return alert == published or (alert.version == published.version and encode(alert) == encode(published))


def _version_fault(alert: Alert, published: Alert) -> str:
    name = f"{alert.list_id}/{alert.alert_id}: version {alert.version}"
    if alert.version == published.version:
        return f"{name} is on the topic with other content; give the changed alert a higher version"
    return f"{name} is below version {published.version} on the topic; versions must rise"


def _absent_share(changes: ListChanges) -> float:
    """Return the share of absent alerts, rounded up to hundredths."""
    return -(-changes.absent * 100 // changes.on_topic) / 100
