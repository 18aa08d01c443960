"""How well slips are learnt from two cameras without the truth: `python -m tools.measure_training`.

One half of the real misreads passes two cameras (`roads`); models learnt there with and without the truth are
measured on the other half. About a quarter of an hour.
"""

from collections.abc import Sequence
from math import exp, log

import numpy as np
from msgspec.structs import replace

from streams.confusions.evidence import build_evidence
from streams.confusions.model import ConfusionModel
from streams.confusions.training.camera_pairs.linkage import link_reads
from streams.confusions.training.camera_pairs.unsupervised import (
    LinkedPair,
    unsupervised_pairs,
    untrained_model,
)
from streams.confusions.training.counts import ConfusionCounts
from streams.confusions.training.hypotheses import plate_hypotheses
from streams.confusions.training.pairs import TrainingPair, build_pair
from streams.confusions.training.train import train
from streams.plates.fleets import builtin_fleets
from streams.plates.packed_keys import ALPHABET
from tests.support.two_camera_roads import SampledRoad, real_pairs, sample_road

FLEETS = builtin_fleets()


def main() -> None:
    """Prints the figures."""
    halves = [[pair for pair in real_pairs() if int(pair.read_id[1:]) % 2 == odd] for odd in (0, 1)]
    flat = replace(untrained_model(), name="nothing learnt")
    for odd in (0, 1):
        for plain in (False, True):
            ours, other = halves[odd], halves[1 - odd]
            if plain:
                ours, other = list(map(_text_only, ours)), list(map(_text_only, other))
            known, unseen = build_pairs(sample_road(ours, seed=odd + 1), ours)
            with_ = train(known, FLEETS, "truth known", "")
            without = train(unseen, FLEETS, "truth unknown", "")
            print_scores([flat, with_, without], other)
            print("three in ten of the second's reads repeat the first's:")
            build_pairs(sample_road(ours, seed=odd + 1, repeated=0.3), ours)


def build_pairs(
    sample: SampledRoad, training_pairs: Sequence[TrainingPair]
) -> tuple[list[TrainingPair], list[TrainingPair]]:
    """Pairs from the meetings of a road, with the truth and without; prints how they differ."""
    found = link_reads(sample.road)
    right = [(a, b) for a, b in found.pairs if sample.first_rows[a] == sample.second_rows[b]]
    both = len(set(sample.first_rows) & set(sample.second_rows))
    print(
        f"{len(sample.first_rows):,} and {len(sample.second_rows):,} reads, {both:,} vehicles at both; "
        f"{len(found.pairs):,} matched, {found.different:,} unlike; of different vehicles: "
        f"{len(found.pairs) - len(right)} (expected: at most {found.expected_false:.1f}); "
        f"{found.iterations} turns"
    )
    met = [LinkedPair(sample.road.first[a], sample.road.second[b]) for a, b in found.pairs]
    unseen = unsupervised_pairs(met, FLEETS)
    rows = {read.read_id: row for read, row in zip(sample.road.first, sample.first_rows, strict=True)}
    rows |= {read.read_id: row for read, row in zip(sample.road.second, sample.second_rows, strict=True)}
    true = sum(
        pair.times
        for pair in unseen.pairs
        if pair.true_plate == training_pairs[rows[pair.read_id]].true_plate
    )
    total = sum(pair.times for pair in unseen.pairs)
    misread = [
        pair
        for pair in unseen.pairs
        if training_pairs[rows[pair.read_id]].true_plate != build_evidence(pair).plate
    ]
    known = [
        build_pair(
            read,
            training_pairs[rows[read.read_id]].true_plate,
            training_pairs[rows[read.read_id]].country,
            1.0,
            "near",
        )
        for meeting in met
        for read in meeting
    ]
    wrong = [pair for pair in known if pair.true_plate != build_evidence(pair).plate]
    told = sum(
        pair.times for pair in misread if pair.true_plate == training_pairs[rows[pair.read_id]].true_plate
    )
    print(
        f"  the true plate has {true / total:.4f} of the weight, of reads that are misread "
        f"{told / len(wrong):.3f} of {len(wrong)}; {unseen.without_plate} without a plate; "
        f"{unseen.iterations} turns"
    )
    with_, without = (
        ConfusionCounts((pair, build_evidence(pair)) for pair in pairs) for pairs in (known, unseen.pairs)
    )
    one, other = np.array(with_.relative_frequencies()), np.array(without.relative_frequencies())
    for least in (3, 5, 10):
        often = with_.misreads >= least
        print(
            f"  commonness of the {often.sum()} slips seen {least} times or more: correlation "
            f"{np.corrcoef(one[often], other[often])[0, 1]:.3f}, "
            f"mean difference {np.abs(one - other)[often].mean():.2f}"
        )
    top = np.argsort(-with_.misreads, axis=None)[:10]
    print(
        "  commonest: " + ", ".join(_describe_misread(place, with_, without) for place in top.tolist()),
        flush=True,
    )
    return known, unseen.pairs


def _describe_misread(index: int, supervised: ConfusionCounts, unsupervised: ConfusionCounts) -> str:
    true, read = divmod(index, len(ALPHABET))
    counts = f"{supervised.misreads[true, read]:.0f} and {unsupervised.misreads[true, read]:.0f}"
    return f"{ALPHABET[true]} as {ALPHABET[read]} {counts}"


def print_scores(models: Sequence[ConfusionModel], pairs: Sequence[TrainingPair]) -> None:
    """Prints how well models tell the true plates of pairs, among the plates near each read.

    The loss is -log P(true plate | the read, the true plate is near it), in nats a read; of right reads one
    in eight is weighed, for eight.
    """
    losses, firsts, right, misread = np.zeros(len(models)), np.zeros(len(models)), 0, 0
    for pair in pairs:
        evidence, true = build_evidence(pair), pair.true_plate
        is_right = evidence.plate == true
        right += is_right
        if is_right and right % 8:
            continue
        chances: dict[str, float] = {}
        for model in models:
            chances |= plate_hypotheses(evidence, pair.country, FLEETS, model.commonness)
        if true not in chances or models[0].log_likelihood(evidence, true) is None:
            continue
        misread += not is_right
        for place, model in enumerate(models):
            scores = {}
            for plate, chance in chances.items():
                found = model.log_likelihood(evidence, plate)
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


def _text_only(pair: TrainingPair) -> TrainingPair:
    """A pair of a recogniser that gives the text alone."""
    return replace(pair, confidence=None, char_confidences=None, char_alternatives=None, candidates=None)


if __name__ == "__main__":
    main()
