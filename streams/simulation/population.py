"""Who is on the road, who is sought, and which cameras see whom."""

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
from streams.simulation.trips import Passages, Times, build_passages, sample_round_trips
from streams.simulation.vehicles import Vehicles, sample_vehicles

_READS_PER_ROUND_TRIP: Final = 6.5
"""A first guess."""
_SPARE_FACTOR: Final = 1.15
_MIN_ROUND_TRIPS: Final = 20
_HEAVY: Final = ("lorry", "bus")


class Traffic(NamedTuple):
    """Vehicles, their passages, and the reads of these in order of arrival.

    `sought` (intp): the vehicle that each alert is about, some of them on the road; `alert_of` (intp): the
    alert that is about a vehicle, -1 for none; `clone_of` (intp): the vehicle whose plate a vehicle carries,
    -1 for its own.
    """

    vehicles: Vehicles
    sought: Ints
    alert_index: Ints
    clone_of: Ints
    passages: Passages
    captures: Captures


def sample_traffic(
    scenario: Scenario,
    roads: Roads,
    routes: RouteTable,
    fleets: Fleets,
    table: AppearanceTable,
    clock_offsets: Times,
) -> Traffic:
    """Traffic with as many reads and alerts as are asked for; `ahead` is how far ahead the clocks are.

    Raises ValueError if a country has too few plates for it, or no camera reads anything.
    """
    if scenario.rates.missed >= 1:
        raise ValueError("all passages are missed, so there are no reads")
    a_tour, attempt = _READS_PER_ROUND_TRIP, 0
    while True:
        wanted = int(scenario.reads / a_tour * _SPARE_FACTOR) + _MIN_ROUND_TRIPS
        rng = scenario.rng(PEOPLE, attempt)
        on_road = int(wanted / (scenario.rates.round_trips_per_day * scenario.days)) + 1
        travelling = min(scenario.alerts, max(1, round(on_road * scenario.rates.listed)))
        copies = round(on_road * scenario.rates.clones / (1 - scenario.rates.clones))
        # The first of all are sought. Behind those on the road are copies, and behind these those that stay
        # at home and are only on the lists.
        its = sample_vehicles(rng, on_road + copies + scenario.alerts - travelling, roads, fleets, table)
        sought = np.r_[:travelling, on_road + copies : len(its.home)]
        listed = np.zeros(len(its.home), dtype=bool)
        listed[sought] = True
        goes = rng.permutation(np.r_[:travelling, rng.integers(0, on_road, wanted)])
        clone_of, beside = np.full(len(its.home), -1, dtype=np.intp), None
        if copies:
            its, clone_of, goes, beside = _add_clones(rng, its, on_road, copies, goes, table)
        seen, kept = _sample_reads(
            rng, scenario, goes, beside, its, listed, roads, routes, table, clock_offsets
        )
        if len(kept.passed_ms) >= scenario.reads:
            break
        a_tour, attempt = max(len(kept.passed_ms), 1) / wanted, attempt + 1
    # Tours come in no order, so those behind the last read asked for are like those before it.
    kept = kept.select(np.arange(scenario.reads))
    sought = rng.permutation(sought)
    alert_of = np.full(len(listed), -1, dtype=np.intp)
    alert_of[sought] = np.arange(len(sought))
    kept = kept.select(np.lexsort((kept.camera, kept.passed_ms, kept.arrived_ms)))
    return Traffic(its, sought, alert_of, clone_of, seen, kept)


def _add_clones(
    rng: np.random.Generator, its: Vehicles, first: int, copies: int, travellers: Ints, table: AppearanceTable
) -> tuple[Vehicles, Ints, Ints, Ints]:
    """Vehicles of which so many, from a first one on, carry the plates of others that go out.

    Beside them: whose plate each vehicle carries, -1 for its own; the vehicles that go out, now with the
    copies; and for each of these the place of the tour beside which it goes, -1 for none.
    """
    _, firsts, tours_of = np.unique(travellers, return_index=True, return_counts=True)
    # Of a vehicle that goes out once the tour is not left out for another of it.
    chosen = firsts[tours_of == 1] if copies <= (tours_of == 1).sum() else firsts
    rows = rng.choice(chosen, copies, replace=copies > len(chosen))
    copy, original = first + np.arange(copies), travellers[rows]
    clone_of = np.full(len(its.home), -1, dtype=np.intp)
    clone_of[copy] = original
    plate, country, colour = its.plate.copy(), its.country.copy(), its.appearance.colour.copy()
    plate[copy], country[copy] = plate[original], country[original]
    own, of = its.appearance.select(copy), its.appearance.select(original)
    same = (own.make == of.make) & (own.colour == of.colour) & (own.type == of.type)
    colour[copy[same]] = (colour[copy[same]] + 1) % len(table.colour_names)
    # Right behind the other's tour, so that the traffic ends with both or with none.
    order = np.argsort(np.r_[np.arange(len(travellers)), rows + 0.5], kind="stable")
    place = np.argsort(order)
    beside = np.full(len(order), -1, dtype=np.intp)
    beside[place[len(travellers) :]] = place[rows]
    looks = its.appearance._replace(colour=colour)
    return (
        its._replace(plate=plate, country=country, appearance=looks),
        clone_of,
        np.r_[travellers, copy][order],
        beside,
    )


def _sample_reads(
    rng: np.random.Generator,
    scenario: Scenario,
    travellers: Ints,
    companions: Ints | None,
    its: Vehicles,
    listed: NDArray[np.bool_],
    roads: Roads,
    routes: RouteTable,
    table: AppearanceTable,
    clock_offsets: Times,
) -> tuple[Passages, Captures]:
    """What is seen of tours of some vehicles; `beside` as `tours` takes it."""
    heavy = np.isin(its.appearance.type, [table.type_names.index(name) for name in _HEAVY])
    begin, hours = scenario.begin_ms, scenario.hours
    made = sample_round_trips(
        rng,
        travellers,
        its.home[travellers],
        listed[travellers],
        heavy[travellers],
        roads,
        routes,
        begin,
        hours,
        companions,
    )
    seen = build_passages(made, its.home[made.vehicle], routes, scenario.hours)
    return seen, sample_captures(rng, seen, roads, clock_offsets, scenario.rates, scenario.hours)
