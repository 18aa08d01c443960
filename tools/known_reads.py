"""The known reads that the package ships, drawn from tests/data.

`python -m tools.known_reads` writes `streams/matching/forecast/known_reads.jsonl.gz` anew. For each country
all misreads up to a number, and as many right reads, each counting for as many as it stands for; every third
read is left out, to measure against.
"""

import gzip
from bisect import bisect
from collections import defaultdict
from pathlib import Path
from random import Random
from typing import Final

import msgspec
from msgspec.structs import replace

from streams.confusions.training.pairs import Pair, decode_pair
from streams.matching.forecast.known_reads import FILE
from streams.plates.normal_form import folded, normal

PAIRS: Final = Path(__file__).parents[1] / "tests" / "data" / "misreads.jsonl.gz"
SHIPPED: Final = Path(__file__).parents[1] / "streams" / "matching" / "forecast" / FILE
MISREADS: Final = 160
RIGHT: Final = 60
BANDS: Final = (0.6, 0.8, 0.9, 0.96, 0.99)


def pairs() -> list[Pair]:
    """All pairs of tests/data."""
    with gzip.open(PAIRS) as lines:
        return [pair for pair in map(decode_pair, lines) if isinstance(pair, Pair)]


def left_out(pair: Pair) -> bool:
    """Whether a pair is kept to measure against."""
    return int(pair.read_id[1:]) % 3 == 0


def chosen() -> list[Pair]:
    """The pairs that are shipped, in order."""
    strata = defaultdict[tuple[str, int], list[Pair]](list)
    for pair in pairs():
        if not left_out(pair):
            right = folded(normal(pair.plate)) == pair.true
            band = bisect(BANDS, min(pair.char_confidences or [1.0])) if right else -1
            strata[pair.country, band].append(pair)
    rng = Random(0)
    found = []
    for (_, band), members in strata.items():
        some = rng.sample(members, min(MISREADS if band < 0 else RIGHT, len(members)))
        found += [(pair, len(members) / len(some)) for pair in some]
    most = max(times for _, times in found)
    shipped = [
        replace(pair, times=round(times / most, 6), quality=None, reader=None) for pair, times in found
    ]
    return sorted(shipped, key=lambda pair: pair.read_id)


def main() -> None:
    """Writes the file."""
    lines = [msgspec.json.encode(pair) for pair in chosen()]
    # Without a time in it, the same pairs give the same bytes.
    SHIPPED.write_bytes(gzip.compress(b"\n".join(lines), mtime=0))


if __name__ == "__main__":
    main()
