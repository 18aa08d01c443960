"""What lists are expected to cost, against hits counted: `python -m tests.bench.expected`, some minutes.

Innocent vehicles are read as real ones were: each is a read of tests/data that the estimate does not know,
with its misreads, confidences and alternatives, on another plate. Of its true plate the characters that were
read right are drawn again; so vehicles, misreads and lists are many, and false hits can be counted.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import Final

from msgspec.structs import replace

from streams.alerts import Index, Snapshot, SnapshotWriter
from streams.confusions.training.pairs import TrainingPair
from streams.matching.batch import match_batch
from streams.matching.config import ListConfig, MatchingConfig, MatchingRules
from streams.matching.forecast.expectation import FalseHitForecast
from streams.matching.forecast.sample import PlateSamples, synthetic_alert
from streams.matching.forecast.traffic import Traffic
from streams.matching.matcher import Matcher
from streams.plates.fleets import builtin_fleets
from streams.plates.normal_form import fold_umlauts, normalise
from streams.records.encode import encode
from streams.records.read import PlateCandidate, Read
from streams.records.times import from_ms
from tests.bench.table import show
from tools.known_reads import is_held_out, read_pairs

LISTED: Final = 400_000
READS: Final = 250_000
NAMED: Final = 1_000_000
"""The size of list that figures are said of."""
SHORT: Final = 3
_AT: Final = from_ms(1_000_000_000_000)
_LEAST: Final = 0.1
_LIMITS: Final = (0.1, 0.3, 0.5, 0.8, 0.9, 0.95)


@dataclass
class Hit:
    """A false hit: the list, the class and the posterior."""

    list_id: str
    class_: str
    posterior: float


def run(listed: int = LISTED, count: int = READS) -> None:
    """Prints the table."""
    known = read_pairs()
    traffic = dict(Counter(pair.country for pair in known))
    matching = MatchingConfig(reads_per_day=traffic)
    lists = {"any": ListConfig(mode="confusable"), "fuzzy": ListConfig(mode="fuzzy", min_posterior=_LEAST)}
    policies = MatchingRules(lists, matching)
    every = Traffic(builtin_fleets(), traffic).sample_plates(Random(7))
    # A plate of three characters may be what is left of any misread plate of any country.
    drawn = list(islice((each for each in every if len(each[0]) > SHORT), listed))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lists"
        with SnapshotWriter(path) as writer:
            for list_id in lists:
                for first in range(0, listed, 50_000):
                    part = enumerate(drawn[first : first + 50_000], first)
                    writer.add([synthetic_alert(list_id, str(number), *each) for number, each in part])
            writer.finish()
        index = Index(Snapshot(path), fuzzy_lists=policies.fuzzy_lists)
        hits = list(counted(index, Matcher(policies), known, count))
    plates = PlateSamples()
    for number, each in enumerate(drawn):
        plates.add(synthetic_alert("any", str(number), *each))
    # By counting, of a list of that size, per 100,000 reads.
    scale = NAMED / listed * 100_000 / count
    rows = []
    for mode, least in [
        ("exact", None),
        ("confusable", None),
        *((mode, each) for mode in ("exact", "confusable", "fuzzy") for each in _LIMITS),
    ]:
        of = {"exact": ("exact",), "confusable": ("exact", "confusable")}.get(
            mode, ("exact", "confusable", "fuzzy")
        )
        from_list = "any" if least is None else "fuzzy"
        found = sum(
            hit.list_id == from_list and hit.class_ in of and hit.posterior >= (least or 0) for hit in hits
        )
        policy = MatchingRules({"any": ListConfig(mode=mode, min_posterior=least)}, matching)
        expected = FalseHitForecast(policy, Matcher(policy)).for_plates(plates).false_hits * NAMED / listed
        rows.append(
            (
                f"{mode}, {'any' if least is None else least}",
                f"{expected:.1f}",
                f"{found * scale:.1f}",
                f"{found:,}",
                f"{expected / (found * scale):.2f}" if found else "",
            )
        )
    show(
        f"False hits of a list of {NAMED:,} per 100,000 reads: expected beforehand, and counted with "
        f"{count:,} reads and {listed:,} plates",
        ("mode, least posterior", "expected", "counted", "hits", "ratio"),
        rows,
    )


def counted(index: Index, judge: Matcher, known: list[TrainingPair], count: int) -> Iterator[Hit]:
    """The false hits of innocent vehicles; a listed one that passes by chance is none."""
    rng = Random(3)
    of_country = [pair for pair in known if is_held_out(pair)]
    true: dict[str, str] = {}
    done = 0
    while done < count:
        batch = []
        for _ in range(min(2000, count - done)):
            read, plate = innocent(rng.choice(of_country), rng, str(done))
            true[read.read_id] = plate
            batch.append(encode(read))
            done += 1
        for match in match_batch(batch, index, judge).matches:
            if fold_umlauts(normalise(match.alert.plate)) != true[match.read.read_id]:
                yield Hit(match.alert.list_id, match.result.class_, match.result.posterior or 0.0)
        true.clear()


def innocent(pair: TrainingPair, rng: Random, read_id: str) -> tuple[Read, str]:
    """A read like that of a pair, of another plate; and that plate (folded normal form)."""
    true, read = pair.true_plate, fold_umlauts(normalise(pair.plate))
    if len(true) != len(read):
        # Where a character was lost or is too many is not known, so it stays as it was.
        return _read(pair, pair.plate, read_id), true
    blocks = [
        block
        for block in builtin_fleets().blocks(pair.country, len(true))
        if all(map(str.__contains__, block.allowed, true))
    ]
    if not blocks:
        return _read(pair, pair.plate, read_id), true
    (block,) = rng.choices(blocks, [each.density for each in blocks])
    kept = [one != other for one, other in zip(true, read, strict=True)]
    drawn = [
        own if stays else rng.choice(allowed)
        for own, stays, allowed in zip(true, kept, block.allowed, strict=True)
    ]
    said = [other if stays else own for own, other, stays in zip(drawn, read, kept, strict=True)]

    def moved(text: str) -> str:
        """A text that the recogniser named, on the other plate."""
        return "".join(new if char == old else char for char, old, new in zip(text, read, said, strict=True))

    candidates = [
        PlateCandidate(moved(text), each.confidence)
        for each in pair.candidates or ()
        if len(text := fold_umlauts(normalise(each.plate))) == len(read)
    ]
    alternatives = pair.char_alternatives and [
        # What was named for another character says nothing of this one.
        named if stays or old == new else []
        for named, stays, old, new in zip(pair.char_alternatives, kept, read, said, strict=False)
    ]
    other = replace(pair, candidates=candidates or None, char_alternatives=alternatives)
    return _read(other, "".join(said), read_id), "".join(drawn)


def _read(pair: TrainingPair, plate: str, read_id: str) -> Read:
    return Read(
        read_id,
        "c",
        _AT,
        plate,
        pair.country,
        confidence=pair.confidence,
        char_confidences=pair.char_confidences,
        candidates=pair.candidates,
        char_alternatives=pair.char_alternatives,
    )


if __name__ == "__main__":
    run(*map(int, sys.argv[1:]))
