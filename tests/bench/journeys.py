"""Journeys of simulated traffic, scored against the truth."""

import multiprocessing
import os
from collections.abc import Mapping
from typing import Final, NamedTuple

from streams.runtime.gc_tuning import GcProfile, tune_gc
from tests.bench.table import show
from tests.truth.emitted import run_correlator
from tests.truth.environment import simulate_traffic, without_next_sites
from tests.truth.ledger import TruthLedger, side_by_side

WORLDS: Final = 22
"""Number of simulations that give 100,000 journeys of ordinary traffic."""
READS: Final = 50_000
"""Reads in each of them."""
FAR_READS: Final = 40_000
FAR: Final = 0.1
"""Share of the vehicles that travel far, in ordinary traffic."""


class Simulation(NamedTuple):
    """Traffic to simulate and score; `column` is its column of the table.

    Next sites (`with_next_sites`) make it slower by a fifth.
    """

    column: str
    seed: int
    reads: int
    far_share: float
    with_next_sites: bool
    rates: Mapping[str, float]


def run(scale: int) -> None:
    """Print the table, with sizes divided by `scale`; exit with the faults, if there are any.

    No time is measured, so the simulations are distributed over all processors, each in a process of its own.
    """
    ledgers: dict[str, TruthLedger] = {}
    with multiprocessing.get_context("spawn").Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        for column, ledger in pool.imap(_run_simulation, _simulations(scale), chunksize=1):
            ledgers.setdefault(column, TruthLedger()).merge(ledger)
    show(
        "Journeys compared with the truth: days of simulated traffic in which every vehicle is sought, with "
        "misreads, 5 % of reads lost and 5 % late, 5 % of clocks wrong; match stage and correlator",
        ("", *ledgers),
        side_by_side(ledgers.values()),
    )
    faults = [fault for ledger in ledgers.values() for fault in ledger.faults]
    for column, ledger in ledgers.items():
        # With copied plates, hits are right to have the doubt.
        if not ledger.counts["copied copied"]:
            faults += [f"{column}: {hit}" for hit in ledger.too_fast]
    if faults:
        raise SystemExit("\n".join(faults))


def _simulations(scale: int) -> list[Simulation]:
    reads = FAR_READS // scale
    return [
        *(
            Simulation("ordinary traffic", seed, READS, FAR, False, {})
            for seed in range(1, 1 + max(WORLDS // scale, 1))
        ),
        Simulation("all go far", 7, reads, 1.0, True, {}),
        Simulation("… all clocks right", 7, reads, 1.0, True, {"clock_wrong": 0.0}),
        Simulation("… one in ten a copy", 7, reads, 1.0, True, {"clones": 0.1}),
    ]


def _run_simulation(simulation: Simulation) -> tuple[str, TruthLedger]:
    """Return the column and the ledger of a simulation."""
    tune_gc(GcProfile.BATCHES)
    environment = simulate_traffic(
        simulation.seed, simulation.reads, simulation.far_share, **simulation.rates
    )
    config = environment.correlation
    if not simulation.with_next_sites:
        config = without_next_sites(config)
    ledger = TruthLedger()
    ledger.add(environment, run_correlator(environment, config, environment.cooperation))
    return simulation.column, ledger
