"""The action on a hit: that of the alert for the territory."""

from typing import Final, NamedTuple

from streams.records.alert import Alert
from streams.records.types import ActionCode, Basis

FLAGGABLE_BASES: Final[frozenset[Basis]] = frozenset({"SIS-36-discreet", "SIS-36-inquiry", "SIS-36-specific"})
"""The bases whose alerts may be flagged: of the articles on vehicles, article 24(1) of Regulation (EU)
2018/1862 names only article 36; seizure under article 38 cannot be flagged."""


class Action(NamedTuple):
    """An action, and the id of the rule that decides it."""

    code: ActionCode
    rule_id: str


def decide_action(alert: Alert, territory: str | None) -> Action:
    """Return the action on a hit of an alert in a territory; `territory` is None if it is not known.

    A flag of the territory comes first: its action replaces that of the alert. Then comes the alert's action
    for the territory, then its default.
    """
    if territory is not None:
        if alert.flags and territory in alert.flags and alert.basis in FLAGGABLE_BASES:
            return Action(alert.flags[territory], f"action.flag.{territory}")
        if territory in alert.action:
            return Action(alert.action[territory], f"action.{territory}")
    return Action(alert.action["default"], "action.default")
