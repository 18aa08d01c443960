"""The ground: made-up traffic in which every vehicle on the road is listed, and the truth about it."""

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
from streams.records.times import DAY_MS, from_ms
from streams.rules.handovers import HandoverRule
from streams.settings.load import parse_settings
from streams.settings.model import Settings
from streams.simulation.rates import Rates
from streams.simulation.scenario import Scenario
from streams.simulation.truth import TruePassage, Truth
from streams.simulation.world import World

BEGIN_MS: Final = 1_779_321_600_000
MISSED, LATE = 0.05, 0.05
"""Of the passages at a camera, those that it does not read; of the reads, those that come late: one in ten
is late or lost."""
_READS_PER_VEHICLE: Final = 6
"""At the least: with an alert for so many reads all vehicles on the road that are to be listed can be."""
_DESCRIBED_OF_TEN: Final = 7
"""Of ten alerts made up here, those that say what the vehicle looks like; as in the simulation."""
_ACTIONS: Final = ["discreet-check", "inquiry-check", "specific-check", "stop", "seize", "inform"]
_TRUTH_DECODER: Final = msgspec.json.Decoder(Truth)
_PASSAGE_DECODER: Final = msgspec.json.Decoder(TruePassage)


class TrafficEnvironment(NamedTuple):
    """Traffic and the truth about it.

    `records` are reads as JSON in the order in which they arrive; `truths` is the truth about each, by
    `read_id`. `passages` has all passages of each vehicle in order of time, also those of which there is no
    read. `vehicle_of` says which vehicle is meant by an alert (and, if that is a pattern, by a plate that
    fits it), `key_of` the reverse; a vehicle with a copied plate is meant by none. `end_ms` is in ms since
    1970 UTC.
    """

    records: list[bytes]
    truths: dict[str, Truth]
    passages: dict[str, list[TruePassage]]
    alerts: list[Alert]
    vehicle_by_key: dict[VehicleKey, str]
    key_by_vehicle: dict[str, VehicleKey]
    settings: Settings
    end_ms: int

    @property
    def places(self) -> Places:
        """The cameras and sites."""
        return self.settings.places

    @property
    def correlation(self) -> CorrelationConfig:
        """The times that correlation goes by."""
        return self.settings.correlation

    @property
    def network(self) -> Network:
        """The roads."""
        return Network(self.places.sites)

    @property
    def cooperation(self) -> CooperationRules:
        """A handover rule for each ordered pair of territories, with the centre of each."""
        found = sorted({site.territory for site in self.places.sites.values() if site.territory})
        return CooperationRules(
            {
                f"{one}-{other}".lower(): HandoverRule(
                    from_=one,
                    to=other,
                    from_centre=f"centre-{one.lower()}",
                    to_centre=f"centre-{other.lower()}",
                    actions=list(_ACTIONS),  # type: ignore[arg-type]
                )
                for one, other in permutations(found, 2)
            }
        )

    def build_index(self) -> Index:
        """The lists."""
        index = Index()
        for alert in self.alerts:
            fault = index.put(alert)
            assert fault is None, fault
        return index

    def territory(self, site_id: str) -> str:
        """The country whose ground a site is."""
        return self.places.sites[site_id].territory or ""


def simulate_traffic(seed: int, reads: int, far_share: float = 1.0, **rates: Any) -> TrafficEnvironment:
    """Traffic of a day with so many reads.

    The share `far` of the vehicles travel far, as those sought do in the simulation, and are on its lists;
    for the others an alert is made up here. Some of those on its lists stay at home. `rates` are those of
    the simulation.
    """
    chosen = Rates(**{"listed": far_share, "missed": MISSED, "late": LATE} | rates)
    listed = 1 + round(reads / _READS_PER_VEHICLE * far_share)
    scenario = Scenario(seed, reads, listed, BEGIN_MS, 24.0, chosen, "plate")
    world = World(scenario)
    records: list[bytes] = []
    truths: dict[str, Truth] = {}
    for batch in world.read_batches():
        records += batch.reads.splitlines()
        truths.update((each.read_id, each) for each in _TRUTH_DECODER.decode_lines(batch.truth))
    passages = defaultdict(list)
    for lines in world.passage_batches():
        for passage in _PASSAGE_DECODER.decode_lines(lines):
            passages[passage.vehicle_id].append(passage)
    for its in passages.values():
        its.sort(key=lambda each: each.passed_at)
    alerts = [
        each
        for each in decode_alerts(b"".join(world.alert_batches()).splitlines())
        if isinstance(each, Alert)
    ]
    by_key = {alert_key(alert): alert for alert in alerts}
    keys: dict[str, VehicleKey] = {}
    for truth in truths.values():
        if truth.vehicle_id in keys or truth.clone_of is not None:
            continue
        if truth.alert is None:
            made = _make_alert(truth, len(keys))
            alerts.append(made)
            keys[truth.vehicle_id] = VehicleKey(alert_key(made), "")
        else:
            list_id, _, alert_id = truth.alert.partition("/")
            alert = by_key[list_id, alert_id]
            pattern = "?" in alert.plate or "*" in alert.plate
            keys[truth.vehicle_id] = VehicleKey(alert_key(alert), truth.plate if pattern else "")
    settings = parse_settings(world.config, "made up")
    vehicles = {key: vehicle for vehicle, key in keys.items()}
    return TrafficEnvironment(
        records, truths, dict(passages), alerts, vehicles, keys, settings, scenario.end_ms
    )


def without_next_sites(policy: CorrelationConfig) -> CorrelationConfig:
    """The same times, but the sites ahead are not told; what is asked of past passages stays as it was."""
    return replace(policy, ahead_minutes=0.0)


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
