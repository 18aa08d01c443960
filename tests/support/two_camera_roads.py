"""Two cameras on one road, sampled from the real misreads in `tests/data`.

The first camera's read of a vehicle is a real one of its plate. The second's is combined from other real
reads: each character is read as the same character, at the start, inside or at the end, was in some read of
the same quality. So the character errors, confidences and named characters of both are real; that bad light
or dirt may spoil the same character at both cameras is not modelled.
"""

import gzip
from collections.abc import Sequence
from functools import cache
from math import prod
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

from streams.confusions.alignment import align_misread
from streams.confusions.evidence import build_evidence
from streams.confusions.training.camera_pairs.linkage import CameraPair
from streams.confusions.training.pairs import TrainingPair, decode_pair
from streams.records.read import CharAlternative, PlateCandidate, Read
from tests.support.builders import a_read, after_noon

PAIRS_FILE: Final = Path(__file__).parents[1] / "data" / "misreads.jsonl.gz"
MIN_TRAVEL_S: Final = 600.0
MAX_TRAVEL_S: Final = 1100.0
_Glyph = tuple[str, float | None, list[CharAlternative]]
"""A character as read, its confidence and its alternatives."""


class SampledRoad(NamedTuple):
    """A road, and for each read the row of the pair of its vehicle."""

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
    """Return a road that the vehicles of pairs pass, one every four seconds on average.

    Each camera misses a share `missed` of the vehicles at it; a share `turn_off` passes only one of the
    cameras. A share `repeated` of the second's reads repeats the first's, as if dirt had spoilt both.
    """
    rng = Random(seed)
    donors = _glyphs_by_character(pairs)
    order = list(range(len(pairs)))
    rng.shuffle(order)
    firsts: list[tuple[Read, int]] = []
    seconds: list[tuple[Read, int]] = []
    departure_s = 0.0
    for row in order:
        pair = pairs[row]
        departure_s += rng.expovariate(1 / 4)
        turn = rng.random()
        if turn >= turn_off / 2 and rng.random() >= missed:
            firsts.append((_make_read(pair, f"a{row}", "north", departure_s), row))
        if (turn < turn_off / 2 or turn >= turn_off) and rng.random() >= missed:
            travel_s = min(max(rng.gauss(800, 80), MIN_TRAVEL_S), MAX_TRAVEL_S)
            reread = pair if repeated and rng.random() < repeated else _reread(pair, donors, rng)
            seconds.append((_make_read(reread, f"b{row}", "south", departure_s + travel_s), row))
    reads = CameraPair(
        [read for read, _ in firsts], [read for read, _ in seconds], MIN_TRAVEL_S, MAX_TRAVEL_S
    )
    return SampledRoad(reads, [row for _, row in firsts], [row for _, row in seconds])


def a_timed_read(
    plate: str, seconds: float, camera: str = "north", country: str | None = "FR", **fields: Any
) -> Read:
    """A read by a camera so many seconds after noon."""
    captured_at = after_noon(seconds)
    return a_read(
        plate, country, read_id=f"{camera}{seconds}", camera_id=camera, captured_at=captured_at, **fields
    )


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
    """Return how each character was read, by quality, character and part of the plate."""
    readings: dict[tuple[str | None, str, int], list[list[_Glyph]]] = {}
    for pair in pairs:
        plate, true_plate = build_evidence(pair).plate, pair.true_plate
        last: list[_Glyph] | None = None
        read_position = position = 0
        for read, true in align_misread(plate, true_plate) or ():
            glyph: list[_Glyph] = []
            if read:
                confidence = pair.char_confidences[read_position] if pair.char_confidences else None
                alternatives = pair.char_alternatives[read_position] if pair.char_alternatives else []
                glyph = [(read, confidence, alternatives)]
                read_position += 1
            if true:
                last = glyph
                part = _plate_part(position, len(true_plate))
                readings.setdefault((pair.quality, true, part), []).append(last)
                position += 1
            elif last is not None:
                last += glyph
    return readings


def _reread(
    pair: TrainingPair, donors: dict[tuple[str | None, str, int], list[list[_Glyph]]], rng: Random
) -> TrainingPair:
    """Return a pair of the same plate, read another time."""
    quality = pair.quality and rng.choices(["clear", "medium", "poor"], [0.52, 0.3, 0.18])[0]
    while True:
        glyphs = [
            glyph
            for position, char in enumerate(pair.true_plate)
            for glyph in rng.choice(
                donors.get((quality, char, _plate_part(position, len(pair.true_plate))))
                or [[(char, 0.99 if pair.char_confidences else None, [])]]
            )
        ]
        if 0 < len(glyphs) <= 12:
            break
    text = "".join(char for char, _, _ in glyphs)
    confidences = [confidence for _, confidence, _ in glyphs if confidence is not None]
    if len(confidences) < len(glyphs):
        return TrainingPair(pair.truth, pair.country, text)
    return TrainingPair(
        pair.truth,
        pair.country,
        text,
        confidence=round(sum(confidences) / len(confidences), 4),
        char_confidences=confidences,
        char_alternatives=[alternatives for _, _, alternatives in glyphs],
        candidates=[PlateCandidate(text, prod(confidences))],
    )
