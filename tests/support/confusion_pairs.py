"""Pairs made up for tests: a reader that takes D for 0 often, 8 for B sometimes, and loses edges."""

from random import Random
from typing import Final

from streams.confusions.training.pairs import Pair
from streams.records.read import Candidate, CharAlternative

LETTERS: Final = "ABCDEFGHJKLMNPQRSTVWXYZ"
_SLIPS: Final = {"D": ("0", 0.2), "8": ("B", 0.05)}


def pairs(count: int, seed: int = 1, reader: str | None = None) -> list[Pair]:
    """So many pairs of French plates, each slip with the right character named beside it."""
    rng = Random(seed)
    return [_pair(number, rng, reader) for number in range(count)]


def _pair(number: int, rng: Random, reader: str | None) -> Pair:
    letters = [rng.choice(LETTERS) for _ in range(3)]
    true = f"{rng.choice('ABCDEFGH')}{letters[0]}{rng.randrange(1, 1000):03d}{letters[1]}{letters[2]}"
    read, sure, others = "", [], []
    for char in true:
        other, chance = _SLIPS.get(char, ("", 0.0))
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
    texts = [Candidate(read, 0.7), *([Candidate(true, 0.2)] if read != true else [])]
    whole = round(sum(sure) / len(sure), 3)
    return Pair(true, "FR", read, f"p{number}", reader, None, whole, sure, texts, others)
