"""Checks of alerts against the settings: lists, modes, centres."""

from collections.abc import Collection, Iterable, Mapping
from typing import ClassVar, Final, NamedTuple, get_args

from streams.alerts.lint.finding import Check, Entry, Finding, Place, Severity
from streams.records.alert import Alert, Mode
from streams.records.faults import shown
from streams.rules.actions import FLAGGABLE

BREADTH: Final[dict[str, int]] = {mode: place for place, mode in enumerate(get_args(Mode))}
"""How wide each mode is; each admits what those before it admit."""


class Facts(NamedTuple):
    """What the clock and the settings say: `now` in ms since 1970 UTC; the mode of each list that has a
    section, and of one that has none; [matching] pattern_min_literals; the ids of the centres, and of joint
    operations; None where there are no settings to ask."""

    now: int
    modes: Mapping[str, Mode] = {}
    default_mode: Mode = "confusable"
    pattern_min_literals: int = 3
    centres: Collection[str] = frozenset()
    operations: Collection[str] | None = None

    def mode_of(self, list_id: str) -> Mode:
        """The mode of a list."""
        return self.modes.get(list_id, self.default_mode)


class WiderMode(Check):
    """An alert that asks for a mode wider than its list's: it can narrow it only."""

    id: ClassVar[str] = "wider-mode"
    severity: ClassVar[Severity] = "warning"

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def see(self, entry: Entry) -> Iterable[Finding]:
        alert = entry.record
        if not isinstance(alert, Alert) or alert.match is None or alert.match.mode is None:
            return ()
        of_list = self._facts.mode_of(alert.list_id)
        if BREADTH[alert.match.mode] <= BREADTH[of_list]:
            return ()
        rule = f"is no wider than the list's mode, {of_list}"
        advice = f"it has no effect: leave it out, or widen [lists.{alert.list_id}] mode"
        return (self.finding(entry.place, "match.mode", rule, alert.match.mode, advice),)


class UnknownCentre(Check):
    """An audience with a centre that the settings do not have. Nothing is asked if they have none."""

    id: ClassVar[str] = "unknown-centre"
    severity: ClassVar[Severity] = "error"

    def __init__(self, facts: Facts) -> None:
        self._centres = facts.centres

    def see(self, entry: Entry) -> Iterable[Finding]:
        alert = entry.record
        if not isinstance(alert, Alert) or not alert.audience or not self._centres:
            return ()
        rule = "is an id in [centres]"
        return [
            self.finding(
                entry.place,
                f"audience[{place}]",
                rule,
                shown(centre),
                "correct it, or add the centre to the settings",
            )
            for place, centre in enumerate(alert.audience)
            if centre not in self._centres
        ]


class UnknownOperation(Check):
    """An alert bound to a joint operation that the settings do not have: it hits nowhere."""

    id: ClassVar[str] = "unknown-operation"
    severity: ClassVar[Severity] = "error"

    def __init__(self, facts: Facts) -> None:
        self._operations = facts.operations

    def see(self, entry: Entry) -> Iterable[Finding]:
        alert = entry.record
        if not isinstance(alert, Alert) or alert.operation_id is None or self._operations is None:
            return ()
        if alert.operation_id in self._operations:
            return ()
        advice = "it hits nowhere: correct it, or add the operation to the settings"
        rule = "is an id in [operations]"
        return (self.finding(entry.place, "operation_id", rule, shown(alert.operation_id), advice),)


class UnusedFlag(Check):
    """A flag on an alert that cannot be flagged (see `FLAGGABLE`): it has no effect."""

    id: ClassVar[str] = "unused-flag"
    severity: ClassVar[Severity] = "error"

    def see(self, entry: Entry) -> Iterable[Finding]:
        alert = entry.record
        if not isinstance(alert, Alert) or not alert.flags or alert.basis in FLAGGABLE:
            return ()
        rule = "stands only on alerts under article 36 (Regulation (EU) 2018/1862, article 24)"
        advice = "it has no effect: leave it out, or set what is done there in `action`"
        return (self.finding(entry.place, "flags", rule, alert.basis, advice),)


class UnknownList(Check):
    """A list without a section in the settings, said once, at its first line. Nothing is asked if the
    settings have no list at all."""

    id: ClassVar[str] = "unknown-list"
    severity: ClassVar[Severity] = "warning"

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._first: dict[str, tuple[Place, int]] = {}

    def see(self, entry: Entry) -> Iterable[Finding]:
        list_id = entry.record.list_id
        if self._facts.modes and list_id not in self._facts.modes:
            place, count = self._first.get(list_id) or (entry.place, 0)
            self._first[list_id] = place, count + 1
        return ()

    def finish(self) -> Iterable[Finding]:
        for list_id, (place, count) in self._first.items():
            lines = "line" if count == 2 else "lines"
            more = f", here and in {count - 1:,} more {lines}" if count > 1 else ""
            yield self.finding(
                place,
                "list_id",
                "has a section [lists.<id>] in the settings",
                f"{list_id}{more}",
                f"correct it, or add [lists.{list_id}]; now the defaults hold for it, "
                f"mode {self._facts.default_mode} and no audience",
            )
