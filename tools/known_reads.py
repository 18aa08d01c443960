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

from streams.confusions.training.pairs import TrainingPair, decode_pair
from streams.matching.forecast.known_reads import KNOWN_READS_FILE
from streams.plates.normal_form import fold_umlauts, normalise

PAIRS_FILE: Final = Path(__file__).parents[1] / "tests" / "data" / "misreads.jsonl.gz"
OUTPUT_FILE: Final = Path(__file__).parents[1] / "streams" / "matching" / "forecast" / KNOWN_READS_FILE
MISREADS: Final = 160
CORRECT_READS: Final = 60
BAND_LIMITS: Final = (0.6, 0.8, 0.9, 0.96, 0.99)


def read_pairs() -> list[TrainingPair]:
    """All pairs of tests/data."""
    with gzip.open(PAIRS_FILE) as lines:
        return [pair for pair in map(decode_pair, lines) if isinstance(pair, TrainingPair)]


def is_held_out(pair: TrainingPair) -> bool:
    """Whether a pair is kept to measure against."""
    return int(pair.read_id[1:]) % 3 == 0


def choose_pairs() -> list[TrainingPair]:
    """The pairs that are shipped, in order."""
    strata = defaultdict[tuple[str, int], list[TrainingPair]](list)
    for pair in read_pairs():
        if not is_held_out(pair):
            right = fold_umlauts(normalise(pair.plate)) == pair.true_plate
            band = bisect(BAND_LIMITS, min(pair.char_confidences or [1.0])) if right else -1
            strata[pair.country, band].append(pair)
    rng = Random(0)
    found = []
    for (_, band), members in strata.items():
        some = rng.sample(members, min(MISREADS if band < 0 else CORRECT_READS, len(members)))
        found += [(pair, len(members) / len(some)) for pair in some]
    most = max(times for _, times in found)
    shipped = [
        replace(pair, times=round(times / most, 6), quality=None, reader=None) for pair, times in found
    ]
    return sorted(shipped, key=lambda pair: pair.read_id)


def main() -> None:
    """Writes the file."""
    lines = [msgspec.json.encode(pair) for pair in choose_pairs()]
    # Without a time in it, the same pairs give the same bytes.
    OUTPUT_FILE.write_bytes(gzip.compress(b"\n".join(lines), mtime=0))


if __name__ == "__main__":
    main()
