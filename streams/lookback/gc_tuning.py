"""The garbage collector, set for a sweep."""

import gc
from typing import Final

_GC_THRESHOLDS: Final = (20_000, 5, 5)
"""New objects after which cycles are looked for, and how often older ones are looked at too. A fetch is in a
cycle, so with rarer looks the bytes of many fetches stay in memory; with Python's own 700, a sweep takes half
as long again."""


def tune_gc() -> None:
    """Leaves what is loaded by now out of later collections, and makes the others rarer."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)
