"""The garbage collector, set for batches."""

import gc


def settle() -> None:
    """Leaves what is loaded by now out of later collections, and makes young ones rare.

    Reads and alerts hold no cycles, so the collector finds nothing in them; with its usual threshold of 700
    it would look at each batch several times, which costs a read with confidences per character as much as
    its decoding.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
