"""What the posterior and one-character matching cost in the match stage, next to exact matching alone."""

import statistics
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Final

import orjson

from streams.alerts import Index, Snapshot
from streams.matching.batch import match_batch
from streams.matching.config import ListConfig, MatchingRules
from streams.matching.matcher import Matcher
from streams.matching.no_match import NoMatch
from streams.plates.normal_form import normalise
from streams.records.alert import Alert
from streams.records.match import MatchResult
from streams.records.read import Read
from streams.runtime.gc_tuning import GcProfile, tune_gc
from tests.bench.table import one_core, ratio, rounds, show
from tests.bench.traffic import SEED, batches_of, reads, rich
from tests.bench.traffic import plates as traffic_plates

READS: Final = 200_000
ROUNDS: Final = 7
LIST: Final = "sis-vehicles"
FUZZY: Final = MatchingRules({LIST: ListConfig(mode="fuzzy")})


class Exact(Matcher):
    """Matches equal plates of the same country, without a posterior."""

    def match(self, read: Read, alert: Alert, with_reasons: bool = False) -> MatchResult | NoMatch:  # noqa: ARG002
        """Match if both plates are equal."""
        plate, listed = normalise(read.plate), normalise(alert.plate)
        if plate == listed and read.country == alert.country:
            return MatchResult("exact", plate, listed)
        return NoMatch("plate.unlike", "")


def run(small: tuple[int, Path], large: tuple[int, Path]) -> None:
    """Prints the tables; `small` and `large` are lists by size. Run in a process of its own."""
    one_core()
    exact, usual, fuzzy = Exact(MatchingRules()), Matcher(MatchingRules()), Matcher(FUZZY)
    runs, peers = {}, {}
    for count, path in (large, small):
        plain = reads(READS, 7, 0.005, count)
        for suffix, records in (("", plain), (", reads with all the recogniser knows", rich(plain, 8))):
            batches = batches_of(records)
            peer = f"{count:,} alerts{suffix}: exact, no posterior"
            runs[peer] = partial(_matched, Index(Snapshot(path)), exact, batches)
            ours = {f"{count:,} alerts{suffix}: confusable, posterior": (Index(Snapshot(path)), usual)}
            if count == small[0]:
                ours[f"{count:,} alerts{suffix}: fuzzy, posterior"] = (
                    Index(Snapshot(path), fuzzy_lists=[LIST]),
                    fuzzy,
                )
            for name, (index, judge) in ours.items():
                runs[name] = partial(_matched, index, judge, batches)
                peers[name] = peer
    tune_gc(GcProfile.BATCHES)
    times = rounds(runs, ROUNDS)
    show(
        f"Modes of matching, reads a second on one core, 0.5 % listed (medians of {ROUNDS} turns; aims: "
        "confusable with 1 M alerts ≥ 0.8 ×, fuzzy with 100,000 ≥ 0.5 ×)",
        ("", "reads a second", "of exact"),
        [
            (
                name,
                f"{READS / statistics.median(taken):,.0f}",
                f"{ratio(times[peers[name]], taken):.2f} ×" if name in peers else "",
            )
            for name, taken in times.items()
        ],
    )
    show(
        "The slowest reads, one by one, mode fuzzy (aim: none over 1 ms; the least of 50 tries)",
        ("", "ms a read"),
        [
            (name, f"{_least(Index(Snapshot(small[1]), fuzzy_lists=[LIST]), fuzzy, record):.2f}")
            for name, record in _strange().items()
        ],
    )


def _matched(index: Index, judge: Matcher, batches: list[list[bytes]]) -> int:
    return sum(len(match_batch(batch, index, judge).matches) for batch in batches)


def _least(index: Index, judge: Matcher, record: bytes) -> float:
    times = []
    for _ in range(50):
        began = perf_counter()
        match_batch([record], index, judge)
        times.append(perf_counter() - began)
    return min(times) * 1e3


def _strange() -> dict[str, bytes]:
    """Reads that are as much work as a read can be."""
    base = {"read_id": "r", "camera_id": "c", "captured_at": "2026-05-21T10:00:00Z"}
    letters = "ABCDEFGHJKLMNPQRSTVWXYZ0123456789"

    def named(plate: str) -> dict[str, object]:
        count = len(plate)
        return {
            "confidence": 0.3,
            "char_confidences": [0.3] * count,
            "char_alternatives": [
                [{"char": char, "confidence": 0.02} for char in letters] for _ in range(count)
            ],
            "candidates": [
                {"plate": plate[:place] + "7" + plate[place + 1 :], "confidence": 0.05}
                for place in range(count)
            ],
        }

    listed = next(plate for plate, country in traffic_plates(50, SEED, listed=True) if country == "FR")
    plates = {"a listed French plate": listed, "twelve characters": "O0Q1I8B5S2Z6", "one character": "1"}
    found = {}
    for what, plate in plates.items():
        plain = plate.replace("-", "")
        for country in ("FR", None):
            where = f"{what}, country {country or 'not read'}, everything doubtful, all alternatives"
            found[where] = orjson.dumps({**base, "plate": plain, "country": country, **named(plain)})
    found["umlauts"] = orjson.dumps({**base, "plate": "ÄÖÜÄÖÜÄÖÜÄÖÜ"})
    return found
