"""Synthetic training pairs of a recogniser that reads D as 0 often, 8 as B sometimes, and loses first
characters."""

from random import Random
from typing import Final

from streams.confusions.training.pairs import TrainingPair
from streams.records.read import CharAlternative, PlateCandidate

LETTERS: Final = "ABCDEFGHJKLMNPQRSTVWXYZ"
_MISREADS: Final = {"D": ("0", 0.2), "8": ("B", 0.05)}


def make_pairs(count: int, seed: int = 1, reader: str | None = None) -> list[TrainingPair]:
    """Pairs of French plates; in each misread the true character is named as an alternative."""
    rng = Random(seed)
    return [_make_pair(number, rng, reader) for number in range(count)]


def _make_pair(number: int, rng: Random, reader: str | None) -> TrainingPair:
    letters = [rng.choice(LETTERS) for _ in range(3)]
    true = f"{rng.choice('ABCDEFGH')}{letters[0]}{rng.randrange(1, 1000):03d}{letters[1]}{letters[2]}"
    read, confidences, alternatives = "", [], []
    for char in true:
        misread, probability = _MISREADS.get(char, ("", 0.0))
        if rng.random() < probability:
            confidences.append(round(rng.uniform(0.4, 0.8), 3))
            alternatives.append([CharAlternative(char, round(0.95 - confidences[-1], 3))])
            read += misread
        else:
            confidences.append(round(rng.uniform(0.97, 1), 3))
            alternatives.append([])
            read += char
    if rng.random() < 0.02:
        read, confidences, alternatives = read[1:], confidences[1:], alternatives[1:]
    texts = [PlateCandidate(read, 0.7), *([PlateCandidate(true, 0.2)] if read != true else [])]
    confidence = round(sum(confidences) / len(confidences), 3)
    return TrainingPair(
        true, "FR", read, f"p{number}", reader, None, confidence, confidences, texts, alternatives
    )
