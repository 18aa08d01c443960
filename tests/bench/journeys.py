"""Journeys of made-up traffic held against the truth about it."""

from collections.abc import Iterator
from itertools import count
from typing import Final

from streams.cli.collector import settle
from tests.bench.table import one_core, show
from tests.journeys.account import Account, side_by_side
from tests.journeys.ground import Ground, ground, without_looking_ahead
from tests.journeys.told import by_correlator

JOURNEYS: Final = 100_000
READS: Final = 50_000
"""Of one world; there are as many worlds as it takes."""
FAR_READS: Final = 60_000
FAR: Final = 0.1
"""Of the vehicles of ordinary traffic, those that go far."""
COPIES: Final = 0.1
"""Of the vehicles on the road, those with a copied plate, where there are any."""


def run(scale: int) -> None:
    """Prints the table; the sizes are divided by `scale`. Run in a process of its own.

    Exits with what is not as it must be, if anything is.
    """
    one_core()
    settle()
    ordinary, far, copied = Account(), Account(), Account()
    for each in _worlds():
        # The sites ahead are not told here: it takes long, and the other columns have their figures.
        ordinary.add(each, by_correlator(each, without_looking_ahead(each.policy), each.cooperation))
        if ordinary.counts["journeys"] >= JOURNEYS // scale:
            break
    for account, copies in ((far, 0.0), (copied, COPIES)):
        each = ground(7, FAR_READS // scale, 1.0, clones=copies)
        account.add(each, by_correlator(each, each.policy, each.cooperation))
    show(
        "Journeys beside the truth: a day's simulated traffic in which every vehicle is listed, with "
        "misreads, 5 % of reads lost and 5 % late, 5 % of clocks wrong; match stage and correlator",
        ("", "ordinary traffic", "all go far", f"the same, {COPIES:.0%} are copies"),
        side_by_side([ordinary, far, copied]),
    )
    faults = [*ordinary.faults, *far.faults, *copied.faults, *ordinary.too_fast, *far.too_fast]
    if faults:
        raise SystemExit("\n".join(faults))


def _worlds() -> Iterator[Ground]:
    return (ground(seed, READS, FAR) for seed in count(1))
