"""What to do on a hit: the alert's action, as the territory has it."""

from typing import Final, NamedTuple

from streams.records.alert import Alert
from streams.records.types import ActionCode, Basis

FLAGGABLE_BASES: Final[frozenset[Basis]] = frozenset({"SIS-36-discreet", "SIS-36-inquiry", "SIS-36-specific"})
"""The bases whose alerts may have a flag: of those on vehicles only article 36 stands in article 24(1) of
Regulation (EU) 2018/1862; seizure under article 38 cannot be flagged."""


class Action(NamedTuple):
    """What to do, and the id of the rule that says so."""

    code: ActionCode
    rule_id: str


def decide_action(alert: Alert, territory: str | None) -> Action:
    """What to do on a hit of an alert in a territory; None if it is not known whose ground it is.

    A flag of the territory goes first: there the action is not taken, and what the flag says is done. Then
    what the alert has for the territory, then its default.
    """
    if territory is not None:
        if alert.flags and territory in alert.flags and alert.basis in FLAGGABLE_BASES:
            return Action(alert.flags[territory], f"action.flag.{territory}")
        if territory in alert.action:
            return Action(alert.action[territory], f"action.{territory}")
    return Action(alert.action["default"], "action.default")
