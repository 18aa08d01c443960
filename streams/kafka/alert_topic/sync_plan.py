"""What must be written to the topic so that it holds the lists as files have them."""

from array import array
from collections.abc import Iterator, Set
from typing import Final, NamedTuple

import numpy as np

from streams.alerts import Index, Snapshot
from streams.kafka.record_keys import encode_alert_key
from streams.records.alert import Alert, AlertKey, alert_key
from streams.records.encode import encode

_CHUNK_SIZE: Final = 100_000


class ListChanges:
    """What a load does to a list."""

    def __init__(self) -> None:
        self.added = 0
        self.changed = 0
        self.withdrawn = 0
        self.unchanged = 0
        self.gone = 0
        """Of those withdrawn: on the topic, and not in the files at all."""

    @property
    def on_topic(self) -> int:
        """How many alerts of the list are on the topic now."""
        return self.changed + self.withdrawn + self.unchanged


class PlannedRecords:
    """The records to be written: key, and value or None for a withdrawal.

    Values are made when they are asked for: there may be millions.
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
        """Notes the alert at a place of the files' snapshot."""
        self._refs.append(ref)

    def add_withdrawal(self, key: AlertKey) -> None:
        """Notes a withdrawal."""
        self._withdrawals.append(key)


class SyncPlan(NamedTuple):
    """The counts of each list concerned, by list_id in order; what is wrong, a line each; how many alerts are
    withdrawn in the files at a time that lies ahead; and what is to be written."""

    lists: dict[str, ListChanges]
    faults: list[str]
    future_withdrawals: int
    records: PlannedRecords


def plan_sync(
    file_index: Index,
    in_files: Snapshot,
    on_topic: Snapshot,
    list_ids: Set[str],
    now_ms: int,
    *,
    keep_absent: bool = False,
) -> SyncPlan:
    """The plan that brings the lists concerned onto a topic.

    `in_files` are the lists as files have them, whole, and `files` the index of it; `on_topic` those on the
    topic, without what was withdrawn there. Concerned are the lists of the alerts in the files, and `lists`.
    Alerts on the topic that are not in the files are withdrawn, unless `keep_absent`. `now` is in ms since
    1970 UTC.
    """
    counts = {list_id: ListChanges() for list_id in list_ids}
    puts, faults, ahead = PlannedRecords(in_files), list[str](), 0
    join = _SnapshotJoin(in_files, on_topic)
    for ref, alert, there in join.pairs():
        count = counts.setdefault(alert.list_id, ListChanges())
        withdrawn = file_index.withdrawn_at_ms(alert)
        if withdrawn is not None and withdrawn <= now_ms:
            if there is not None:
                count.withdrawn += 1
                puts.add_withdrawal(alert_key(alert))
            continue
        ahead += withdrawn is not None
        if there is None:
            count.added += 1
        elif _is_same(alert, there):
            count.unchanged += 1
            continue
        else:
            count.changed += 1
            if alert.version <= there.version:
                faults.append(_version_fault(alert, there))
        puts.add_alert(ref)
    for there in join.unmatched():
        absent = counts.get(there.list_id)
        if absent is None:
            continue
        withdrawn = file_index.withdrawn_at_ms(there)
        if keep_absent if withdrawn is None else withdrawn > now_ms:
            absent.unchanged += 1
            ahead += withdrawn is not None
            continue
        absent.withdrawn += 1
        absent.gone += withdrawn is None
        puts.add_withdrawal(alert_key(there))
    return SyncPlan(dict(sorted(counts.items())), faults, ahead, puts)


def find_refusals(lists: dict[str, ListChanges], max_share: float) -> list[str]:
    """Why a plan must not be carried out, a line for each list of which more than a share is missing."""
    return [
        f"{list_id}: {count.gone:,} of its {count.on_topic:,} alerts on the topic are not in the files and "
        f"would be withdrawn, more than a share of {max_share:g}: see that the files are whole; if this is "
        f"meant, --gone-up-to {_gone_share(count):g} allows it"
        for list_id, count in lists.items()
        if count.gone > max_share * count.on_topic
    ]


class _SnapshotJoin:
    """Each alert of one snapshot with that of the same key in another. Both have them in the order of the
    hashes of their keys, so millions need no look-up each."""

    def __init__(self, ours: Snapshot, theirs: Snapshot) -> None:
        self._ours = ours
        self._theirs = theirs
        self._their_ids = theirs.section_array("id_hashes")
        self._their_refs = theirs.section_array("id_refs")
        self._matched = np.zeros(len(theirs), dtype=bool)

    def pairs(self) -> Iterator[tuple[int, Alert, Alert | None]]:
        """Each of ours: where it is, the alert, and theirs or None."""
        ids, refs = self._ours.section_array("id_hashes"), self._ours.section_array("id_refs")
        for start in range(0, len(ids), _CHUNK_SIZE):
            some = ids[start : start + _CHUNK_SIZE]
            firsts = np.searchsorted(self._their_ids, some)
            for id_, first, ref in zip(
                some.tolist(), firsts.tolist(), refs[start : start + _CHUNK_SIZE].tolist(), strict=True
            ):
                alert = self._ours.read_alert(ref)
                yield ref, alert, self._find_match(id_, first, alert_key(alert))

    def unmatched(self) -> Iterator[Alert]:
        """Those of theirs that no pair had."""
        for place in np.flatnonzero(~self._matched).tolist():
            yield self._theirs.read_alert(int(self._their_refs[place]))

    def _find_match(self, id_: int, index: int, key: AlertKey) -> Alert | None:
        # Several keys may have one hash.
        while index < len(self._their_ids) and self._their_ids[index] == id_:
            alert = self._theirs.read_alert(int(self._their_refs[index]))
            if alert_key(alert) == key:
                self._matched[index] = True
                return alert
            index += 1
        return None


def _is_same(alert: Alert, on_topic: Alert) -> bool:
    # As they are written, for times on the topic have milliseconds only.
    return alert == on_topic or (alert.version == on_topic.version and encode(alert) == encode(on_topic))


def _version_fault(alert: Alert, on_topic: Alert) -> str:
    where = f"{alert.list_id}/{alert.alert_id}: version {alert.version}"
    if alert.version == on_topic.version:
        return f"{where} is on the topic with other content; give what has changed a higher version"
    return f"{where} is below version {on_topic.version} on the topic; versions rise"


def _gone_share(changes: ListChanges) -> float:
    """The share that is gone, rounded up to hundredths."""
    return -(-changes.gone * 100 // changes.on_topic) / 100
