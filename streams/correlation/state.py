"""State of correlation, apart from itineraries and emitted revisions."""

from typing import NamedTuple

from streams.correlation.budget import Budgets
from streams.correlation.effective_versions import EffectiveVersions
from streams.correlation.journeys.itinerary import VehicleKey
from streams.correlation.sighting_store import SightingStore
from streams.correlation.timers import Timers
from streams.correlation.verdicts import Verdicts
from streams.records.alert import AlertKey
from streams.records.verdict import Verdict

Timer = AlertKey | VehicleKey | Verdict
"""What is due at a time: the end of an alert, a check of a vehicle's handovers, or a verdict."""


class State(NamedTuple):
    """The tables that the correlator writes and the evaluator reads."""

    versions: EffectiveVersions
    sightings: SightingStore
    verdicts: Verdicts
    budgets: Budgets
    timers: Timers[Timer]
