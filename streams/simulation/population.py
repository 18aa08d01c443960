"""The vehicles on the road, the vehicles sought, and the reads of them."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.plates.fleets import Fleets
from streams.simulation.appearance import AppearanceTable
from streams.simulation.capture import Captures, sample_captures
from streams.simulation.column_types import Ints
from streams.simulation.roads import Roads
from streams.simulation.routes import RouteTable
from streams.simulation.scenario import PEOPLE, Scenario
from streams.simulation.trips import Passages, Times, TripPlan, build_passages, sample_round_trips
from streams.simulation.vehicles import Vehicles, sample_vehicles

_READS_PER_ROUND_TRIP: Final = 6.5
"""First estimate; if it yields too few reads, the next attempt uses the ratio of this one."""
_SPARE_FACTOR: Final = 1.15
_MIN_ROUND_TRIPS: Final = 20


class Region(NamedTuple):
    """What is fixed before vehicles are sampled; `clock_offsets` as in `streams.simulation.capture`."""

    roads: Roads
    routes: RouteTable
    fleets: Fleets
    appearance: AppearanceTable
    clock_offsets: Times


class Traffic(NamedTuple):
    """Vehicles, their passages, and the captures of these in order of arrival.

    `sought` (intp) is the vehicle that each alert is about; some of these are on the road. `alert_index`
    (intp) is the alert about each vehicle, -1 for none. `clone_of` (intp) is the vehicle whose plate a
    vehicle carries, -1 if it has its own.
    """

    vehicles: Vehicles
    sought: Ints
    alert_index: Ints
    clone_of: Ints
    passages: Passages
    captures: Captures


class PopulationPlan(NamedTuple):
    """Numbers of vehicles and round trips.

    Vehicles are numbered in this order: those on the road, of which the first `listed_on_road` are listed;
    `clones` of them, which are also on the road; `listed_at_home`, which are on the lists only. `round_trips`
    are those of random vehicles, in addition to one of each listed vehicle on the road.
    """

    on_road: int
    listed_on_road: int
    clones: int
    listed_at_home: int
    round_trips: int


class _Population(NamedTuple):
    """Vehicles and their round trips.

    `sought` and `clone_of` as in `Traffic`. `travellers` is the vehicle of each round trip, `companions` the
    index of the round trip that it accompanies, -1 for none; None if there are no clones.
    """

    vehicles: Vehicles
    sought: Ints
    clone_of: Ints
    travellers: Ints
    companions: Ints | None


def sample_traffic(scenario: Scenario, region: Region) -> Traffic:
    """Sample traffic with the scenario's numbers of reads and alerts.

    Raises ValueError if a country has too few plates, or no passage is read.
    """
    if scenario.rates.missed >= 1:
        raise ValueError("all passages are missed, so there are no reads")
    reads_per_round_trip, attempt = _READS_PER_ROUND_TRIP, 0
    while True:
        plan = plan_population(scenario, reads_per_round_trip)
        rng = scenario.rng(PEOPLE, attempt)
        population = _sample_population(rng, plan, region)
        passages, captures = _sample_reads(rng, scenario, population, region)
        count = len(captures.passed_ms)
        if count >= scenario.reads:
            break
        reads_per_round_trip, attempt = max(count, 1) / plan.round_trips, attempt + 1
    # Round trips are in random order, so dropping the surplus at the end does not bias the rest.
    captures = captures.select(np.arange(scenario.reads))
    sought = rng.permutation(population.sought)
    alert_index = np.full(len(population.vehicles.home), -1, dtype=np.intp)
    alert_index[sought] = np.arange(len(sought))
    captures = captures.select(np.lexsort((captures.camera, captures.passed_ms, captures.arrived_ms)))
    return Traffic(population.vehicles, sought, alert_index, population.clone_of, passages, captures)


def plan_population(scenario: Scenario, reads_per_round_trip: float) -> PopulationPlan:
    """Return the numbers that probably yield as many reads as the scenario asks for."""
    rates = scenario.rates
    round_trips = int(scenario.reads / reads_per_round_trip * _SPARE_FACTOR) + _MIN_ROUND_TRIPS
    on_road = int(round_trips / (rates.round_trips_per_day * scenario.days)) + 1
    listed_on_road = min(scenario.alerts, max(1, round(on_road * rates.listed)))
    clones = round(on_road * rates.clones / (1 - rates.clones))
    return PopulationPlan(on_road, listed_on_road, clones, scenario.alerts - listed_on_road, round_trips)


def _sample_population(rng: np.random.Generator, plan: PopulationPlan, region: Region) -> _Population:
    travelling = plan.on_road + plan.clones
    vehicles = sample_vehicles(
        rng, travelling + plan.listed_at_home, region.roads, region.fleets, region.appearance
    )
    sought = np.r_[: plan.listed_on_road, travelling : len(vehicles.home)]
    at_random = rng.integers(0, plan.on_road, plan.round_trips)
    travellers = rng.permutation(np.r_[: plan.listed_on_road, at_random])
    clone_of = np.full(len(vehicles.home), -1, dtype=np.intp)
    population = _Population(vehicles, sought, clone_of, travellers, None)
    return _add_clones(rng, population, plan, region.appearance) if plan.clones else population


def _add_clones(
    rng: np.random.Generator, population: _Population, plan: PopulationPlan, table: AppearanceTable
) -> _Population:
    """Give the clones the plates of other vehicles that travel, and a round trip each accompanying theirs."""
    vehicles, travellers = population.vehicles, population.travellers
    _, first_trip, trip_count = np.unique(travellers, return_index=True, return_counts=True)
    # A vehicle with a single round trip makes it for certain: no other one can overlap it.
    is_single = trip_count == 1
    candidates = first_trip[is_single] if plan.clones <= is_single.sum() else first_trip
    trips = rng.choice(candidates, plan.clones, replace=plan.clones > len(candidates))
    clone, original = plan.on_road + np.arange(plan.clones), travellers[trips]
    clone_of = population.clone_of.copy()
    clone_of[clone] = original
    plate, country = vehicles.plate.copy(), vehicles.country.copy()
    plate[clone], country[clone] = plate[original], country[original]
    colour = vehicles.appearance.colour.copy()
    own, copied = vehicles.appearance.select(clone), vehicles.appearance.select(original)
    same = (own.make == copied.make) & (own.colour == copied.colour) & (own.type == copied.type)
    colour[clone[same]] = (colour[clone[same]] + 1) % len(table.colour_names)
    # Directly after the original's round trip, so that the traffic ends with both or with neither.
    order = np.argsort(np.r_[np.arange(len(travellers)), trips + 0.5], kind="stable")
    position = np.argsort(order)
    companions = np.full(len(order), -1, dtype=np.intp)
    companions[position[len(travellers) :]] = position[trips]
    appearance = vehicles.appearance._replace(colour=colour)
    return _Population(
        vehicles._replace(plate=plate, country=country, appearance=appearance),
        population.sought,
        clone_of,
        np.r_[travellers, clone][order],
        companions,
    )


def _sample_reads(
    rng: np.random.Generator, scenario: Scenario, population: _Population, region: Region
) -> tuple[Passages, Captures]:
    """Sample the passages and captures of the population's round trips."""
    vehicles, travellers = population.vehicles, population.travellers
    listed: NDArray[np.bool_] = np.zeros(len(vehicles.home), dtype=bool)
    listed[population.sought] = True
    heavy = region.appearance.is_heavy(vehicles.appearance.type)
    plan = TripPlan(
        travellers, vehicles.home[travellers], listed[travellers], heavy[travellers], population.companions
    )
    round_trips = sample_round_trips(
        rng, plan, region.roads, region.routes, scenario.begin_ms, scenario.hours
    )
    home = vehicles.home[round_trips.vehicle]
    passages = build_passages(round_trips, home, region.routes, scenario.hours)
    captures = sample_captures(
        rng, passages, region.roads, region.clock_offsets, scenario.rates, scenario.hours
    )
    return passages, captures
