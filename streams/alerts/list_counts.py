"""Counts of the alerts in each list at a time."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Literal

from streams.alerts.alert_keys import is_pattern
from streams.alerts.index import Index
from streams.records.alert import Alert
from streams.records.times import to_ms

AlertState = Literal["in_force", "not_yet", "expired", "withdrawn"]


class ListCounts:
    """Counts of one list: by state, by country ("" if none), with wildcards, and with an own audience."""

    def __init__(self) -> None:
        self.states: Counter[AlertState] = Counter()
        self.countries: Counter[str] = Counter()
        self.wildcards = 0
        self.own_audience = 0

    @property
    def alerts(self) -> int:
        """The number of alerts, each in its current version."""
        return self.states.total()

    def add(self, alert: Alert, state: AlertState) -> None:
        """Count an alert."""
        self.states[state] += 1
        self.countries[alert.country or ""] += 1
        self.wildcards += is_pattern(alert.plate)
        self.own_audience += alert.audience is not None

    def merge(self, other: "ListCounts") -> None:
        """Add the counts of another list."""
        self.states += other.states
        self.countries += other.countries
        self.wildcards += other.wildcards
        self.own_audience += other.own_audience


def alert_state(index: Index, alert: Alert, at: datetime) -> AlertState:
    """Return the state of an alert of an index at a time; `withdrawn` takes precedence over `expired`."""
    if at < alert.valid_from:
        return "not_yet"
    withdrawn_ms = index.withdrawn_at_ms(alert)
    if withdrawn_ms is not None and withdrawn_ms <= to_ms(at):
        return "withdrawn"
    return "in_force" if at < alert.valid_until else "expired"


def count_lists(
    index: Index,
    at: datetime,
    lists: Iterable[str] = (),
    on_alert: Callable[[Alert, AlertState], object] = lambda _alert, _state: None,
) -> dict[str, ListCounts]:
    """Return the counts of every list in an index and of those named, sorted by list_id.

    `on_alert` is called with each alert and its state, so that a caller need not iterate over a long list
    again.
    """
    counts_by_list = {list_id: ListCounts() for list_id in lists}
    for alert in index.alerts():
        counts = counts_by_list.get(alert.list_id)
        if counts is None:
            counts = counts_by_list[alert.list_id] = ListCounts()
        state = alert_state(index, alert, at)
        counts.add(alert, state)
        on_alert(alert, state)
    return dict(sorted(counts_by_list.items()))
