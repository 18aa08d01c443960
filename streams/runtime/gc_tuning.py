"""The garbage collector, set for batches."""

import gc


def tune_gc() -> None:
    """Leaves what is loaded by now out of later collections, and makes young ones rare.

    Reads and alerts hold no cycles, so the collector finds nothing in them; with its usual threshold of 700
    it would look at each batch several times, which costs a read with confidences per character as much as
    its decoding.
    """
    gc.collect()
    gc.freeze()
    # The middle one keeps a single pass over what a state has gained since the last one short.
    gc.set_threshold(50_000, 5, 400)
