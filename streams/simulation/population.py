"""Who is on the road, who is sought, and which cameras see whom."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.plates.fleets import Fleets
from streams.simulation.appearance import Table
from streams.simulation.capture import Captures, captures
from streams.simulation.column_types import Ints
from streams.simulation.roads import Roads
from streams.simulation.routes import Ways
from streams.simulation.scenario import PEOPLE, Scenario
from streams.simulation.trips import Passages, Times, passages, tours
from streams.simulation.vehicles import Vehicles, vehicles

_READS_A_TOUR: Final = 6.5
"""A first guess."""
_SPARE: Final = 1.15
_AT_LEAST: Final = 20
_HEAVY: Final = ("lorry", "bus")


class Traffic(NamedTuple):
    """Vehicles, their passages, and the reads of these in order of arrival.

    `sought` (intp): the vehicle that each alert is about, some of them on the road; `alert_of` (intp): the
    alert that is about a vehicle, -1 for none; `clone_of` (intp): the vehicle whose plate a vehicle carries,
    -1 for its own.
    """

    vehicles: Vehicles
    sought: Ints
    alert_of: Ints
    clone_of: Ints
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
        copies = round(on_road * scenario.rates.clones / (1 - scenario.rates.clones))
        # The first of all are sought. Behind those on the road are copies, and behind these those that stay
        # at home and are only on the lists.
        its = vehicles(rng, on_road + copies + scenario.alerts - travelling, roads, fleets, table)
        sought = np.r_[:travelling, on_road + copies : len(its.home)]
        listed = np.zeros(len(its.home), dtype=bool)
        listed[sought] = True
        goes = rng.permutation(np.r_[:travelling, rng.integers(0, on_road, wanted)])
        clone_of, beside = np.full(len(its.home), -1, dtype=np.intp), None
        if copies:
            its, clone_of, goes, beside = _cloned(rng, its, on_road, copies, goes, table)
        seen, kept = _on_the_road(rng, scenario, goes, beside, its, listed, roads, ways, table, ahead)
        if len(kept.at) >= scenario.reads:
            break
        a_tour, attempt = max(len(kept.at), 1) / wanted, attempt + 1
    # Tours come in no order, so those behind the last read asked for are like those before it.
    kept = kept.take(np.arange(scenario.reads))
    sought = rng.permutation(sought)
    alert_of = np.full(len(listed), -1, dtype=np.intp)
    alert_of[sought] = np.arange(len(sought))
    kept = kept.take(np.lexsort((kept.camera, kept.at, kept.arrived)))
    return Traffic(its, sought, alert_of, clone_of, seen, kept)


def _cloned(
    rng: np.random.Generator, its: Vehicles, first: int, copies: int, goes: Ints, table: Table
) -> tuple[Vehicles, Ints, Ints, Ints]:
    """Vehicles of which so many, from a first one on, carry the plates of others that go out.

    Beside them: whose plate each vehicle carries, -1 for its own; the vehicles that go out, now with the
    copies; and for each of these the place of the tour beside which it goes, -1 for none.
    """
    _, firsts, tours_of = np.unique(goes, return_index=True, return_counts=True)
    # Of a vehicle that goes out once the tour is not left out for another of it.
    chosen = firsts[tours_of == 1] if copies <= (tours_of == 1).sum() else firsts
    rows = rng.choice(chosen, copies, replace=copies > len(chosen))
    copy, original = first + np.arange(copies), goes[rows]
    clone_of = np.full(len(its.home), -1, dtype=np.intp)
    clone_of[copy] = original
    plate, country, colour = its.plate.copy(), its.country.copy(), its.looks.colour.copy()
    plate[copy], country[copy] = plate[original], country[original]
    own, of = its.looks.take(copy), its.looks.take(original)
    same = (own.make == of.make) & (own.colour == of.colour) & (own.type == of.type)
    colour[copy[same]] = (colour[copy[same]] + 1) % len(table.colour_names)
    # Right behind the other's tour, so that the traffic ends with both or with none.
    order = np.argsort(np.r_[np.arange(len(goes)), rows + 0.5], kind="stable")
    place = np.argsort(order)
    beside = np.full(len(order), -1, dtype=np.intp)
    beside[place[len(goes) :]] = place[rows]
    looks = its.looks._replace(colour=colour)
    return its._replace(plate=plate, country=country, looks=looks), clone_of, np.r_[goes, copy][order], beside


def _on_the_road(
    rng: np.random.Generator,
    scenario: Scenario,
    goes: Ints,
    beside: Ints | None,
    its: Vehicles,
    listed: NDArray[np.bool_],
    roads: Roads,
    ways: Ways,
    table: Table,
    ahead: Times,
) -> tuple[Passages, Captures]:
    """What is seen of tours of some vehicles; `beside` as `tours` takes it."""
    heavy = np.isin(its.looks.type, [table.type_names.index(name) for name in _HEAVY])
    begin, hours = scenario.begin_ms, scenario.hours
    made = tours(rng, goes, its.home[goes], listed[goes], heavy[goes], roads, ways, begin, hours, beside)
    seen = passages(made, its.home[made.vehicle], ways, scenario.hours)
    return seen, captures(rng, seen, roads, ahead, scenario.rates, scenario.hours)
