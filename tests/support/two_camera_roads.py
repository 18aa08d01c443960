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

from streams.confusions.alignment import align_misread
from streams.confusions.evidence import build_evidence
from streams.confusions.training.camera_pairs.linkage import CameraPair
from streams.confusions.training.pairs import TrainingPair, decode_pair
from streams.records.read import CharAlternative, PlateCandidate, Read
from tests.support.builders import after_noon

PAIRS_FILE: Final = Path(__file__).parents[1] / "data" / "misreads.jsonl.gz"
MIN_TRAVEL_S: Final = 600.0
MAX_TRAVEL_S: Final = 1100.0
_Glyph = tuple[str, float | None, list[CharAlternative]]


class SampledRoad(NamedTuple):
    """A road, and the vehicle of each read: the row of its pair."""

    road: CameraPair
    first_rows: list[int]
    second_rows: list[int]


@cache
def real_pairs() -> tuple[TrainingPair, ...]:
    """All pairs in `tests/data`."""
    with gzip.open(PAIRS_FILE) as lines:
        return tuple(pair for pair in map(decode_pair, lines) if isinstance(pair, TrainingPair))


def sample_road(
    pairs: Sequence[TrainingPair],
    seed: int = 1,
    missed: float = 0.05,
    turn_off: float = 0.3,
    repeated: float = 0,
) -> SampledRoad:
    """A road on which the vehicles of pairs pass, one every four seconds or so.

    Of those at a camera a share is missed by it; a share of the vehicles turns off and is seen by one only. A
    share `alike` of the second's reads repeats the first's, as if dirt had spoilt both.
    """
    rng = Random(seed)
    donors = _glyphs_by_character(pairs)
    order = list(range(len(pairs)))
    rng.shuffle(order)
    firsts: list[tuple[Read, int]] = []
    seconds: list[tuple[Read, int]] = []
    seconds_now = 0.0
    for row in order:
        pair = pairs[row]
        seconds_now += rng.expovariate(1 / 4)
        turns = rng.random()
        if turns >= turn_off / 2 and rng.random() >= missed:
            firsts.append((_make_read(pair, f"a{row}", "north", seconds_now), row))
        if (turns < turn_off / 2 or turns >= turn_off) and rng.random() >= missed:
            travel = min(max(rng.gauss(800, 80), MIN_TRAVEL_S), MAX_TRAVEL_S)
            seen = pair if repeated and rng.random() < repeated else _reread(pair, donors, rng)
            seconds.append((_make_read(seen, f"b{row}", "south", seconds_now + travel), row))
    reads = CameraPair(
        [read for read, _ in firsts], [read for read, _ in seconds], MIN_TRAVEL_S, MAX_TRAVEL_S
    )
    return SampledRoad(reads, [row for _, row in firsts], [row for _, row in seconds])


def _make_read(pair: TrainingPair, read_id: str, camera: str, seconds: float) -> Read:
    return Read(
        read_id=read_id,
        camera_id=camera,
        captured_at=after_noon(seconds),
        plate=pair.plate,
        country=pair.country,
        confidence=pair.confidence,
        char_confidences=pair.char_confidences,
        candidates=pair.candidates,
        char_alternatives=pair.char_alternatives,
    )


def _plate_part(position: int, count: int) -> int:
    return 0 if position == 0 else 2 if position == count - 1 else 1


def _glyphs_by_character(
    pairs: Sequence[TrainingPair],
) -> dict[tuple[str | None, str, int], list[list[_Glyph]]]:
    """How each character was read, by quality, character and place."""
    found: dict[tuple[str | None, str, int], list[list[_Glyph]]] = {}
    for pair in pairs:
        plate, true, last, at_read, place = build_evidence(pair).plate, pair.true_plate, None, 0, 0
        for read, there in align_misread(plate, true) or ():
            glyph: list[_Glyph] = []
            if read:
                sure = pair.char_confidences[at_read] if pair.char_confidences else None
                glyph = [(read, sure, pair.char_alternatives[at_read] if pair.char_alternatives else [])]
                at_read += 1
            if there:
                last = glyph
                found.setdefault((pair.quality, there, _plate_part(place, len(true))), []).append(last)
                place += 1
            elif last is not None:
                last += glyph
    return found


def _reread(
    pair: TrainingPair, donors: dict[tuple[str | None, str, int], list[list[_Glyph]]], rng: Random
) -> TrainingPair:
    """A pair of the same plate, read another time."""
    quality = pair.quality and rng.choices(["clear", "medium", "poor"], [0.52, 0.3, 0.18])[0]
    while True:
        glyphs = [
            glyph
            for place, char in enumerate(pair.true_plate)
            for glyph in rng.choice(
                donors.get((quality, char, _plate_part(place, len(pair.true_plate))))
                or [[(char, 0.99 if pair.char_confidences else None, [])]]
            )
        ]
        if 0 < len(glyphs) <= 12:
            break
    text = "".join(char for char, _, _ in glyphs)
    sures = [sure for _, sure, _ in glyphs if sure is not None]
    if len(sures) < len(glyphs):
        return TrainingPair(pair.truth, pair.country, text)
    return TrainingPair(
        pair.truth,
        pair.country,
        text,
        confidence=round(sum(sures) / len(sures), 4),
        char_confidences=sures,
        char_alternatives=[others for _, _, others in glyphs],
        candidates=[PlateCandidate(text, prod(sures))],
    )
