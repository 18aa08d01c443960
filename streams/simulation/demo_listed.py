"""Alerts of made-up lists, each with the plate of the vehicle it is about."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Final, NamedTuple

from streams.records.alert import Alert, MatchMode
from streams.records.types import ActionCode, Basis
from streams.simulation.demo_plates import Plate, plate

_BEFORE: Final = timedelta(days=30)
_AFTER: Final = timedelta(days=60)
_OPEN: Final = 2
"""Characters at the end of a plate that a pattern leaves open."""


class Listed(NamedTuple):
    """An alert and the plate of the vehicle sought."""

    alert: Alert
    plate: Plate


class ListKind(NamedTuple):
    """What the alerts of a list have in common."""

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
"""The lists of the examples."""
_OTHER: Final = ListKind("NATIONAL", "vehicle sought", {"default": "inform"}, 3)


def listed(lists: Mapping[str, MatchMode], count: int, seed: int, at: datetime) -> list[Listed]:
    """`count` alerts for each list, in force from thirty days before a time to sixty days after it.

    A list whose mode is `pattern` has plates with the last two characters open.
    """
    rng = Random(seed)
    return [
        _listed(list_id, mode, number, plate(rng), at)
        for list_id, mode in lists.items()
        for number in range(1, count + 1)
    ]


def _listed(list_id: str, mode: MatchMode, number: int, sought: Plate, at: datetime) -> Listed:
    kind = LIST_KINDS.get(list_id, _OTHER)
    alert = Alert(
        list_id=list_id,
        alert_id=f"A{number:03d}",
        version=1,
        plate=sought.text[:-_OPEN] + "?" * _OPEN if mode == "pattern" else sought.text,
        basis=kind.basis,
        reason=kind.reason,
        action=kind.action,
        valid_from=at - _BEFORE,
        valid_until=at + _AFTER,
        country=sought.country,
        priority=kind.priority,
    )
    return Listed(alert, sought)
