"""What must be written to the topic so that it holds the lists as files have them."""

from array import array
from collections.abc import Iterator, Set
from typing import Final, NamedTuple

import numpy as np

from streams.alerts import Index, Snapshot
from streams.kafka.record_keys import key_bytes
from streams.records.alert import Alert, AlertKey, key_of
from streams.records.encode import encode

_CHUNK: Final = 100_000


class Counts:
    """What a load does to a list."""

    def __init__(self) -> None:
        self.added = 0
        self.changed = 0
        self.withdrawn = 0
        self.unchanged = 0
        self.gone = 0
        """Of those withdrawn: on the topic, and not in the files at all."""

    @property
    def before(self) -> int:
        """How many alerts of the list are on the topic now."""
        return self.changed + self.withdrawn + self.unchanged


class Puts:
    """The records to be written: key, and value or None for a withdrawal.

    Values are made when they are asked for: there may be millions.
    """

    def __init__(self, files: Snapshot) -> None:
        self._files = files
        self._refs: array[int] = array("Q")
        self._ends: list[AlertKey] = []

    def __len__(self) -> int:
        return len(self._refs) + len(self._ends)

    def __iter__(self) -> Iterator[tuple[bytes, bytes | None]]:
        for ref in self._refs:
            alert = self._files.alert(ref)
            yield key_bytes(key_of(alert)), encode(alert)
        for key in self._ends:
            yield key_bytes(key), None

    def put(self, ref: int) -> None:
        """Notes the alert at a place of the files' snapshot."""
        self._refs.append(ref)

    def end(self, key: AlertKey) -> None:
        """Notes a withdrawal."""
        self._ends.append(key)


class Plan(NamedTuple):
    """The counts of each list concerned, by list_id in order; what is wrong, a line each; how many alerts are
    withdrawn in the files at a time that lies ahead; and what is to be written."""

    lists: dict[str, Counts]
    faults: list[str]
    ahead: int
    puts: Puts


def plan(
    files: Index,
    in_files: Snapshot,
    on_topic: Snapshot,
    lists: Set[str],
    now: int,
    *,
    keep_absent: bool = False,
) -> Plan:
    """The plan that brings the lists concerned onto a topic.

    `in_files` are the lists as files have them, whole, and `files` the index of it; `on_topic` those on the
    topic, without what was withdrawn there. Concerned are the lists of the alerts in the files, and `lists`.
    Alerts on the topic that are not in the files are withdrawn, unless `keep_absent`. `now` is in ms since
    1970 UTC.
    """
    counts = {list_id: Counts() for list_id in lists}
    puts, faults, ahead = Puts(in_files), list[str](), 0
    join = _Join(in_files, on_topic)
    for ref, alert, there in join.pairs():
        count = counts.setdefault(alert.list_id, Counts())
        withdrawn = files.withdrawn_at(alert)
        if withdrawn is not None and withdrawn <= now:
            if there is not None:
                count.withdrawn += 1
                puts.end(key_of(alert))
            continue
        ahead += withdrawn is not None
        if there is None:
            count.added += 1
        elif _same(alert, there):
            count.unchanged += 1
            continue
        else:
            count.changed += 1
            if alert.version <= there.version:
                faults.append(_version_fault(alert, there))
        puts.put(ref)
    for there in join.left():
        absent = counts.get(there.list_id)
        if absent is None:
            continue
        withdrawn = files.withdrawn_at(there)
        if keep_absent if withdrawn is None else withdrawn > now:
            absent.unchanged += 1
            ahead += withdrawn is not None
            continue
        absent.withdrawn += 1
        absent.gone += withdrawn is None
        puts.end(key_of(there))
    return Plan(dict(sorted(counts.items())), faults, ahead, puts)


def refused(lists: dict[str, Counts], share: float) -> list[str]:
    """Why a plan must not be carried out, a line for each list of which more than a share is missing."""
    return [
        f"{list_id}: {count.gone:,} of its {count.before:,} alerts on the topic are not in the files and "
        f"would be withdrawn, more than a share of {share:g}: see that the files are whole; if this is "
        f"meant, --gone-up-to {_share(count):g} allows it"
        for list_id, count in lists.items()
        if count.gone > share * count.before
    ]


class _Join:
    """Each alert of one snapshot with that of the same key in another. Both have them in the order of the
    hashes of their keys, so millions need no look-up each."""

    def __init__(self, ours: Snapshot, theirs: Snapshot) -> None:
        self._ours = ours
        self._theirs = theirs
        self._their_ids = theirs.words("id_hashes")
        self._their_refs = theirs.words("id_refs")
        self._met = np.zeros(len(theirs), dtype=bool)

    def pairs(self) -> Iterator[tuple[int, Alert, Alert | None]]:
        """Each of ours: where it is, the alert, and theirs or None."""
        ids, refs = self._ours.words("id_hashes"), self._ours.words("id_refs")
        for start in range(0, len(ids), _CHUNK):
            some = ids[start : start + _CHUNK]
            firsts = np.searchsorted(self._their_ids, some)
            for id_, first, ref in zip(
                some.tolist(), firsts.tolist(), refs[start : start + _CHUNK].tolist(), strict=True
            ):
                alert = self._ours.alert(ref)
                yield ref, alert, self._other(id_, first, key_of(alert))

    def left(self) -> Iterator[Alert]:
        """Those of theirs that no pair had."""
        for place in np.flatnonzero(~self._met).tolist():
            yield self._theirs.alert(int(self._their_refs[place]))

    def _other(self, id_: int, place: int, key: AlertKey) -> Alert | None:
        # Several keys may have one hash.
        while place < len(self._their_ids) and self._their_ids[place] == id_:
            alert = self._theirs.alert(int(self._their_refs[place]))
            if key_of(alert) == key:
                self._met[place] = True
                return alert
            place += 1
        return None


def _same(alert: Alert, there: Alert) -> bool:
    # As they are written, for times on the topic have milliseconds only.
    return alert == there or (alert.version == there.version and encode(alert) == encode(there))


def _version_fault(alert: Alert, there: Alert) -> str:
    where = f"{alert.list_id}/{alert.alert_id}: version {alert.version}"
    if alert.version == there.version:
        return f"{where} is on the topic with other content; give what has changed a higher version"
    return f"{where} is below version {there.version} on the topic; versions rise"


def _share(count: Counts) -> float:
    """The share that is gone, rounded up to hundredths."""
    return -(-count.gone * 100 // count.before) / 100
