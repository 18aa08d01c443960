"""Real misreads measured against all plates that a list might have."""

import gzip
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.confusions.evidence import Evidence, build_evidence
from streams.confusions.training.hypotheses import plate_hypotheses
from streams.confusions.training.pairs import TrainingPair, decode_pair
from streams.confusions.training.train import train
from streams.matching.appearance.comparison import AppearanceComparer
from streams.matching.plate_difference import within_one_edit
from streams.matching.scoring.posterior import CompetingPlates, PosteriorModel
from streams.plates.confusables import BUILTIN_CLASSES
from streams.plates.fleets import builtin_fleets
from streams.records.read import Vehicle
from streams.simulation.appearance import VehicleAppearance as Drawn
from streams.simulation.appearance import builtin_appearance, sample_appearance, sample_observed

PAIRS: Final = Path(__file__).parents[1] / "data" / "misreads.jsonl.gz"
LISTED: Final = 1_000_000
PEERS: Final = ("exact", "one equivalence", "one edit", "five best texts")
QUALITIES: Final = ("clear", "medium", "poor")
ERRORS: Final = {"make": 0.05, "colour": 0.15, "type": 0.05}
"""The share of vehicles whose look the camera's classifier has wrong."""
LISTED_WRONG: Final = 0.02
"""The share of descriptions in lists that are not those of the vehicle."""
_EVERY: Final = 6
"""Where the country is unknown only every so many reads are measured: each has as many more candidates."""
_LEAST: Final = 0.002
"""Candidates with lower posteriors are not kept, unless a peer would make a hit of them."""

Floats = NDArray[np.float64]


class Measured(NamedTuple):
    """Reads measured: of each its own vehicle, were it listed, and all other plates that may be listed.

    `own`: the posterior of its own vehicle, -1 if that is no candidate; `own_looks`: the same with looks;
    `own_peers` (reads × 4): whether the peers find it; `quality` by place in QUALITIES; `weights`: how many
    of a million listed plates are its own country's, per vehicle. Of the other candidates `reads` says whose
    they are, `others` and `others_looks` the posteriors, `chances` how many of each are expected on a list of
    a million, `peers` whether the peers make a hit of it; `edits` is the sum of such chances for each read
    over all plates one edit away.
    """

    own: Floats
    own_looks: Floats
    own_peers: NDArray[np.bool_]
    quality: NDArray[np.int64]
    weights: Floats
    reads: NDArray[np.int64]
    others: Floats
    others_looks: Floats
    chances: Floats
    peers: NDArray[np.bool_]
    edits: Floats


def halves() -> tuple[list[TrainingPair], list[TrainingPair]]:
    """The pairs with even and those with odd numbers in `read_id`."""
    with gzip.open(PAIRS) as lines:
        pairs = [pair for pair in map(decode_pair, lines) if isinstance(pair, TrainingPair)]
    even = [pair for pair in pairs if int(pair.read_id[1:]) % 2 == 0]
    odd = [pair for pair in pairs if int(pair.read_id[1:]) % 2 == 1]
    return even, odd


def measure(half: list[TrainingPair], other: list[TrainingPair], known: bool) -> Measured:
    """A model learnt on one half, measured on the other; the countries of the reads known, or not."""
    fleets = builtin_fleets()
    model = train(half, fleets, "general", "one half")
    scorer = PosteriorModel(model, fleets)
    shares = Counter(pair.country for pair in other)
    listed = {
        country: LISTED * count / len(other) / fleets.vehicle_count(country)
        for country, count in shares.items()
    }
    measured = other if known else other[::_EVERY]
    seen = _Seen(measured, list(shares))
    columns: list[list[object]] = [[] for _ in Measured._fields]
    own, own_looks, own_peers, quality, weights, reads, others, others_looks, chances, peers, edits = columns
    for row, pair in enumerate(measured):
        evidence, best = build_evidence(pair), _best(pair)
        texts = [evidence.plate, *best]
        found, edit = -1.0, 0.0
        for country in (pair.country,) if known else tuple(listed):
            rivals = scorer.competing_plates(evidence, pair.country if known else None, country)
            for plate, density in plate_hypotheses(evidence, country, fleets, model.frequencies).items():
                is_own = plate == pair.true_plate and country == pair.country
                hits = _peers(evidence.plate, plate, best)
                chance = listed[country] * density
                if not is_own:
                    edit += chance * hits[2]
                posterior = _posterior(scorer, evidence, plate, rivals, texts, country if known else None)
                if is_own:
                    found = posterior
                elif posterior >= _LEAST or hits[0] or hits[1] or hits[3]:
                    reads.append(row)
                    others.append(posterior)
                    others_looks.append(_with(posterior, seen.ratio_of_another(row, country)))
                    chances.append(chance)
                    peers.append(hits)
        own.append(found)
        own_looks.append(_with(found, seen.ratio_of_own(row)) if found >= 0 else found)
        own_peers.append(_peers(evidence.plate, pair.true_plate, best))
        quality.append(QUALITIES.index(pair.quality or QUALITIES[0]))
        weights.append(listed[pair.country])
        edits.append(edit)
    return Measured(*map(np.array, columns))


class _Seen:
    """The looks of vehicles, as the camera sees them and as lists describe them, drawn from one seed.

    They are drawn from other tables than those that matching knows, so what it takes for true is not.
    """

    def __init__(self, pairs: list[TrainingPair], countries: list[str]) -> None:
        self._pairs = pairs
        self._countries = countries
        self._table = builtin_appearance()
        self._rng = np.random.default_rng(17)
        self._looks = AppearanceComparer()
        place = {country: number for number, country in enumerate(countries)}
        true = self._draw(np.array([place[pair.country] for pair in pairs], dtype=np.uint8))
        table = self._table
        self._seen = self._vehicles(
            Drawn(
                sample_observed(self._rng, true.make, table.make_shares, ERRORS["make"]),
                sample_observed(
                    self._rng, true.colour, list(table.colours.shares.values()), ERRORS["colour"]
                ),
                sample_observed(self._rng, true.type, list(table.types.shares.values()), ERRORS["type"]),
            )
        )
        wrong = self._rng.random(len(pairs)) < LISTED_WRONG
        again = self._draw(np.array([place[pair.country] for pair in pairs], dtype=np.uint8))
        described = Drawn(*(np.where(wrong, one, other) for one, other in zip(again, true, strict=True)))
        self._described = self._vehicles(described)
        self._others = {country: self._stream(number) for country, number in place.items()}

    def ratio_of_own(self, row: int) -> float:
        """What the looks say where the listed vehicle is that of the read."""
        return self._looks.ratio(self._seen[row], self._described[row], self._pairs[row].country)

    def ratio_of_another(self, row: int, country: str) -> float:
        """The same where the listed vehicle is another one of a country."""
        return self._looks.ratio(self._seen[row], next(self._others[country]), country)

    def _draw(self, countries: NDArray[np.uint8]) -> Drawn:
        return sample_appearance(self._rng, self._table, countries, self._countries)

    def _stream(self, number: int) -> Iterator[Vehicle]:
        while True:
            yield from self._vehicles(self._draw(np.full(10_000, number, dtype=np.uint8)))

    def _vehicles(self, drawn: Drawn) -> list[Vehicle]:
        table = self._table
        return [
            Vehicle(
                make=table.make_names[make], colour=table.colour_names[colour], type=table.type_names[type_]
            )
            for make, colour, type_ in zip(*(column.tolist() for column in drawn), strict=True)
        ]


def _posterior(
    scorer: PosteriorModel,
    evidence: Evidence,
    plate: str,
    rivals: CompetingPlates,
    texts: Iterable[str],
    read: str | None,
) -> float:
    """As the match stage has it: for plates it would find, 0 for others."""
    if plate != evidence.plate:
        if scorer.upper_bound(evidence, plate, read) < _LEAST:
            return 0.0
        if not any(within_one_edit(text, plate, BUILTIN_CLASSES) for text in texts):
            return 0.0
    scored = scorer.score(evidence, plate, rivals)
    return scored.posterior if scored is not None else 0.0


def _with(posterior: float, ratio: float) -> float:
    return posterior * ratio / (posterior * ratio + 1 - posterior)


def _best(pair: TrainingPair) -> list[str]:
    """The recogniser's five likeliest texts, as the match stage looks them up."""
    named = [each for each in pair.candidates or () if each.confidence and each.confidence >= 0.005]
    named.sort(key=lambda each: each.confidence or 0, reverse=True)
    return [each.plate for each in named[:5]]


def _peers(read: str, plate: str, best: list[str]) -> tuple[bool, bool, bool, bool]:
    """Whether each of PEERS makes a hit of a read and a plate."""
    if read == plate:
        return True, True, True, True
    same = len(read) == len(plate)
    differ = [(one, other) for one, other in zip(read, plate, strict=False) if one != other] if same else []
    kin = (
        same
        and 5 <= len(read) <= 11
        and len(differ) == 1
        and differ[0][0] in BUILTIN_CLASSES.class_for(differ[0][1])
    )
    return False, kin, (same and len(differ) == 1) or _one_more(read, plate), plate in best


def _one_more(read: str, plate: str) -> bool:
    shorter, longer = sorted((read, plate), key=len)
    return len(longer) == len(shorter) + 1 and any(
        longer[:place] + longer[place + 1 :] == shorter for place in range(len(longer))
    )
