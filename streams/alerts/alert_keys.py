"""The keys under which the index stores an alert: its spellings, or its pattern."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from streams.alerts.bitmap import UInt64Array
from streams.plates.normal_form import PlateError, normalise, packable_spellings
from streams.plates.packed_keys import pack
from streams.plates.plate_columns import to_columns
from streams.records.alert import Alert
from streams.records.faults import Fault, shown_value

_encoder = msgspec.json.Encoder()
_NO_KEYS: Final[UInt64Array] = np.zeros(0, dtype=np.uint64)


class AlertKeys(NamedTuple):
    """The keys of a batch of alerts."""

    keys: UInt64Array
    """The packed keys of all plain spellings (uint64), each character mapped to the first of its class."""
    alert_indexes: NDArray[np.intp]
    """By key, the index of its alert in the batch."""
    unmapped_keys: UInt64Array
    """The packed keys of the same spellings, not mapped; empty unless asked for."""
    pattern_indexes: list[int]
    """The indexes of alerts whose plate has wildcards."""
    faults: dict[int, Fault]
    """By index in the batch, the faults of alerts with an invalid plate."""


def is_pattern(plate: str) -> bool:
    """True if a listed plate has wildcards."""
    return "?" in plate or "*" in plate


def pack_spellings(plate: str) -> set[int]:
    """Return the unmapped keys of the plain spellings of a listed plate; none for a pattern."""
    return set() if is_pattern(plate) else set(map(pack, packable_spellings(normalise(plate))))


def build_alert_keys(
    alerts: Sequence[Alert], table: NDArray[np.uint8], *, with_unmapped: bool = False
) -> AlertKeys:
    """Return the keys of a batch of alerts. `table` (uint8, 256) maps each code to the first of its class."""
    batch = to_columns([alert.plate for alert in alerts])
    pattern_indexes: list[int] = []
    faults: dict[int, Fault] = {}
    for index, rule in batch.faults.items():
        plate = alerts[index].plate
        try:
            if is_pattern(plate):
                normalise(plate, wildcards=True)
                pattern_indexes.append(index)
                continue
        except PlateError as error:
            rule = str(error)
        faults[index] = Fault("plate", rule, shown_value(plate, "plate"))
    is_plain = np.ones(len(alerts), dtype=bool)
    is_plain[[*batch.faults, *batch.umlauts]] = False
    keys = [batch.keys(table)[is_plain]]
    alert_indexes = [np.flatnonzero(is_plain)]
    unmapped = [batch.keys()[is_plain]] if with_unmapped else []
    for index, plate in batch.umlauts.items():
        spellings = to_columns(packable_spellings(plate))
        keys.append(spellings.keys(table))
        alert_indexes.append(np.full(len(spellings.starts), index, dtype=np.intp))
        if with_unmapped:
            unmapped.append(spellings.keys())
    return AlertKeys(
        np.concatenate(keys),
        np.concatenate(alert_indexes),
        np.concatenate(unmapped) if with_unmapped else _NO_KEYS,
        pattern_indexes,
        faults,
    )


def supersedes(alert: Alert, other: Alert) -> bool:
    """True if an alert takes precedence over another of the same key: the higher version does.

    Two different contents under one version are a mistake of the list's owner. Which of them counts must not
    depend on the order of arrival, so it is the one with the greater encoding.
    """
    if alert.version != other.version:
        return alert.version > other.version
    return _encoder.encode(alert) > _encoder.encode(other)
