"""From an alert to what the index keeps of it: its spellings, or its pattern."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from streams.alerts.bitmap import UInt64Array
from streams.plates.normal_form import PlateError, normalise, packable_spellings
from streams.plates.packed_keys import pack, to_columns
from streams.records.alert import Alert
from streams.records.faults import Fault, shown_value

_encoder = msgspec.json.Encoder()
_NO_KEYS: Final[UInt64Array] = np.zeros(0, dtype=np.uint64)


class AlertKeys(NamedTuple):
    """What the index keeps of a batch of alerts.

    `keys` (uint64) are those of all plain spellings, their characters mapped to their class's first;
    `alert` (intp) is the place of each key's alert in the batch. `plates` (uint64) are the keys of the same
    spellings unmapped, if they were asked for. `patterns` are the places of alerts whose plate has wildcards,
    `faults` those of alerts whose plate is none.
    """

    keys: UInt64Array
    alert_indexes: NDArray[np.intp]
    unmapped_keys: UInt64Array
    pattern_indexes: list[int]
    faults: dict[int, Fault]


def is_pattern(plate: str) -> bool:
    """Whether a listed plate has wildcards."""
    return "?" in plate or "*" in plate


def pack_spellings(plate: str) -> set[int]:
    """The unmapped keys of the plain spellings of a listed plate; none for one with wildcards."""
    return set() if is_pattern(plate) else set(map(pack, packable_spellings(normalise(plate))))


def build_alert_keys(
    alerts: Sequence[Alert], table: NDArray[np.uint8], *, with_unmapped: bool = False
) -> AlertKeys:
    """The entries of a batch of alerts. `table` (uint8, 256) maps each code to its class's first.

    `plates` asks for the unmapped keys too.
    """
    batch = to_columns([alert.plate for alert in alerts])
    patterns: list[int] = []
    faults: dict[int, Fault] = {}
    for place, rule in batch.faults.items():
        plate = alerts[place].plate
        try:
            if is_pattern(plate):
                normalise(plate, wildcards=True)
                patterns.append(place)
                continue
        except PlateError as error:
            rule = str(error)
        faults[place] = Fault("plate", rule, shown_value(plate, "plate"))
    plain = np.ones(len(alerts), dtype=bool)
    plain[[*batch.faults, *batch.umlauts]] = False
    keys = [batch.keys(table)[plain]]
    owners = [np.flatnonzero(plain)]
    unmapped = [batch.keys()[plain]] if with_unmapped else []
    for place, plate in batch.umlauts.items():
        ways = to_columns(packable_spellings(plate))
        keys.append(ways.keys(table))
        owners.append(np.full(len(ways.starts), place, dtype=np.intp))
        if with_unmapped:
            unmapped.append(ways.keys())
    return AlertKeys(
        np.concatenate(keys),
        np.concatenate(owners),
        np.concatenate(unmapped) if with_unmapped else _NO_KEYS,
        patterns,
        faults,
    )


def supersedes(alert: Alert, other: Alert) -> bool:
    """Whether an alert counts instead of another of the same key: the higher version does.

    Two that differ under one version are their owner's mistake; which of them counts must not depend on the
    order of arrival, so the greater encoding does.
    """
    if alert.version != other.version:
        return alert.version > other.version
    return _encoder.encode(alert) > _encoder.encode(other)
