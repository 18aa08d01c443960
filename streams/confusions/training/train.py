"""Training of confusion models from pairs of reads and true plates."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from streams.confusions.evidence import EVIDENCE_KINDS, EvidenceKind, build_evidence
from streams.confusions.model import ConfusionModel, ConfusionModels, Weights
from streams.confusions.training.cases import ProgressCallback, build_cases
from streams.confusions.training.counts import ConfusionCounts
from streams.confusions.training.fit import fit_weights
from streams.confusions.training.pairs import TrainingPair
from streams.plates.fleets import Fleets
from streams.runtime.errors import OperatorError


class TrainingError(OperatorError):
    """Pairs from which nothing can be learnt; the message says why."""


class ModelGroups(NamedTuple):
    """The readers and vendors that get a model of their own."""

    min_pairs: float
    """The minimum number of pairs, by weight."""
    vendors: Mapping[str, str] = {}
    """The vendor of a reader, where it is known."""

    def group_pairs(self, pairs: Sequence[TrainingPair]) -> list[tuple[str, list[TrainingPair]]]:
        """Return the pairs of each vendor, then of each reader, with enough pairs."""
        groups: dict[str, list[TrainingPair]] = {}
        for pair in pairs:
            if pair.reader is not None:
                for name in {pair.reader, self.vendors.get(pair.reader, pair.reader)}:
                    groups.setdefault(name, []).append(pair)
        vendors_first = sorted(groups.items(), key=lambda item: (item[0] in self.vendors, item[0]))
        return [
            (name, group)
            for name, group in vendors_first
            if sum(pair.weight for pair in group) >= self.min_pairs
        ]


def train(
    pairs: Sequence[TrainingPair],
    fleets: Fleets,
    name: str,
    source: str,
    progress: ProgressCallback = lambda _: None,
    base: ConfusionModel | None = None,
) -> ConfusionModel:
    """Return a model trained from pairs, regularised toward a base model.

    `matched` pairs (see `PairOrigin`) count for the frequencies of character errors that match, and not for
    the weights; `near` pairs do not count for reads of another plate altogether. What the pairs do not show
    is as in the base model. `progress` advances by the steps of `count_steps`.

    Raises TrainingError.
    """
    evidences = [(pair, build_evidence(pair)) for pair in pairs]
    counts = ConfusionCounts(evidences)
    if not counts.counts:
        raise TrainingError("no pair was misread, so there is nothing to learn; give more pairs")
    frequencies = counts.relative_frequencies(base)
    weights: dict[EvidenceKind, Weights] = {}
    has_cases = False
    for kind in EVIDENCE_KINDS:
        cases = build_cases(evidences, kind, fleets, frequencies, progress)
        has_cases |= cases is not None
        weights[kind] = fit_weights(cases, None if base is None else base.weights[kind])
    if not has_cases and base is None:
        if any(pair.origin == "matched" for pair in pairs):
            raise TrainingError(
                "reads found only because they matched are not enough without a base model; "
                "give a base model, or reads of known plates"
            )
        raise TrainingError(
            "no pair is of a country whose plates are known; give pairs of a country with plate formats"
        )
    plate_bands, char_bands = counts.confidence_bands()
    return ConfusionModel(
        name,
        source,
        round(counts.pairs),
        frequencies,
        _round_counts(counts.counts),
        _round_counts(counts.seen),
        weights,
        {kind: [round(count) for count in row.tolist()] for kind, row in counts.positions.items()},
        plate_bands,
        char_bands,
    )


def train_all(
    pairs: Sequence[TrainingPair],
    fleets: Fleets,
    source: str,
    groups: ModelGroups,
    progress: ProgressCallback = lambda _: None,
    base: ConfusionModel | None = None,
) -> ConfusionModels:
    """Return the general model, trained from all pairs, and one for each reader and vendor with enough pairs.

    A vendor's model is regularised toward the general one, a reader's toward that of its vendor if there is
    one. A reader from whose pairs nothing can be learnt keeps the more general model. Raises TrainingError as
    `train` does.
    """
    general = train(pairs, fleets, "general", source, progress, base)
    models: dict[str, ConfusionModel] = {}
    for name, group in groups.group_pairs(pairs):
        parent = models.get(groups.vendors.get(name, ""), general)
        try:
            models[name] = train(group, fleets, name, source, progress, parent)
        except TrainingError:
            continue
    vendors = {reader: vendor for reader, vendor in groups.vendors.items() if vendor in models}
    return ConfusionModels(general, models, vendors)


def count_steps(pairs: Sequence[TrainingPair], groups: ModelGroups) -> int:
    """Return the number of steps that `train_all` takes."""
    return len(EVIDENCE_KINDS) * (len(pairs) + sum(len(group) for _, group in groups.group_pairs(pairs)))


def _round_counts(counts: Mapping[str, float]) -> dict[str, int]:
    return {name: round(count) for name, count in sorted(counts.items()) if round(count)}
