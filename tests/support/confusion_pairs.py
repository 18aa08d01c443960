"""Pairs made up for tests: a reader that takes D for 0 often, 8 for B sometimes, and loses edges."""

from random import Random
from typing import Final

from streams.confusions.training.pairs import TrainingPair
from streams.records.read import CharAlternative, PlateCandidate

LETTERS: Final = "ABCDEFGHJKLMNPQRSTVWXYZ"
_MISREADS: Final = {"D": ("0", 0.2), "8": ("B", 0.05)}


def make_pairs(count: int, seed: int = 1, reader: str | None = None) -> list[TrainingPair]:
    """So many pairs of French plates, each slip with the right character named beside it."""
    rng = Random(seed)
    return [_make_pair(number, rng, reader) for number in range(count)]


def _make_pair(number: int, rng: Random, reader: str | None) -> TrainingPair:
    letters = [rng.choice(LETTERS) for _ in range(3)]
    true = f"{rng.choice('ABCDEFGH')}{letters[0]}{rng.randrange(1, 1000):03d}{letters[1]}{letters[2]}"
    read, sure, others = "", [], []
    for char in true:
        other, chance = _MISREADS.get(char, ("", 0.0))
        if rng.random() < chance:
            sure.append(round(rng.uniform(0.4, 0.8), 3))
            others.append([CharAlternative(char, round(0.95 - sure[-1], 3))])
            read += other
        else:
            sure.append(round(rng.uniform(0.97, 1), 3))
            others.append([])
            read += char
    if rng.random() < 0.02:
        read, sure, others = read[1:], sure[1:], others[1:]
    texts = [PlateCandidate(read, 0.7), *([PlateCandidate(true, 0.2)] if read != true else [])]
    whole = round(sum(sure) / len(sure), 3)
    return TrainingPair(true, "FR", read, f"p{number}", reader, None, whole, sure, texts, others)
