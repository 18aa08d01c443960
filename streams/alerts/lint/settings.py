"""Checks of alerts against the settings: lists, modes, centres."""

from collections.abc import Collection, Iterable, Mapping
from typing import ClassVar, Final, NamedTuple, get_args

from streams.alerts.lint.finding import Check, Entry, Finding, Location, Severity
from streams.records.alert import Alert, MatchMode
from streams.records.faults import shown_value
from streams.rules.actions import FLAGGABLE_BASES

MODE_RANK: Final[dict[str, int]] = {mode: place for place, mode in enumerate(get_args(MatchMode))}
"""How wide each mode is; each admits what those before it admit."""


class LintSettings(NamedTuple):
    """What the clock and the settings say: `now` in ms since 1970 UTC; the mode of each list that has a
    section, and of one that has none; [matching] pattern_min_literals; the ids of the centres, and of joint
    operations; None where there are no settings to ask."""

    now_ms: int
    modes: Mapping[str, MatchMode] = {}
    default_mode: MatchMode = "confusable"
    pattern_min_literals: int = 3
    centres: Collection[str] = frozenset()
    operations: Collection[str] | None = None

    def list_mode(self, list_id: str) -> MatchMode:
        """The mode of a list."""
        return self.modes.get(list_id, self.default_mode)


class WiderMode(Check):
    """An alert that asks for a mode wider than its list's: it can narrow it only."""

    id: ClassVar[str] = "wider-mode"
    severity: ClassVar[Severity] = "warning"

    def __init__(self, settings: LintSettings) -> None:
        self._settings = settings

    def check_entry(self, entry: Entry) -> Iterable[Finding]:
        alert = entry.record
        if not isinstance(alert, Alert) or alert.match is None or alert.match.mode is None:
            return ()
        of_list = self._settings.list_mode(alert.list_id)
        if MODE_RANK[alert.match.mode] <= MODE_RANK[of_list]:
            return ()
        rule = f"is no wider than the list's mode, {of_list}"
        advice = f"it has no effect: leave it out, or widen [lists.{alert.list_id}] mode"
        return (self.make_finding(entry.location, "match.mode", rule, alert.match.mode, advice),)


class UnknownCentre(Check):
    """An audience with a centre that the settings do not have. Nothing is asked if they have none."""

    id: ClassVar[str] = "unknown-centre"
    severity: ClassVar[Severity] = "error"

    def __init__(self, settings: LintSettings) -> None:
        self._centres = settings.centres

    def check_entry(self, entry: Entry) -> Iterable[Finding]:
        alert = entry.record
        if not isinstance(alert, Alert) or not alert.audience or not self._centres:
            return ()
        rule = "is an id in [centres]"
        return [
            self.make_finding(
                entry.location,
                f"audience[{place}]",
                rule,
                shown_value(centre),
                "correct it, or add the centre to the settings",
            )
            for place, centre in enumerate(alert.audience)
            if centre not in self._centres
        ]


class UnknownOperation(Check):
    """An alert bound to a joint operation that the settings do not have: it hits nowhere."""

    id: ClassVar[str] = "unknown-operation"
    severity: ClassVar[Severity] = "error"

    def __init__(self, settings: LintSettings) -> None:
        self._operations = settings.operations

    def check_entry(self, entry: Entry) -> Iterable[Finding]:
        alert = entry.record
        if not isinstance(alert, Alert) or alert.operation_id is None or self._operations is None:
            return ()
        if alert.operation_id in self._operations:
            return ()
        advice = "it hits nowhere: correct it, or add the operation to the settings"
        rule = "is an id in [operations]"
        return (
            self.make_finding(entry.location, "operation_id", rule, shown_value(alert.operation_id), advice),
        )


class UnusedFlag(Check):
    """A flag on an alert that cannot be flagged (see `FLAGGABLE`): it has no effect."""

    id: ClassVar[str] = "unused-flag"
    severity: ClassVar[Severity] = "error"

    def check_entry(self, entry: Entry) -> Iterable[Finding]:
        alert = entry.record
        if not isinstance(alert, Alert) or not alert.flags or alert.basis in FLAGGABLE_BASES:
            return ()
        rule = "stands only on alerts under article 36 (Regulation (EU) 2018/1862, article 24)"
        advice = "it has no effect: leave it out, or set what is done there in `action`"
        return (self.make_finding(entry.location, "flags", rule, alert.basis, advice),)


class UnknownList(Check):
    """A list without a section in the settings, said once, at its first line. Nothing is asked if the
    settings have no list at all."""

    id: ClassVar[str] = "unknown-list"
    severity: ClassVar[Severity] = "warning"

    def __init__(self, settings: LintSettings) -> None:
        self._settings = settings
        self._first_lines: dict[str, tuple[Location, int]] = {}

    def check_entry(self, entry: Entry) -> Iterable[Finding]:
        list_id = entry.record.list_id
        if self._settings.modes and list_id not in self._settings.modes:
            place, count = self._first_lines.get(list_id) or (entry.location, 0)
            self._first_lines[list_id] = place, count + 1
        return ()

    def check_all(self) -> Iterable[Finding]:
        for list_id, (place, count) in self._first_lines.items():
            lines = "line" if count == 2 else "lines"
            more = f", here and in {count - 1:,} more {lines}" if count > 1 else ""
            yield self.make_finding(
                place,
                "list_id",
                "has a section [lists.<id>] in the settings",
                f"{list_id}{more}",
                f"correct it, or add [lists.{list_id}]; now the defaults hold for it, "
                f"mode {self._settings.default_mode} and no audience",
            )
