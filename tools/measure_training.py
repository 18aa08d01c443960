"""How well slips are learnt from two cameras without the truth: `python -m tools.measure_training`.

One half of the real misreads passes two cameras (`roads`); models learnt there with and without the truth are
measured on the other half. About a quarter of an hour.
"""

from collections.abc import Sequence
from math import exp, log

import numpy as np
from msgspec.structs import replace

from streams.confusions.evidence import evidence_of
from streams.confusions.model import Model
from streams.confusions.training.camera_pairs.linkage import meetings
from streams.confusions.training.camera_pairs.unsupervised import Meeting, pairs_unseen, unlearnt
from streams.confusions.training.counts import Tally
from streams.confusions.training.hypotheses import hypotheses
from streams.confusions.training.pairs import Pair
from streams.confusions.training.pairs_from_hits import pair_of
from streams.confusions.training.train import learn
from streams.plates.fleets import shipped_fleets
from streams.plates.packed_keys import ALPHABET
from tests.support.two_camera_roads import Made, real_pairs, road

FLEETS = shipped_fleets()


def main() -> None:
    """Prints the figures."""
    halves = [[pair for pair in real_pairs() if int(pair.read_id[1:]) % 2 == odd] for odd in (0, 1)]
    flat = replace(unlearnt(), name="nothing learnt")
    for odd in (0, 1):
        for plain in (False, True):
            ours, other = halves[odd], halves[1 - odd]
            if plain:
                ours, other = list(map(_plain, ours)), list(map(_plain, other))
            known, unseen = of_road(road(ours, seed=odd + 1), ours)
            with_ = learn(known, FLEETS, "truth known", "")
            without = learn(unseen, FLEETS, "truth unknown", "")
            shown([flat, with_, without], other)
            print("three in ten of the second's reads repeat the first's:")
            of_road(road(ours, seed=odd + 1, alike=0.3), ours)


def of_road(made: Made, ours: Sequence[Pair]) -> tuple[list[Pair], list[Pair]]:
    """Pairs from the meetings of a road, with the truth and without; prints how they differ."""
    found = meetings(made.road)
    right = [(a, b) for a, b in found.pairs if made.first[a] == made.second[b]]
    both = len(set(made.first) & set(made.second))
    print(
        f"{len(made.first):,} and {len(made.second):,} reads, {both:,} vehicles at both; "
        f"{len(found.pairs):,} matched, {found.unlike:,} unlike; of different vehicles: "
        f"{len(found.pairs) - len(right)} (expected: at most {found.by_chance:.1f}); {found.turns} turns"
    )
    met = [Meeting(made.road.first[a], made.road.second[b]) for a, b in found.pairs]
    unseen = pairs_unseen(met, FLEETS)
    rows = {read.read_id: row for read, row in zip(made.road.first, made.first, strict=True)}
    rows |= {read.read_id: row for read, row in zip(made.road.second, made.second, strict=True)}
    true = sum(pair.times for pair in unseen.pairs if pair.true == ours[rows[pair.read_id]].true)
    total = sum(pair.times for pair in unseen.pairs)
    misread = [pair for pair in unseen.pairs if ours[rows[pair.read_id]].true != evidence_of(pair).plate]
    known = [
        pair_of(read, ours[rows[read.read_id]].true, ours[rows[read.read_id]].country, 1.0, "near")
        for meeting in met
        for read in meeting
    ]
    wrong = [pair for pair in known if pair.true != evidence_of(pair).plate]
    told = sum(pair.times for pair in misread if pair.true == ours[rows[pair.read_id]].true)
    print(
        f"  the true plate has {true / total:.4f} of the weight, of reads that are misread "
        f"{told / len(wrong):.3f} of {len(wrong)}; {unseen.no_plate} without a plate; {unseen.turns} turns"
    )
    with_, without = (Tally((pair, evidence_of(pair)) for pair in pairs) for pairs in (known, unseen.pairs))
    one, other = np.array(with_.commonness()), np.array(without.commonness())
    for least in (3, 5, 10):
        often = with_.slips >= least
        print(
            f"  commonness of the {often.sum()} slips seen {least} times or more: correlation "
            f"{np.corrcoef(one[often], other[often])[0, 1]:.3f}, "
            f"mean difference {np.abs(one - other)[often].mean():.2f}"
        )
    top = np.argsort(-with_.slips, axis=None)[:10]
    print("  commonest: " + ", ".join(_slip(place, with_, without) for place in top.tolist()), flush=True)
    return known, unseen.pairs


def _slip(place: int, with_: Tally, without: Tally) -> str:
    true, read = divmod(place, len(ALPHABET))
    counts = f"{with_.slips[true, read]:.0f} and {without.slips[true, read]:.0f}"
    return f"{ALPHABET[true]} as {ALPHABET[read]} {counts}"


def shown(models: Sequence[Model], pairs: Sequence[Pair]) -> None:
    """Prints how well models tell the true plates of pairs, among the plates near each read.

    The loss is -log P(true plate | the read, the true plate is near it), in nats a read; of right reads one
    in eight is weighed, for eight.
    """
    losses, firsts, right, misread = np.zeros(len(models)), np.zeros(len(models)), 0, 0
    for pair in pairs:
        evidence, true = evidence_of(pair), pair.true
        is_right = evidence.plate == true
        right += is_right
        if is_right and right % 8:
            continue
        chances: dict[str, float] = {}
        for model in models:
            chances |= hypotheses(evidence, pair.country, FLEETS, model.commonness)
        if true not in chances or models[0].likelihood(evidence, true) is None:
            continue
        misread += not is_right
        for place, model in enumerate(models):
            scores = {}
            for plate, chance in chances.items():
                found = model.likelihood(evidence, plate)
                if found is not None:
                    scores[plate] = log(chance) + found[0]
            top = max(scores.values())
            loss = top + log(sum(exp(score - top) for score in scores.values())) - scores[true]
            losses[place] += loss * (8 if is_right else 1)
            firsts[place] += not is_right and scores[true] >= top
    for model, loss, first in zip(models, losses.tolist(), firsts.tolist(), strict=True):
        print(
            f"  {model.name}: loss {loss / (right + misread):.4f}, first {first / misread:.3f} of {misread}"
        )
    print(flush=True)


def _plain(pair: Pair) -> Pair:
    """A pair of a recogniser that gives the text alone."""
    return replace(pair, confidence=None, char_confidences=None, char_alternatives=None, candidates=None)


if __name__ == "__main__":
    main()
