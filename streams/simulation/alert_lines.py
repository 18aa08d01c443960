"""Alerts as JSON lines (`streams.records.alert.Alert`)."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from streams.records.times import DAY_MS, Millis
from streams.records.types import ActionCode, Basis
from streams.simulation.jsonl_columns import (
    ByteColumn,
    format_digits,
    format_times,
    join_columns,
    mask_rows,
    text_table,
)
from streams.simulation.vehicles import Texts


class ListKind(NamedTuple):
    """The fields that all alerts of a list share."""

    basis: Basis
    reason: str
    action: dict[str, ActionCode]
    priority: int


LIST_KINDS: Final[Mapping[str, ListKind]] = {
    "sis-36": ListKind("SIS-36-discreet", "discreet check on a vehicle", {"default": "discreet-check"}, 1),
    "sis-38": ListKind("SIS-38-seizure", "stolen vehicle", {"default": "seize", "FR": "stop"}, 2),
    "be-national": ListKind("NATIONAL", "vehicle of a wanted person", {"default": "inform", "BE": "stop"}, 3),
    "joint-operation": ListKind("OPERATION", "seen at a theft", {"default": "stop"}, 2),
}
LIST_IDS: Final = tuple(LIST_KINDS)
PATTERN_LIST: Final = "joint-operation"
"""The list whose plates end in wildcards."""
_SHARES: Final = {"sis-36": 0.15, "sis-38": 0.6, "be-national": 0.23, "joint-operation": 0.02}
_WILDCARDS: Final = 2
_MIN_LITERALS: Final = 4
"""A plate that would keep fewer letters and digits than this gets no wildcards."""
_VALID_BEFORE_DAYS: Final = (2, 365)
_VALID_AFTER_DAYS: Final = (7, 365)


class AlertColumns(NamedTuple):
    """n alerts: `list_index` (intp) is an index in LIST_IDS, `plate` may have wildcards."""

    list_index: NDArray[np.intp]
    plate: Texts
    valid_from_ms: NDArray[np.int64]
    valid_until_ms: NDArray[np.int64]


def sample_alerts(rng: np.random.Generator, plates: Texts, begin_ms: Millis, end_ms: Millis) -> AlertColumns:
    """Sample alerts for plates, valid during the whole time from `begin_ms` to `end_ms`."""
    count = len(plates)
    shares = np.array([_SHARES[name] for name in LIST_IDS])
    list_index = rng.choice(len(LIST_IDS), count, p=shares)
    plate = plates.copy()
    length = (plates > 0).sum(axis=1)
    is_pattern = (list_index == LIST_IDS.index(PATTERN_LIST)) & (length >= _MIN_LITERALS + _WILDCARDS)
    patterns = np.flatnonzero(is_pattern)
    for position in range(1, _WILDCARDS + 1):
        plate[patterns, length[patterns] - position] = ord("?")
    before, after = (rng.integers(*days, count) * DAY_MS for days in (_VALID_BEFORE_DAYS, _VALID_AFTER_DAYS))
    # Validity periods run from midnight to midnight.
    midnight = begin_ms - begin_ms % DAY_MS
    until = end_ms - end_ms % DAY_MS + DAY_MS
    return AlertColumns(list_index, plate, midnight - before, until + after)


def alert_ids(index: NDArray[np.intp]) -> ByteColumn:
    """Return the `alert_id` of alerts by index."""
    prefix = np.full((len(index), 1), ord("A"), dtype=np.uint8)
    return np.concatenate([prefix, format_digits(index.astype(np.int64), 7)], axis=1)


def alert_keys(alerts: AlertColumns, index: NDArray[np.intp]) -> ByteColumn:
    """Return the list and alert id of alerts by index, as in a record key: `sis-36/A0000007`."""
    lists = text_table([f"{name}/" for name in LIST_IDS])
    return np.concatenate([lists[alerts.list_index[index]], alert_ids(index)], axis=1)


def alert_lines(
    alerts: AlertColumns,
    start: int,
    stop: int,
    country: ByteColumn,
    appearance: ByteColumn,
    described: NDArray[np.bool_],
) -> bytes:
    """Return the lines of the alerts with indices from `start` up to `stop` (exclusive).

    `country` is that of the plate, `appearance` the JSON fields of the vehicle's appearance, each after a
    comma. Both have a row for each of these alerts. Only `described` alerts include the appearance.
    """
    rows = slice(start, stop)
    count = stop - start
    list_fields = text_table(
        [
            orjson.dumps(
                {
                    "list_id": name,
                    "basis": kind.basis,
                    "reason": kind.reason,
                    "action": kind.action,
                    "priority": kind.priority,
                }
            ).decode()[:-1]
            for name, kind in LIST_KINDS.items()
        ]
    )
    vehicle = np.concatenate(
        [
            text_table([',"vehicle":{']).repeat(count, axis=0),
            appearance[:, 1:],
            text_table(["}"]).repeat(count, axis=0),
        ],
        axis=1,
    )
    return join_columns(
        count,
        list_fields[alerts.list_index[rows]],
        b',"alert_id":"', alert_ids(np.arange(start, stop)),
        b'","version":1,"plate":"', alerts.plate[rows],
        b'","country":"', country,
        b'"', mask_rows(described, vehicle),
        b',"valid_from":"', format_times(alerts.valid_from_ms[rows]),
        b'","valid_until":"', format_times(alerts.valid_until_ms[rows]),
        b'"}\n',
    )  # fmt: skip
