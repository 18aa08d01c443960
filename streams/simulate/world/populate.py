"""Who is on the road, who is sought, and which cameras see whom."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.plates.fleets import Fleets
from streams.simulate.world.delivery import Captures, captures
from streams.simulate.world.looks import Table
from streams.simulate.world.roads import Ints, Roads, Ways
from streams.simulate.world.scenario import PEOPLE, Scenario
from streams.simulate.world.tours import Passages, Times, passages, tours
from streams.simulate.world.vehicles import Vehicles, vehicles

_READS_A_TOUR: Final = 6.5
"""A first guess."""
_SPARE: Final = 1.15
_AT_LEAST: Final = 20
_HEAVY: Final = ("lorry", "bus")


class Traffic(NamedTuple):
    """Vehicles, their passages, and the reads of these in order of arrival.

    `sought` (intp): the vehicle that each alert is about, some of them on the road; `alert_of` (intp): the
    alert that is about a vehicle, -1 for none.
    """

    vehicles: Vehicles
    sought: Ints
    alert_of: Ints
    passages: Passages
    captures: Captures


def traffic(
    scenario: Scenario, roads: Roads, ways: Ways, fleets: Fleets, table: Table, ahead: Times
) -> Traffic:
    """Traffic with as many reads and alerts as are asked for; `ahead` is how far ahead the clocks are.

    Raises ValueError if a country has too few plates for it, or no camera reads anything.
    """
    if scenario.rates.missed >= 1:
        raise ValueError("all passages are missed, so there are no reads")
    a_tour, attempt = _READS_A_TOUR, 0
    while True:
        wanted = int(scenario.reads / a_tour * _SPARE) + _AT_LEAST
        rng = scenario.rng(PEOPLE, attempt)
        on_road = int(wanted / (scenario.rates.tours_a_day * scenario.days)) + 1
        travelling = min(scenario.alerts, max(1, round(on_road * scenario.rates.listed)))
        # Those behind `on_road` stay at home and are only on the lists; the first of all are sought.
        its = vehicles(rng, on_road + scenario.alerts - travelling, roads, fleets, table)
        sought = np.r_[:travelling, on_road : len(its.home)]
        listed = np.zeros(len(its.home), dtype=bool)
        listed[sought] = True
        goes = rng.permutation(np.r_[:travelling, rng.integers(0, on_road, wanted)])
        seen, kept = _on_the_road(rng, scenario, goes, its, listed, roads, ways, table, ahead)
        if len(kept.at) >= scenario.reads:
            break
        a_tour, attempt = max(len(kept.at), 1) / wanted, attempt + 1
    # Tours come in no order, so those behind the last read asked for are like those before it.
    kept = kept.take(np.arange(scenario.reads))
    sought = rng.permutation(sought)
    alert_of = np.full(len(listed), -1, dtype=np.intp)
    alert_of[sought] = np.arange(len(sought))
    return Traffic(its, sought, alert_of, seen, kept.take(np.lexsort((kept.camera, kept.at, kept.arrived))))


def _on_the_road(
    rng: np.random.Generator,
    scenario: Scenario,
    goes: Ints,
    its: Vehicles,
    listed: NDArray[np.bool_],
    roads: Roads,
    ways: Ways,
    table: Table,
    ahead: Times,
) -> tuple[Passages, Captures]:
    """What is seen of tours of some vehicles."""
    heavy = np.isin(its.looks.type, [table.type_names.index(name) for name in _HEAVY])
    made = tours(
        rng, goes, its.home[goes], listed[goes], heavy[goes], roads, ways, scenario.begin_ms, scenario.hours
    )
    seen = passages(made, its.home[made.vehicle], ways, scenario.hours)
    return seen, captures(rng, seen, roads, ahead, scenario.rates, scenario.hours)
