"""The state of correlation: its tables and timers, written through these methods alone."""

from collections.abc import Callable, Mapping, Sequence
from math import inf

from streams.alerts.index import Index
from streams.correlation.budget import Budget, Budgets
from streams.correlation.cold_state import ColdAlerts
from streams.correlation.config import CorrelationRules
from streams.correlation.effective_versions import Versions
from streams.correlation.handovers import ActiveHandover, VehicleHandovers
from streams.correlation.hit_table import HitTable
from streams.correlation.journeys.itinerary import Itinerary
from streams.correlation.passages import VehicleKey
from streams.correlation.sighting_table import SightingTable
from streams.correlation.tables import AlertState, Timer, VehicleState
from streams.correlation.timers import Timers
from streams.records.alert import Alert, AlertKey, alert_key
from streams.records.times import DAY_MS, Millis


class State:
    """All that correlation remembers."""

    def __init__(
        self,
        index: Index,
        rules: CorrelationRules,
        budgets: Mapping[str, Budget],
        audience_of: Callable[[Alert], Sequence[str]],
    ) -> None:
        self.versions = Versions(index)
        self.alerts: dict[AlertKey, AlertState] = {}
        self.budgets = Budgets(budgets)
        self.hits = HitTable(self.budgets, rules.verdicts, audience_of)
        self.timers: Timers[Timer] = Timers()
        self.sightings = SightingTable(self.alerts, self.hits, self.timers, rules)
        self.cold_alerts = ColdAlerts()
        self.now_ms: Millis = 0
        """The latest time handled."""

    # Time and alerts

    def advance(self, now_ms: Millis) -> None:
        """Advance to the latest time; an earlier one changes nothing."""
        self.now_ms = max(self.now_ms, now_ms)

    def record_version(self, alert: Alert) -> AlertState:
        """Record the effective version of an alert, and schedule its end."""
        key, version = alert_key(alert), self.versions.effective(alert)
        state = self.alerts.get(key)
        if state is None:
            state = self.alerts[key] = AlertState(key, version, {}, {})
        state.version = version
        self.schedule_end(key, version.ends_ms)
        return state

    def schedule_end(self, key: AlertKey, ends_ms: Millis) -> None:
        """Schedule the end of an alert, or a check in a day if that comes first.

        The timer of an alert that is no longer sighted is then dropped within a day, not when the alert ends.
        """
        self.timers.schedule(min(ends_ms, self.now_ms + DAY_MS), key)

    def end_input(self) -> None:
        """Record that the input has ended: nothing more is read, and no validity period ends any more."""
        self.sightings.end_input(inf)
        self.versions.stop_validity(self.now_ms)

    def is_sighted(self, key: AlertKey) -> bool:
        """True if an alert was sighted, so that a change of it may have an effect."""
        return key in self.alerts or key in self.cold_alerts

    def has_hit(self, hit_id: str) -> bool:
        """True if a hit with this id is retained."""
        return self.hits.is_emitted(hit_id) or self.cold_alerts.key_for_hit(hit_id) is not None

    # Vehicles

    def drop_empty_vehicles(self, alert: AlertState) -> None:
        """Drop the vehicles of an alert that have no passage, and the alert if it has no vehicle."""
        for plate in [plate for plate, vehicle in alert.vehicles.items() if not vehicle.places]:
            del alert.vehicles[plate]
        if not alert.vehicles:
            self.alerts.pop(alert.key, None)

    def drop_vehicle(self, alert: AlertState, vehicle: VehicleState) -> bool:
        """Drop a vehicle without passages; return True if it was the last one of its alert."""
        alert.vehicles.pop(vehicle.key.plate, None)
        if not alert.vehicles:
            self.alerts.pop(alert.key, None)
        return not alert.vehicles

    def set_itinerary(self, vehicle: VehicleState, itinerary: Itinerary) -> None:
        """Record the itinerary of a vehicle."""
        vehicle.itinerary = itinerary

    def set_active_handovers(self, vehicle: VehicleState, active: tuple[ActiveHandover, ...]) -> None:
        """Record the active handovers of a vehicle."""
        if vehicle.handovers is None:
            vehicle.handovers = VehicleHandovers()
        vehicle.handovers.active = active

    def record_handovers(self, vehicle: VehicleState, ends_ms: Mapping[str, Millis], now_ms: Millis) -> None:
        """Record the emitted handovers of a vehicle by when each ends, and schedule the next check."""
        handovers = vehicle.handovers
        if handovers is None:
            handovers = vehicle.handovers = VehicleHandovers()
        if ends_ms:
            if not handovers.hit_ids.issuperset(ends_ms):
                handovers.hit_ids |= ends_ms.keys()
            at_ms, scheduled_ms = min(ends_ms.values()), handovers.next_check_ms
            if scheduled_ms is None or not now_ms < scheduled_ms <= at_ms:
                handovers.next_check_ms = at_ms
                self.timers.schedule(at_ms, vehicle.key)

    def restore_handover(self, alert: AlertState, plate: str, hit_id: str) -> None:
        """Record the emitted handover of a vehicle."""
        vehicle = alert.vehicles.get(plate)
        if vehicle is None:
            vehicle = alert.vehicles[plate] = VehicleState(VehicleKey(alert.key, plate), {})
        if vehicle.handovers is None:
            vehicle.handovers = VehicleHandovers()
        vehicle.handovers.hit_ids |= {hit_id}
