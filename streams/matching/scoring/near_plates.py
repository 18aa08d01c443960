"""The plates near a read: their weight in all, summed in closed form over a population."""

from math import exp

import numpy as np

from streams.confusions.evidence import CHAR_CODES, Evidence, EvidenceKind
from streams.confusions.features import TERMS
from streams.confusions.model import ConfusionModel
from streams.matching.scoring.competing_plates import Population
from streams.plates.packed_keys import ALPHABET


class NearPlates:
    """Sums chance times likelihood over the plates of a population near a read.

    The chance of a plate is the expected number of vehicles that have it; the likelihood, by one confusion
    model, is relative to that of the plate as read.
    """

    def __init__(self, model: ConfusionModel) -> None:
        self._model = model
        self._terms = {
            kind: dict(zip(TERMS, weights.terms, strict=True)) for kind, weights in model.weights.items()
        }
        relative_frequency = np.array(model.frequencies)
        self._substitution_weights = {
            kind: np.exp(term["unnamed_error"] * relative_frequency) for kind, term in self._terms.items()
        }
        """By kind, `[true][read]`: the weight of one character being another; 0 of being itself."""
        for weights in self._substitution_weights.values():
            np.fill_diagonal(weights, 0.0)
        self._substitution_sums: dict[EvidenceKind, dict[str, list[float]]] = {
            kind: {} for kind in model.weights
        }
        """By kind and allowed characters, `[read]`: the weight of being any of those characters."""

    def sum_weights(self, evidence: Evidence, population: Population) -> tuple[float, float]:
        """Return the weight of all plates near a read, and the chance of the plate as read."""
        plan, term = population.plan(evidence.plate), self._terms[evidence.kind]
        factors = self._slot_factors(evidence, plan.slots)
        total = 0.0
        for weight, slots in plan.rows:
            for slot in slots:
                weight *= factors[slot]
            total += weight
        total += plan.edge * exp(term["lost_edge"]) + plan.inside * exp(term["lost_inside"])
        for gap, chance in plan.extra:
            log_ratio = evidence.log_absent[gap] - evidence.log_confidences[gap]
            total += chance * exp(term["extra"] + term["extra_share"] * log_ratio)
        if evidence.own_share:
            for text, share in evidence.texts.items():
                if len(text) != len(evidence.codes) and (chance := population.density(text)):
                    total += chance * exp(term["text"]) * (share / evidence.own_share) ** term["text_share"]
        return total, plan.as_read

    def _slot_factors(self, evidence: Evidence, slots: list[tuple[int, str, bool]]) -> list[float]:
        """Return for each slot the weight of all its characters: the one read, if allowed, has 1."""
        term, sums = self._terms[evidence.kind], self._substitution_sums[evidence.kind]
        unnamed_weights = self._unnamed_weights(evidence)
        factors = []
        for position, allowed, fits in slots:
            allowed_sums = sums.get(allowed)
            if allowed_sums is None:
                allowed_sums = sums[allowed] = self._sum_substitutions(evidence.kind, allowed)
            factor = unnamed_weights[position] * allowed_sums[evidence.codes[position]]
            factors.append(factor + 1.0 if fits else factor)
        if evidence.kind == "full":
            named = self._named_weights(evidence, unnamed_weights, term)
            for slot, (position, allowed, _) in enumerate(slots):
                for char, weight in named[position]:
                    if char in allowed:
                        factors[slot] += weight
        return factors

    def _unnamed_weights(self, evidence: Evidence) -> list[float]:
        """Return for each position the weight of a character that the recogniser did not name."""
        term = self._terms[evidence.kind]
        bias, slope = term["unnamed"], term["unnamed_share"]
        if evidence.kind in ("plate", "bare"):
            # All positions have the same confidence.
            weight = exp(bias + slope * (evidence.log_unnamed[0] - evidence.log_confidences[0]))
            return [weight] * len(evidence.codes)
        return [
            exp(bias + slope * (unnamed - confidence))
            for unnamed, confidence in zip(evidence.log_unnamed, evidence.log_confidences, strict=True)
        ]

    def _named_weights(
        self, evidence: Evidence, unnamed_weights: list[float], term: dict[str, float]
    ) -> list[list[tuple[str, float]]]:
        """Return for each position the characters named, with their weight beyond that of not being named."""
        by_position: list[list[tuple[str, float]]] = []
        for position, alternatives in enumerate(evidence.log_alternatives):
            weights: list[tuple[str, float]] = []
            read, confidence = evidence.codes[position], evidence.log_confidences[position]
            for true, share in alternatives.items():
                if true != read:
                    frequency = self._model.frequencies[true][read]
                    named = (
                        term["named"]
                        + term["named_share"] * (share - confidence)
                        + term["named_error"] * frequency
                    )
                    not_named = unnamed_weights[position] * exp(term["unnamed_error"] * frequency)
                    weights.append((ALPHABET[true], exp(named) - not_named))
            by_position.append(weights)
        return by_position

    def _sum_substitutions(self, kind: EvidenceKind, allowed: str) -> list[float]:
        """Return for each character read (36) the weight of being another of those allowed."""
        sums: list[float] = (
            self._substitution_weights[kind][[CHAR_CODES[true] for true in allowed]].sum(axis=0).tolist()
        )
        return sums
