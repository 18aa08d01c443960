"""Built-in known reads, sampled from tests/data: `python -m tools.known_reads`.

Writes `streams/matching/forecast/known_reads.jsonl.gz`. For each country it has at most MISREADS misreads,
and at most CORRECT_READS correct reads per band of confidence, each weighted by the number of reads it
represents. Every third read is held out for measurements.
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
    """Return all pairs of tests/data."""
    with gzip.open(PAIRS_FILE) as lines:
        return [pair for pair in map(decode_pair, lines) if isinstance(pair, TrainingPair)]


def is_held_out(pair: TrainingPair) -> bool:
    """True if a pair is held out for measurements."""
    return int(pair.read_id[1:]) % 3 == 0


def choose_pairs() -> list[TrainingPair]:
    """Return the built-in pairs, in the order of their read ids."""
    strata = defaultdict[tuple[str, int], list[TrainingPair]](list)
    for pair in read_pairs():
        if not is_held_out(pair):
            is_correct = fold_umlauts(normalise(pair.plate)) == pair.true_plate
            band = bisect(BAND_LIMITS, min(pair.char_confidences or [1.0])) if is_correct else -1
            strata[pair.country, band].append(pair)
    rng = Random(0)
    weighted = []
    for (_, band), members in strata.items():
        sample = rng.sample(members, min(MISREADS if band < 0 else CORRECT_READS, len(members)))
        weighted += [(pair, len(members) / len(sample)) for pair in sample]
    max_weight = max(weight for _, weight in weighted)
    chosen = [
        replace(pair, weight=round(weight / max_weight, 6), quality=None, reader=None)
        for pair, weight in weighted
    ]
    return sorted(chosen, key=lambda pair: pair.read_id)


def main() -> None:
    """Write the file."""
    lines = [msgspec.json.encode(pair) for pair in choose_pairs()]
    # No timestamp, so that the same pairs give the same bytes.
    OUTPUT_FILE.write_bytes(gzip.compress(b"\n".join(lines), mtime=0))


if __name__ == "__main__":
    main()
