"""Alerts as JSON lines (`streams.records.alert.Alert`)."""

from typing import Final, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from streams.records.times import DAY_MS
from streams.simulation.demo_listed import LIST_KINDS
from streams.simulation.jsonl_columns import Bytes, digits, joined, table, times, where
from streams.simulation.vehicles import Texts

LISTS: Final = tuple(LIST_KINDS)
PATTERNS: Final = "joint-operation"
"""The list whose plates have their last characters open."""
_SHARES: Final = {"sis-36": 0.15, "sis-38": 0.6, "be-national": 0.23, "joint-operation": 0.02}
_OPEN: Final = 2
_LITERALS: Final = 4
"""A plate with fewer letters and digits than this beside the open ones stays whole."""
_BEFORE_DAYS: Final = (2, 365)
_AFTER_DAYS: Final = (7, 365)


class Alerts(NamedTuple):
    """n alerts: `list` (intp) is a place in LISTS; `plate` is the alert's; times are ms since 1970 UTC."""

    list: NDArray[np.intp]
    plate: Texts
    valid_from: NDArray[np.int64]
    valid_until: NDArray[np.int64]


def alerts(rng: np.random.Generator, plates: Texts, begin_ms: int, end_ms: int) -> Alerts:
    """Alerts for the vehicles with some plates, in force over all the time from a beginning to an end."""
    count = len(plates)
    shares = np.array([_SHARES[name] for name in LISTS])
    of = rng.choice(len(LISTS), count, p=shares)
    plate = plates.copy()
    length = (plates > 0).sum(axis=1)
    opened = np.flatnonzero((of == LISTS.index(PATTERNS)) & (length >= _LITERALS + _OPEN))
    for place in range(1, _OPEN + 1):
        plate[opened, length[opened] - place] = ord("?")
    before, after = (rng.integers(*days, count) * DAY_MS for days in (_BEFORE_DAYS, _AFTER_DAYS))
    # From midnight to midnight, as lists have it.
    midnight = begin_ms - begin_ms % DAY_MS
    until = end_ms - end_ms % DAY_MS + DAY_MS
    return Alerts(of, plate, midnight - before, until + after)


def ids(number: NDArray[np.intp]) -> Bytes:
    """The `alert_id` of alerts by number."""
    prefix = np.full((len(number), 1), ord("A"), dtype=np.uint8)
    return np.concatenate([prefix, digits(number.astype(np.int64), 7)], axis=1)


def keys(made: Alerts, number: NDArray[np.intp]) -> Bytes:
    """List and alert of alerts by number, as in the key of a record: `sis-36/A0000007`."""
    lists = table([f"{name}/" for name in LISTS])
    return np.concatenate([lists[made.list[number]], ids(number)], axis=1)


def alert_lines(
    made: Alerts, start: int, stop: int, country: Bytes, looks: Bytes, described: NDArray[np.bool_]
) -> bytes:
    """The lines of the alerts from one number to before another.

    `country` is that of the plate, `looks` the fields of the vehicle's looks with commas before them, each a
    column for these alerts; they are told where the vehicle is `described`.
    """
    rows = slice(start, stop)
    of, count = made.list[rows], stop - start
    what = table(
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
            table([',"vehicle":{']).repeat(count, axis=0),
            looks[:, 1:],
            table(["}"]).repeat(count, axis=0),
        ],
        axis=1,
    )
    return joined(
        count,
        what[of],
        b',"alert_id":"', ids(np.arange(start, stop)),
        b'","version":1,"plate":"', made.plate[rows],
        b'","country":"', country,
        b'"', where(described, vehicle),
        b',"valid_from":"', times(made.valid_from[rows]),
        b'","valid_until":"', times(made.valid_until[rows]),
        b'"}\n',
    )  # fmt: skip
