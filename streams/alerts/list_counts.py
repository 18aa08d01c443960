"""The tally: what each list holds at a time."""

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
    """Counts of one list's alerts: by state, by country ("" if none), with wildcards, with an audience of
    their own."""

    def __init__(self) -> None:
        self.states: Counter[AlertState] = Counter()
        self.countries: Counter[str] = Counter()
        self.wildcards = 0
        self.own_audience = 0

    @property
    def alerts(self) -> int:
        """All alerts, each in its highest version."""
        return self.states.total()

    def add(self, alert: Alert, state: AlertState) -> None:
        """Counts an alert."""
        self.states[state] += 1
        self.countries[alert.country or ""] += 1
        self.wildcards += is_pattern(alert.plate)
        self.own_audience += alert.audience is not None

    def merge(self, other: "ListCounts") -> None:
        """Adds the counts of another."""
        self.states += other.states
        self.countries += other.countries
        self.wildcards += other.wildcards
        self.own_audience += other.own_audience


def alert_state(index: Index, alert: Alert, at: datetime) -> AlertState:
    """Whether an alert of an index counts at a time, and if not, why. Withdrawn goes before expired."""
    if at < alert.valid_from:
        return "not_yet"
    withdrawn = index.withdrawn_at_ms(alert)
    if withdrawn is not None and withdrawn <= to_ms(at):
        return "withdrawn"
    return "in_force" if at < alert.valid_until else "expired"


def count_lists(
    index: Index,
    at: datetime,
    lists: Iterable[str] = (),
    on_alert: Callable[[Alert, AlertState], object] = lambda _alert, _state: None,
) -> dict[str, ListCounts]:
    """The tally of every list in an index and of those named, by list_id in order.

    `take` is given each alert and its state: to go through a long list once costs enough.
    """
    found = {list_id: ListCounts() for list_id in lists}
    for alert in index.alerts():
        tally = found.get(alert.list_id)
        if tally is None:
            tally = found[alert.list_id] = ListCounts()
        state = alert_state(index, alert, at)
        tally.add(alert, state)
        on_alert(alert, state)
    return dict(sorted(found.items()))
