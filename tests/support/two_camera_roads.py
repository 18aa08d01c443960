"""Two cameras on one road, made of the real misreads in `tests/data`.

The first camera's read of a vehicle is a real one of its plate. The second's is put together of other real
reads: each character is read as the same character, at the start, inside or at the end, was in some read of
the same quality. So the slips, confidences and characters named are real at both; that bad light or dirt
spoils the same character at both cameras is not in it.
"""

import gzip
from collections.abc import Sequence
from functools import cache
from math import prod
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from streams.confusions.evidence import evidence_of
from streams.confusions.training.camera_pairs.linkage import Road
from streams.confusions.training.counts import edits
from streams.confusions.training.pairs import Pair, decode_pair
from streams.records.read import Candidate, CharAlternative, Read
from tests.support.builders import at

PAIRS: Final = Path(__file__).parents[1] / "data" / "misreads.jsonl.gz"
LEAST_S: Final = 600.0
MOST_S: Final = 1100.0
_Glyph = tuple[str, float | None, list[CharAlternative]]


class Made(NamedTuple):
    """A road, and the vehicle of each read: the row of its pair."""

    road: Road
    first: list[int]
    second: list[int]


@cache
def real_pairs() -> tuple[Pair, ...]:
    """All pairs in `tests/data`."""
    with gzip.open(PAIRS) as lines:
        return tuple(pair for pair in map(decode_pair, lines) if isinstance(pair, Pair))


def road(
    pairs: Sequence[Pair], seed: int = 1, missed: float = 0.05, apart: float = 0.3, alike: float = 0
) -> Made:
    """A road on which the vehicles of pairs pass, one every four seconds or so.

    Of those at a camera a share is missed by it; a share of the vehicles turns off and is seen by one only. A
    share `alike` of the second's reads repeats the first's, as if dirt had spoilt both.
    """
    rng = Random(seed)
    donors = _donors(pairs)
    order = list(range(len(pairs)))
    rng.shuffle(order)
    firsts: list[tuple[Read, int]] = []
    seconds: list[tuple[Read, int]] = []
    seconds_now = 0.0
    for row in order:
        pair = pairs[row]
        seconds_now += rng.expovariate(1 / 4)
        turns = rng.random()
        if turns >= apart / 2 and rng.random() >= missed:
            firsts.append((_read(pair, f"a{row}", "north", seconds_now), row))
        if (turns < apart / 2 or turns >= apart) and rng.random() >= missed:
            travel = min(max(rng.gauss(800, 80), LEAST_S), MOST_S)
            seen = pair if alike and rng.random() < alike else _again(pair, donors, rng)
            seconds.append((_read(seen, f"b{row}", "south", seconds_now + travel), row))
    reads = Road([read for read, _ in firsts], [read for read, _ in seconds], LEAST_S, MOST_S)
    return Made(reads, [row for _, row in firsts], [row for _, row in seconds])


def _read(pair: Pair, read_id: str, camera: str, seconds: float) -> Read:
    return Read(
        read_id=read_id,
        camera_id=camera,
        captured_at=at(seconds),
        plate=pair.plate,
        country=pair.country,
        confidence=pair.confidence,
        char_confidences=pair.char_confidences,
        candidates=pair.candidates,
        char_alternatives=pair.char_alternatives,
    )


def _third(place: int, count: int) -> int:
    return 0 if place == 0 else 2 if place == count - 1 else 1


def _donors(pairs: Sequence[Pair]) -> dict[tuple[str | None, str, int], list[list[_Glyph]]]:
    """How each character was read, by quality, character and place."""
    found: dict[tuple[str | None, str, int], list[list[_Glyph]]] = {}
    for pair in pairs:
        plate, true, last, at_read, place = evidence_of(pair).plate, pair.true, None, 0, 0
        for read, there in edits(plate, true) or ():
            glyph: list[_Glyph] = []
            if read:
                sure = pair.char_confidences[at_read] if pair.char_confidences else None
                glyph = [(read, sure, pair.char_alternatives[at_read] if pair.char_alternatives else [])]
                at_read += 1
            if there:
                last = glyph
                found.setdefault((pair.quality, there, _third(place, len(true))), []).append(last)
                place += 1
            elif last is not None:
                last += glyph
    return found


def _again(pair: Pair, donors: dict[tuple[str | None, str, int], list[list[_Glyph]]], rng: Random) -> Pair:
    """A pair of the same plate, read another time."""
    quality = pair.quality and rng.choices(["clear", "medium", "poor"], [0.52, 0.3, 0.18])[0]
    while True:
        glyphs = [
            glyph
            for place, char in enumerate(pair.true)
            for glyph in rng.choice(
                donors.get((quality, char, _third(place, len(pair.true))))
                or [[(char, 0.99 if pair.char_confidences else None, [])]]
            )
        ]
        if 0 < len(glyphs) <= 12:
            break
    text = "".join(char for char, _, _ in glyphs)
    sures = [sure for _, sure, _ in glyphs if sure is not None]
    if len(sures) < len(glyphs):
        return Pair(pair.truth, pair.country, text)
    return Pair(
        pair.truth,
        pair.country,
        text,
        confidence=round(sum(sures) / len(sures), 4),
        char_confidences=sures,
        char_alternatives=[others for _, _, others in glyphs],
        candidates=[Candidate(text, prod(sures))],
    )
