"""Learning from two cameras on one road, where nobody knows the true plates.

The true plate of two reads of one vehicle is one of those put together, place by place, of what the two
cameras read and named. How likely each is, is said by the formats and fleets (a plate that its country does
not issue is none), by the confidences (the surer of two characters is likelier right), and by what is known
so far of the cameras' slips; from the plates so weighed the slips are learnt anew, in turns (expectation
maximisation).
"""

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import islice, product
from math import exp
from typing import Final, NamedTuple

import numpy as np
from msgspec.structs import replace

from streams.confusions.evidence import KINDS, Evidence, evidence_of
from streams.confusions.model import Model
from streams.confusions.training.counts import Tally, edits
from streams.confusions.training.fit import fitted
from streams.confusions.training.hypotheses import hypotheses
from streams.confusions.training.pairs import Pair
from streams.confusions.training.pairs_from_hits import pair_of
from streams.plates.fleets import Fleets
from streams.plates.packed_keys import ALPHABET
from streams.records.read import Read

_MOST_PLATES: Final = 256
_NAMED: Final = -4.0
"""Characters named with at least exp of this are tried."""
_LEAST_SHARE: Final = 0.02
"""Plates less likely than this are left out."""
_TURNS: Final = 12
_STILL: Final = 0.05
"""Turns end when no slip changes by more, as a logarithm."""


class Meeting(NamedTuple):
    """Two reads of one vehicle."""

    first: Read
    second: Read


class Unseen(NamedTuple):
    """Pairs with the plates that are likely the true ones, each counted as often as it is likely.

    `told` meetings are in them; `no_country`: of so many neither read has a country; `no_plate`: for so many
    there is no plate that the country issues. `turns` were taken; `models` by camera is what was known of
    their slips in the end.
    """

    pairs: list[Pair]
    told: int
    no_country: int
    no_plate: int
    turns: int
    models: dict[str, Model]


class _Choice(NamedTuple):
    """Two reads of one vehicle, and the plates that it may have, each with the chance that there is one."""

    meeting: Meeting
    country: str
    first: Evidence
    second: Evidence
    chances: dict[str, float]


_Weighed = tuple[Pair, Evidence]


def unlearnt() -> Model:
    """A model of a reader of which nothing is known: all slips are equally common, the weights as at the
    start of learning."""
    size = len(ALPHABET)
    return Model("unlearnt", "", 0, [[0.0] * size] * size, {}, {}, {kind: fitted(None) for kind in KINDS})


def pairs_unseen(meetings: Sequence[Meeting], fleets: Fleets, base: Model | None = None) -> Unseen:
    """Pairs of reads and likely true plates, from meetings of reads and what is known before.

    Slips are learnt for each camera, held to those of both together, which are held to those of the base.
    The base's weights are kept; they are learnt anew from the pairs by `learn`.
    """
    start = base or unlearnt()
    choices: list[_Choice] = []
    no_country = no_plate = 0
    for meeting in meetings:
        country = _country(meeting)
        if country is None:
            no_country += 1
            continue
        choice = _choice(meeting, country, fleets, start)
        if choice.chances:
            choices.append(choice)
        else:
            no_plate += 1
    models = {read.camera_id: start for meeting in meetings for read in meeting}
    # Most vehicles can have but one plate; their pairs stay the same.
    sure = [each for choice in choices if len(choice.chances) == 1 for each in _weighed(choice, models)]
    unsure = [choice for choice in choices if len(choice.chances) > 1]
    tallies = {camera: Tally(each for each in sure if each[0].reader == camera) for camera in models}
    weighed: list[_Weighed] = []
    turns = 0
    for _ in range(_TURNS):
        turns += 1
        weighed = [each for choice in unsure for each in _weighed(choice, models)]
        learnt = _learnt(weighed, tallies, models, base)
        moved = max((_moved(models[camera], learnt[camera]) for camera in models), default=0.0)
        models = learnt
        if moved < _STILL:
            break
    pairs = [pair for pair, _ in sure + weighed]
    return Unseen(pairs, len(choices), no_country, no_plate, turns, models)


def _country(meeting: Meeting) -> str | None:
    """The country of the surer read that has one."""
    known = [read for read in meeting if read.country is not None]
    return max(known, key=lambda read: read.confidence or 0.0).country if known else None


def _choice(meeting: Meeting, country: str, fleets: Fleets, model: Model) -> _Choice:
    first, second = map(evidence_of, meeting)
    chances = {
        plate: chance
        for plate in {first.plate, *_mixed(first, second)}
        if (chance := fleets.density(plate, country))
    }
    if not chances:
        # Both are misread, and likely alike: what the formats shut out says so.
        chances = hypotheses(first, country, fleets, model.commonness)
        chances |= hypotheses(second, country, fleets, model.commonness)
    return _Choice(meeting, country, first, second, chances)


def _mixed(first: Evidence, second: Evidence) -> Iterator[str]:
    """The plates put together of two reads, place by place; at places where they agree as they have it."""
    if first.plate == second.plate:
        return iter(())
    choices: list[set[str]] = []
    one = other = 0
    for there, here in edits(second.plate, first.plate) or ():
        options = {here, there}
        if here != there:
            options |= _named(first, one) if here else set()
            options |= _named(second, other) if there else set()
        choices.append(options)
        one, other = one + bool(here), other + bool(there)
    return map("".join, islice(product(*(sorted(each) for each in choices)), _MOST_PLATES))


def _named(evidence: Evidence, place: int) -> set[str]:
    return {ALPHABET[code] for code, share in evidence.others[place].items() if share >= _NAMED}


def _weighed(choice: _Choice, models: dict[str, Model]) -> Iterator[_Weighed]:
    """The two reads with each plate that is likely theirs."""
    shares: dict[str, float] = {}
    one, other = choice.meeting
    if len(choice.chances) == 1:
        shares = dict.fromkeys(choice.chances, 1.0)
    else:
        for plate, chance in choice.chances.items():
            first = models[one.camera_id].likelihood(choice.first, plate)
            second = models[other.camera_id].likelihood(choice.second, plate)
            if first is not None and second is not None:
                shares[plate] = chance * exp(first[0] + second[0])
    total = sum(shares.values())
    likely = {plate: share for plate, share in shares.items() if share >= _LEAST_SHARE * total}
    total = sum(likely.values())
    for plate, share in likely.items():
        yield pair_of(one, plate, choice.country, share / total, "near"), choice.first
        yield pair_of(other, plate, choice.country, share / total, "near"), choice.second


def _learnt(
    weighed: list[_Weighed], sure: dict[str, Tally], models: dict[str, Model], base: Model | None
) -> dict[str, Model]:
    """The models with slips learnt anew."""
    own = {
        camera: sure[camera].joined(Tally(each for each in weighed if each[0].reader == camera))
        for camera in models
    }
    together = reduce(Tally.joined, own.values(), Tally(())).commonness(base)
    return {
        camera: replace(model, commonness=own[camera].commonness(replace(model, commonness=together)))
        for camera, model in models.items()
    }


def _moved(before: Model, after: Model) -> float:
    return float(np.abs(np.array(before.commonness) - np.array(after.commonness)).max())
