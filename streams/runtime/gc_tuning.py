"""Settings of the garbage collector for the kinds of work that create many objects.

Python's own threshold of 700 new objects is reached many times within a batch. Reads, alerts and records hold
no reference cycles, so these collections find nothing and cost as much as decoding a read does.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum


class GcProfile(Enum):
    """Thresholds of `gc.set_threshold` for one kind of work, with the measured reason."""

    BATCHES = (50_000, 5, 400)
    """Batches of reads into a state that grows, as in a worker or a replay.

    A collection for each batch costs a read with confidences per character as much as its decoding. The
    middle generation keeps a single pass over what the state gained since the last one short.
    """
    SCAN = (20_000, 5, 5)
    """One pass over a topic that keeps little, as of a lookback.

    A fetch is part of a cycle, so with fewer collections the bytes of many fetches stay in memory; with
    Python's own threshold a scan takes half as long again.
    """
    SNAPSHOT = (20_000, 10, 10)
    """Writing a snapshot of the alert lists from the topic; two objects a record.

    As for a scan, the bytes of many fetches would stay in memory with fewer collections.
    """


def tune_gc(profile: GcProfile) -> None:
    """Exempt all that is loaded by now from later collections, and set the profile for good."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*profile.value)


@contextmanager
def gc_profile(profile: GcProfile) -> Iterator[None]:
    """Set a profile for the block, and restore the thresholds of before."""
    before = gc.get_threshold()
    gc.set_threshold(*profile.value)
    try:
        yield
    finally:
        gc.set_threshold(*before)
