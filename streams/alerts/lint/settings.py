"""Checks of alerts against the settings: lists, modes, centres, operations."""

from collections.abc import Collection, Iterable, Mapping
from typing import ClassVar, NamedTuple

from streams.alerts.lint.finding import Check, Entry, Finding, Location, Severity
from streams.records.alert import MODE_RANK, Alert, MatchMode
from streams.records.faults import shown_value
from streams.records.times import Millis
from streams.rules.actions import FLAGGABLE_BASES


class LintSettings(NamedTuple):
    """The time and the settings against which alerts are checked."""

    now_ms: Millis
    modes: Mapping[str, MatchMode] = {}
    """The mode of each list that has a section."""
    default_mode: MatchMode = "confusable"
    """The mode of a list that has none."""
    pattern_min_literals: int = 3
    """[matching] pattern_min_literals."""
    centres: Collection[str] = frozenset()
    """The ids of the centres."""
    operations: Collection[str] | None = None
    """The ids of joint operations; None if there are no settings."""

    def list_mode(self, list_id: str) -> MatchMode:
        """Return the mode of a list."""
        return self.modes.get(list_id, self.default_mode)


class WiderMode(Check):
    """An alert with a mode wider than that of its list; an alert can only narrow the mode."""

    id: ClassVar[str] = "wider-mode"
    severity: ClassVar[Severity] = "warning"

    def __init__(self, settings: LintSettings) -> None:
        self._settings = settings

    def check_entry(self, entry: Entry) -> Iterable[Finding]:
        alert = entry.record
        if not isinstance(alert, Alert) or alert.match is None or alert.match.mode is None:
            return ()
        list_mode = self._settings.list_mode(alert.list_id)
        if MODE_RANK[alert.match.mode] <= MODE_RANK[list_mode]:
            return ()
        rule = f"{alert.match.mode} is wider than the mode of the list, {list_mode}, so it has no effect"
        advice = f"remove it, or widen [lists.{alert.list_id}] mode"
        return (self.make_finding(entry.location, "match.mode", rule, alert.match.mode, advice),)


class UnknownCentre(Check):
    """An audience with a centre that is not in the settings. Not checked if the settings have no centres."""

    id: ClassVar[str] = "unknown-centre"
    severity: ClassVar[Severity] = "error"

    def __init__(self, settings: LintSettings) -> None:
        self._centres = settings.centres

    def check_entry(self, entry: Entry) -> Iterable[Finding]:
        alert = entry.record
        if not isinstance(alert, Alert) or not alert.audience or not self._centres:
            return ()
        return [
            self.make_finding(
                entry.location,
                f"audience[{index}]",
                f"no centre {shown_value(centre)} in the settings",
                shown_value(centre),
                "correct it, or add the centre to [centres]",
            )
            for index, centre in enumerate(alert.audience)
            if centre not in self._centres
        ]


class UnknownOperation(Check):
    """An alert bound to a joint operation that is not in the settings: it never hits."""

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
        value = shown_value(alert.operation_id)
        rule = f"no operation {value} in the settings, so the alert never hits"
        advice = "correct it, or add the operation to [operations]"
        return (self.make_finding(entry.location, "operation_id", rule, value, advice),)


class UnusedFlag(Check):
    """A flag on an alert that cannot be flagged (see FLAGGABLE_BASES): it has no effect."""

    id: ClassVar[str] = "unused-flag"
    severity: ClassVar[Severity] = "error"

    def check_entry(self, entry: Entry) -> Iterable[Finding]:
        alert = entry.record
        if not isinstance(alert, Alert) or not alert.flags or alert.basis in FLAGGABLE_BASES:
            return ()
        rule = (
            f"no effect on an alert with the basis {alert.basis}: only alerts under article 36 can be "
            "flagged (Regulation (EU) 2018/1862, article 24)"
        )
        advice = "remove the flags, or set what officers are to do in `action`"
        return (self.make_finding(entry.location, "flags", rule, alert.basis, advice),)


class UnknownList(Check):
    """A list without a section in the settings, reported once, at its first line.

    Not checked if the settings have no list at all.
    """

    id: ClassVar[str] = "unknown-list"
    severity: ClassVar[Severity] = "warning"

    def __init__(self, settings: LintSettings) -> None:
        self._settings = settings
        self._first_lines: dict[str, tuple[Location, int]] = {}

    def check_entry(self, entry: Entry) -> Iterable[Finding]:
        list_id = entry.record.list_id
        if self._settings.modes and list_id not in self._settings.modes:
            location, count = self._first_lines.get(list_id) or (entry.location, 0)
            self._first_lines[list_id] = location, count + 1
        return ()

    def check_all(self) -> Iterable[Finding]:
        for list_id, (location, count) in self._first_lines.items():
            lines = "line" if count == 2 else "lines"
            value = f"{list_id}, here and in {count - 1:,} more {lines}" if count > 1 else list_id
            yield self.make_finding(
                location,
                "list_id",
                f"no section in the settings for the list {value}; the defaults apply, "
                f"mode {self._settings.default_mode} and no audience",
                value,
                f"correct it, or add [lists.{list_id}]",
            )
