"""Journeys of made-up traffic held against the truth about it."""

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
"""As many as it takes for 100,000 journeys of ordinary traffic."""
READS: Final = 50_000
"""Of one world."""
FAR_READS: Final = 40_000
FAR: Final = 0.1
"""Of the vehicles of ordinary traffic, those that go far."""


class Asked(NamedTuple):
    """Traffic to be made and held against the truth; `column` is the one of the table it belongs to.

    Whether the sites ahead are told (`ahead`) makes it longer by a fifth.
    """

    column: str
    seed: int
    reads: int
    far: float
    ahead: bool
    rates: Mapping[str, float]


def run(scale: int) -> None:
    """Prints the table; the sizes are divided by `scale`. Exits with what is not as it must be, if anything
    is.

    It measures no time, so as many processes as there are processors share the work, each world in a fresh
    one.
    """
    accounts: dict[str, TruthLedger] = {}
    with multiprocessing.get_context("spawn").Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        for column, account in pool.imap(_account, _all(scale), chunksize=1):
            accounts.setdefault(column, TruthLedger()).merge(account)
    show(
        "Journeys beside the truth: days of simulated traffic in which every vehicle is listed, with "
        "misreads, 5 % of reads lost and 5 % late, 5 % of clocks wrong; match stage and correlator",
        ("", *accounts),
        side_by_side(accounts.values()),
    )
    faults = [fault for account in accounts.values() for fault in account.faults]
    for column, account in accounts.items():
        # Where there are copies it is right that they are told.
        faults += (
            [] if account.counts["copied copied"] else [f"{column}: {each}" for each in account.too_fast]
        )
    if faults:
        raise SystemExit("\n".join(faults))


def _all(scale: int) -> list[Asked]:
    reads = FAR_READS // scale
    return [
        *(
            Asked("ordinary traffic", seed, READS, FAR, False, {})
            for seed in range(1, 1 + max(WORLDS // scale, 1))
        ),
        Asked("all go far", 7, reads, 1.0, True, {}),
        Asked("… all clocks right", 7, reads, 1.0, True, {"clock_wrong": 0.0}),
        Asked("… one in ten a copy", 7, reads, 1.0, True, {"clones": 0.1}),
    ]


def _account(asked: Asked) -> tuple[str, TruthLedger]:
    """The account of one world, with its column."""
    tune_gc(GcProfile.BATCHES)
    its = simulate_traffic(asked.seed, asked.reads, asked.far, **asked.rates)
    policy = its.correlation if asked.ahead else without_next_sites(its.correlation)
    account = TruthLedger()
    account.add(its, run_correlator(its, policy, its.cooperation))
    return asked.column, account
