"""Simulated traffic in which every vehicle on the road is sought, and the truth about it."""

from collections import defaultdict
from itertools import permutations
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import replace

from streams.alerts import Index
from streams.correlation.config import CooperationRules, CorrelationConfig
from streams.correlation.passages import VehicleKey
from streams.network.config import Places
from streams.network.routing import Network
from streams.records.alert import Alert, alert_key
from streams.records.decode import decode_alerts
from streams.records.times import DAY_MS, Millis, from_ms
from streams.rules.handovers import HandoverRule
from streams.settings.load import parse_settings
from streams.settings.model import Settings
from streams.simulation.rates import Rates
from streams.simulation.scenario import Scenario
from streams.simulation.truth import TruePassage, Truth
from streams.simulation.world import World

BEGIN_MS: Final = 1_779_321_600_000
MISSED, LATE = 0.05, 0.05
"""Share of passages that a camera does not read, and share of reads that arrive late."""
_READS_PER_VEHICLE: Final = 6
"""A lower bound: with one alert for so many reads, there are alerts for all vehicles to be listed."""
_DESCRIBED_OF_TEN: Final = 7
"""Of ten alerts added here, those that describe the vehicle; as in the simulation."""
_ACTIONS: Final = ["discreet-check", "inquiry-check", "specific-check", "stop", "seize", "inform"]
_TRUTH_DECODER: Final = msgspec.json.Decoder(Truth)
_PASSAGE_DECODER: Final = msgspec.json.Decoder(TruePassage)


class TrafficEnvironment(NamedTuple):
    """Traffic and the truth about it.

    `records` are reads as JSON in order of arrival; `truths` is the truth about each, by `read_id`.
    `passages` has all passages of each vehicle in the order of time, including those without a read.
    `vehicle_by_key` has the vehicle sought by an alert (for a pattern, by one plate that fits it), and
    `key_by_vehicle` the reverse; a vehicle with a copied plate is sought by none. `end_ms` is the end of the
    traffic.
    """

    records: list[bytes]
    truths: dict[str, Truth]
    passages: dict[str, list[TruePassage]]
    alerts: list[Alert]
    vehicle_by_key: dict[VehicleKey, str]
    key_by_vehicle: dict[str, VehicleKey]
    settings: Settings
    end_ms: Millis

    @property
    def places(self) -> Places:
        """The cameras and sites."""
        return self.settings.places

    @property
    def correlation(self) -> CorrelationConfig:
        """The configuration of correlation."""
        return self.settings.correlation

    @property
    def network(self) -> Network:
        """The road network."""
        return Network(self.places.sites)

    @property
    def cooperation(self) -> CooperationRules:
        """A handover rule for each ordered pair of territories, with the centre of each."""
        territories = sorted({site.territory for site in self.places.sites.values() if site.territory})
        return CooperationRules(
            {
                f"{from_}-{to}".lower(): HandoverRule(
                    from_=from_,
                    to=to,
                    from_centre=f"centre-{from_.lower()}",
                    to_centre=f"centre-{to.lower()}",
                    actions=list(_ACTIONS),  # type: ignore[arg-type]
                )
                for from_, to in permutations(territories, 2)
            }
        )

    def build_index(self) -> Index:
        """Build the index of all alerts."""
        index = Index()
        for alert in self.alerts:
            fault = index.put(alert)
            assert fault is None, fault
        return index

    def territory(self, site_id: str) -> str:
        """Return the country of a site."""
        return self.places.sites[site_id].territory or ""


def simulate_traffic(seed: int, reads: int, far_share: float = 1.0, **rates: Any) -> TrafficEnvironment:
    """Simulate a day of traffic with a number of reads.

    The share `far_share` of the vehicles is on the lists of the simulation, which lets such vehicles travel
    far (some stay at home); for the others an alert is added here. `rates` are those of the simulation.
    """
    scenario_rates = Rates(**{"listed": far_share, "missed": MISSED, "late": LATE} | rates)
    listed = 1 + round(reads / _READS_PER_VEHICLE * far_share)
    scenario = Scenario(seed, reads, listed, BEGIN_MS, 24.0, scenario_rates, "plate")
    world = World(scenario)
    records: list[bytes] = []
    truths: dict[str, Truth] = {}
    for batch in world.read_batches():
        records += batch.reads.splitlines()
        truths.update((truth.read_id, truth) for truth in _TRUTH_DECODER.decode_lines(batch.truth))
    passages = defaultdict(list)
    for lines in world.passage_batches():
        for passage in _PASSAGE_DECODER.decode_lines(lines):
            passages[passage.vehicle_id].append(passage)
    for vehicle_passages in passages.values():
        vehicle_passages.sort(key=lambda passage: passage.passed_at)
    alerts = [
        alert
        for alert in decode_alerts(b"".join(world.alert_batches()).splitlines())
        if isinstance(alert, Alert)
    ]
    by_key = {alert_key(alert): alert for alert in alerts}
    keys: dict[str, VehicleKey] = {}
    for truth in truths.values():
        if truth.vehicle_id in keys or truth.clone_of is not None:
            continue
        if truth.alert is None:
            alert = _make_alert(truth, len(keys))
            alerts.append(alert)
            keys[truth.vehicle_id] = VehicleKey(alert_key(alert), "")
        else:
            list_id, _, alert_id = truth.alert.partition("/")
            alert = by_key[list_id, alert_id]
            is_pattern = "?" in alert.plate or "*" in alert.plate
            keys[truth.vehicle_id] = VehicleKey(alert_key(alert), truth.plate if is_pattern else "")
    settings = parse_settings(world.config, "simulated")
    vehicles = {key: vehicle for vehicle, key in keys.items()}
    return TrafficEnvironment(
        records, truths, dict(passages), alerts, vehicles, keys, settings, scenario.end_ms
    )


def without_next_sites(config: CorrelationConfig) -> CorrelationConfig:
    """Return the same configuration without next sites; it does not affect passed sites."""
    return replace(config, ahead_minutes=0.0)


def _make_alert(truth: Truth, index: int) -> Alert:
    return Alert(
        list_id="sis-38",
        alert_id=f"M{index:07d}",
        version=1,
        plate=truth.plate,
        country=truth.country,
        vehicle=truth.vehicle if index % 10 < _DESCRIBED_OF_TEN else None,
        basis="SIS-38-seizure",
        reason="stolen vehicle",
        action={"default": "seize"},
        valid_from=from_ms(BEGIN_MS - DAY_MS),
        valid_until=from_ms(BEGIN_MS + 30 * DAY_MS),
    )
