"""Measure training on pairs of cameras without true plates: `python -m tools.measure_training`.

One half of the real misreads passes two cameras; models trained there with and without the true plates are
measured on the other half. Takes about a quarter of an hour.
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
    """Print the figures."""
    halves = [[pair for pair in real_pairs() if int(pair.read_id[1:]) % 2 == odd] for odd in (0, 1)]
    untrained = replace(untrained_model(), name="nothing learnt")
    for odd in (0, 1):
        for text_only in (False, True):
            training_half, test_half = halves[odd], halves[1 - odd]
            if text_only:
                training_half = list(map(_text_only, training_half))
                test_half = list(map(_text_only, test_half))
            known, unknown = build_pairs(sample_road(training_half, seed=odd + 1), training_half)
            supervised = train(known, FLEETS, "truth known", "")
            unsupervised = train(unknown, FLEETS, "truth unknown", "")
            print_scores([untrained, supervised, unsupervised], test_half)
            print("three in ten of the second camera's reads repeat the first's:")
            build_pairs(sample_road(training_half, seed=odd + 1, repeated=0.3), training_half)


def build_pairs(
    sample: SampledRoad, training_pairs: Sequence[TrainingPair]
) -> tuple[list[TrainingPair], list[TrainingPair]]:
    """Return the training pairs of a road with true plates and without; print how they differ."""
    links = link_reads(sample.road)
    correct = [(a, b) for a, b in links.pairs if sample.first_rows[a] == sample.second_rows[b]]
    vehicles = len(set(sample.first_rows) & set(sample.second_rows))
    print(
        f"{len(sample.first_rows):,} and {len(sample.second_rows):,} reads, {vehicles:,} vehicles at both; "
        f"{len(links.pairs):,} linked, {links.different:,} with different texts; linked wrongly: "
        f"{len(links.pairs) - len(correct)} (expected: at most {links.expected_false:.1f}); "
        f"{links.iterations} iterations"
    )
    truths = _true_pairs(sample, training_pairs)
    linked = [LinkedPair(sample.road.first[a], sample.road.second[b]) for a, b in links.pairs]
    known = [
        build_pair(read, truths[read.read_id].true_plate, truths[read.read_id].country, 1.0, "near")
        for pair in linked
        for read in pair
    ]
    unknown = unsupervised_pairs(linked, FLEETS)
    is_true = [pair.true_plate == truths[pair.read_id].true_plate for pair in unknown.pairs]
    is_misread = [truths[pair.read_id].true_plate != build_evidence(pair).plate for pair in unknown.pairs]
    weights = np.array([pair.weight for pair in unknown.pairs])
    misreads = sum(pair.true_plate != build_evidence(pair).plate for pair in known)
    share = weights[np.array(is_true)].sum() / weights.sum()
    found_weight = weights[np.array(is_true) & np.array(is_misread)].sum()
    print(
        f"  the true plate has {share:.4f} of the weight, for misreads {found_weight / misreads:.3f} of "
        f"{misreads}; {unknown.without_plate} without a plate; {unknown.iterations} iterations"
    )
    print_frequencies(known, unknown.pairs)
    return known, unknown.pairs


def _true_pairs(sample: SampledRoad, training_pairs: Sequence[TrainingPair]) -> dict[str, TrainingPair]:
    """Return the pair with the true plate of each read, by read id."""
    sides = ((sample.road.first, sample.first_rows), (sample.road.second, sample.second_rows))
    return {
        read.read_id: training_pairs[row]
        for reads, rows in sides
        for read, row in zip(reads, rows, strict=True)
    }


def print_frequencies(known: Sequence[TrainingPair], unknown: Sequence[TrainingPair]) -> None:
    """Print how the relative frequencies of misreads differ between pairs with true plates and without."""
    supervised, unsupervised = (
        ConfusionCounts((pair, build_evidence(pair)) for pair in pairs) for pairs in (known, unknown)
    )
    expected = np.array(supervised.relative_frequencies())
    estimated = np.array(unsupervised.relative_frequencies())
    for min_count in (3, 5, 10):
        frequent = supervised.misreads >= min_count
        print(
            f"  relative frequency of the {frequent.sum()} misreads seen {min_count} times or more: "
            f"correlation {np.corrcoef(expected[frequent], estimated[frequent])[0, 1]:.3f}, "
            f"mean difference {np.abs(expected - estimated)[frequent].mean():.2f}"
        )
    most_frequent = np.argsort(-supervised.misreads, axis=None)[:10].tolist()
    texts = [_describe_misread(index, supervised, unsupervised) for index in most_frequent]
    print("  most frequent: " + ", ".join(texts), flush=True)


def _describe_misread(index: int, supervised: ConfusionCounts, unsupervised: ConfusionCounts) -> str:
    true, read = divmod(index, len(ALPHABET))
    counts = f"{supervised.misreads[true, read]:.0f} and {unsupervised.misreads[true, read]:.0f}"
    return f"{ALPHABET[true]} as {ALPHABET[read]} {counts}"


def print_scores(models: Sequence[ConfusionModel], pairs: Sequence[TrainingPair]) -> None:
    """Print how well models find the true plates of pairs among the plates near each read.

    The loss is -log P(true plate | the read, the true plate is near it), in nats per read; of correct reads
    one in eight is scored and counts eight times.
    """
    losses, first_places = np.zeros(len(models)), np.zeros(len(models))
    correct, misread = 0, 0
    for pair in pairs:
        evidence, true_plate = build_evidence(pair), pair.true_plate
        is_correct = evidence.plate == true_plate
        correct += is_correct
        if is_correct and correct % 8:
            continue
        priors: dict[str, float] = {}
        for model in models:
            priors |= plate_hypotheses(evidence, pair.country, FLEETS, model.frequencies)
        if true_plate not in priors or models[0].log_likelihood(evidence, true_plate) is None:
            continue
        misread += not is_correct
        for index, model in enumerate(models):
            scores = {}
            for plate, prior in priors.items():
                likelihood = model.log_likelihood(evidence, plate)
                if likelihood is not None:
                    scores[plate] = log(prior) + likelihood[0]
            top = max(scores.values())
            loss = top + log(sum(exp(score - top) for score in scores.values())) - scores[true_plate]
            losses[index] += loss * (8 if is_correct else 1)
            first_places[index] += not is_correct and scores[true_plate] >= top
    for model, loss, first in zip(models, losses.tolist(), first_places.tolist(), strict=True):
        mean_loss = loss / (correct + misread)
        print(f"  {model.name}: loss {mean_loss:.4f}, first {first / misread:.3f} of {misread}")
    print(flush=True)


def _text_only(pair: TrainingPair) -> TrainingPair:
    """Return a pair as of a recogniser that reports only the text."""
    return replace(pair, confidence=None, char_confidences=None, char_alternatives=None, candidates=None)


if __name__ == "__main__":
    main()
