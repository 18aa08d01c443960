"""Known reads: real reads with their true plates, built in for the forecast of false hits."""

import gzip
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Final, NamedTuple

import msgspec

from streams.confusions.training.pairs import TrainingPair
from streams.plates.normal_form import fold_umlauts, normalise

KNOWN_READS_FILE: Final = "known_reads.jsonl.gz"


class KnownReads(NamedTuple):
    """Known reads, each counting `times`, and the share, 0 to 1, of those in which the plate is right."""

    reads: Sequence[TrainingPair]
    correct_share: float


def known_reads_from_pairs(pairs: Sequence[TrainingPair]) -> KnownReads:
    """Return training pairs as known reads."""
    correct = sum(pair.weight for pair in pairs if fold_umlauts(normalise(pair.plate)) == pair.true_plate)
    total = sum(pair.weight for pair in pairs)
    return KnownReads(pairs, correct / total if total else 1.0)


@lru_cache(maxsize=1)
def builtin_known_reads() -> KnownReads:
    """Return the built-in known reads; tests/data/README.md has their sources."""
    lines = gzip.decompress(
        files("streams.matching.forecast").joinpath(KNOWN_READS_FILE).read_bytes()
    ).splitlines()
    return known_reads_from_pairs([msgspec.json.decode(line, type=TrainingPair) for line in lines])
