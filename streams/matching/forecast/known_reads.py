"""Known reads: real reads whose true plate is known, shipped to say beforehand what lists will cost."""

import gzip
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Final, NamedTuple

import msgspec

from streams.confusions.training.pairs import Pair
from streams.plates.normal_form import folded, normal

FILE: Final = "known_reads.jsonl.gz"


class Known(NamedTuple):
    """Known reads, each counting `times`, and the share, 0 to 1, in which the plate was read right."""

    reads: Sequence[Pair]
    right: float


def known(reads: Sequence[Pair]) -> Known:
    """Known reads from pairs."""
    right = sum(pair.times for pair in reads if folded(normal(pair.plate)) == pair.true)
    total = sum(pair.times for pair in reads)
    return Known(reads, right / total if total else 1.0)


@lru_cache(maxsize=1)
def shipped_reads() -> Known:
    """The known reads shipped with the package; tests/data/README.md says where they are from."""
    lines = gzip.decompress(files("streams.matching.forecast").joinpath(FILE).read_bytes()).splitlines()
    return known([msgspec.json.decode(line, type=Pair) for line in lines])
