"""The matcher: does a read match an alert, how closely, and if not, by which rule."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from streams.alerts.alert_keys import is_pattern
from streams.confusions.model import ConfusionModels
from streams.matching.appearance.comparison import find_contradictions
from streams.matching.config import MatchingConfig, MatchingRules
from streams.matching.country_guard import check_country, check_gap, possible_countries
from streams.matching.no_match import NoMatch
from streams.matching.plate_difference import (
    PlateDifference,
    build_edits,
    compare_plates,
    edits_from_errors,
    fits_pattern,
    settled_positions,
    within_one_edit,
)
from streams.matching.reasons import explain_score, round_posterior
from streams.matching.scoring.prefilter import Prefilter
from streams.matching.scoring.scorer import Scorer, recogniser_alternatives
from streams.plates.confusables import BUILTIN_CLASSES, ConfusableClasses
from streams.plates.formats import Formats, builtin_formats
from streams.plates.german import GERMANY
from streams.plates.normal_form import WILDCARDS, PlateError, normalise
from streams.records.alert import MODE_RANK, Alert, MatchMode
from streams.records.match import Contradiction, Edit, MatchResult
from streams.records.read import Read
from streams.records.types import MatchClass

_NOT_SCORED: Final = "so many characters differ that it is hardly this plate"


class Agreement(NamedTuple):
    """How two plates agree: the match class, the edits, and their alignment (None for a pattern)."""

    class_: MatchClass
    edits: list[Edit]
    difference: PlateDifference | None


class _ScoredAgreement(NamedTuple):
    """An agreement with its posterior (None for a pattern) and the reasons for it."""

    class_: MatchClass
    edits: list[Edit]
    posterior: float | None
    reasons: list[str]


class Matcher:
    """Decides whether reads match alerts, by the rules in effect; has no notion of time and no state."""

    def __init__(
        self,
        rules: MatchingRules,
        formats: Formats | None = None,
        classes: ConfusableClasses = BUILTIN_CLASSES,
        models: ConfusionModels | None = None,
    ) -> None:
        """Use the built-in formats and confusion models where none are passed."""
        self._rules = rules
        self._formats = formats if formats is not None else builtin_formats()
        self._classes = classes
        self.scorer = Scorer(rules.matching, models)
        self.prefilter = Prefilter(self.scorer, rules.min_fuzzy_posterior)

    def match(self, read: Read, alert: Alert, with_reasons: bool = False) -> MatchResult | NoMatch:
        """Return the match of a read and an alert, or the first rule by which they do not match.

        With `with_reasons`, an answer that the posterior is too low has the parts of that posterior. Whether
        the alert is effective at the time of the read is not checked here. Raises PlateError for an invalid
        plate (`streams.plates.normal_form`) in either.
        """
        plate, listed = normalise(read.plate), normalise(alert.plate, wildcards=True)
        agreement = self._compare(read, alert, plate, listed)
        if isinstance(agreement, NoMatch):
            return agreement
        contradictions = self._check_country(read, alert, plate, agreement.difference)
        if isinstance(contradictions, NoMatch):
            return contradictions
        attributes = self.scorer.compare_appearance(read, alert)
        scored = self._score(read, alert, listed, agreement, [part.text for part in attributes], with_reasons)
        if isinstance(scored, NoMatch):
            return scored
        return self._result(read, plate, listed, scored, [*contradictions, *find_contradictions(attributes)])

    def compare(
        self, plate: str, listed: str, mode: MatchMode, read_country: str | None, listed_country: str | None
    ) -> Agreement | NoMatch:
        """Compare two normal forms without wildcards under a mode up to `confusable`."""
        difference = compare_plates(plate, listed, self._classes)
        if difference is None:
            return NoMatch("plate.unlike", "the plates differ by more than confusable characters")
        if not difference.positions:
            edits = [] if plate == listed else build_edits(plate, listed, difference, frozenset())
            return Agreement("exact", edits, difference)
        if MODE_RANK[mode] < MODE_RANK["confusable"]:
            return NoMatch(
                f"mode.{mode}", f"the plates differ in confusable characters, and the mode is `{mode}`"
            )
        country = listed_country or read_country
        countries = (
            (country,) if country else tuple(possible_countries(difference.listed.text, self._formats))
        )
        settled = settled_positions(difference, countries, self._formats)
        edits = build_edits(plate, listed, difference, settled)
        no_match = _check_equivalences(
            len(difference.positions) - len(settled), len(listed), self._rules.matching
        )
        return no_match or Agreement("confusable", edits, difference)

    def _compare(self, read: Read, alert: Alert, plate: str, listed: str) -> Agreement | NoMatch:
        """Compare the two plates, in normal form, under the mode of the alert."""
        mode = self._rules.effective_mode(alert)
        if is_pattern(listed):
            return self._compare_pattern(plate, listed, mode)
        agreement = self.compare(plate, listed, mode, read.country, alert.country)
        if isinstance(agreement, NoMatch) and mode == "fuzzy":
            return self._compare_fuzzy(read, plate, listed)
        return agreement

    def _compare_fuzzy(self, read: Read, plate: str, listed: str) -> Agreement | NoMatch:
        """Compare with one edit allowed, both the plate as read and the recogniser's alternatives."""
        if within_one_edit(plate, listed, self._classes):
            return Agreement("fuzzy", [], None)
        for text in recogniser_alternatives(read):
            with suppress(PlateError):
                if within_one_edit(normalise(text), listed, self._classes):
                    return Agreement("fuzzy", [], None)
        return NoMatch(
            "plate.unlike", "the plates differ by more than one character and confusable characters"
        )

    def _compare_pattern(self, plate: str, pattern: str, mode: MatchMode) -> Agreement | NoMatch:
        if MODE_RANK[mode] < MODE_RANK["pattern"]:
            return NoMatch("mode.exact", "the alert has wildcards, and the mode is `exact`")
        literals = sum(char not in WILDCARDS for char in pattern)
        min_literals = self._rules.matching.pattern_min_literals
        if literals < min_literals:
            return NoMatch(
                "pattern.too-broad",
                f"the pattern has {literals} letters and digits; [matching] pattern_min_literals is "
                f"{min_literals}",
            )
        if not fits_pattern(plate, pattern):
            return NoMatch("pattern.unlike", "the plate does not fit the pattern")
        return Agreement("pattern", [], None)

    def _check_country(
        self, read: Read, alert: Alert, plate: str, difference: PlateDifference | None
    ) -> list[Contradiction] | NoMatch:
        """Check the countries, and the gaps of German plates."""
        answer = check_country(read.country, alert.country, plate, self._formats)
        if isinstance(answer, NoMatch):
            return answer
        contradictions = [answer] if answer else []
        if difference is not None and (alert.country or read.country) == GERMANY:
            gap = check_gap(read.plate, alert.plate, difference)
            contradictions += [gap] if gap else []
        return contradictions

    def _score(
        self,
        read: Read,
        alert: Alert,
        listed: str,
        agreement: Agreement,
        appearance_reasons: Sequence[str],
        with_reasons: bool,
    ) -> _ScoredAgreement | NoMatch:
        """Compute the posterior and hold it against the minimum of the alert; a pattern has none."""
        class_, edits, _ = agreement
        if class_ == "pattern":
            return _ScoredAgreement(class_, edits, None, [*appearance_reasons])
        read_scorer = self.scorer.for_read(read)
        score = read_scorer.score(alert, listed)
        if score is None and class_ == "fuzzy":
            return NoMatch("plate.unlike", "the plates differ in too many characters to be one plate")
        posterior = round_posterior(score)
        minimum = self._rules.min_posterior(alert)
        if minimum is not None and posterior < minimum:
            return NoMatch(
                "posterior.too-low",
                f"the posterior {posterior:.4f} is below min_posterior {minimum:g} of the list or the alert",
                (*explain_score(read_scorer, score, alert), *appearance_reasons)
                if with_reasons and score is not None
                else (),
            )
        if score is None:
            return _ScoredAgreement(class_, edits, posterior, [_NOT_SCORED, *appearance_reasons])
        if class_ == "fuzzy":
            edits = edits_from_errors(score.character_errors, self._classes)
        reasons = explain_score(read_scorer, score, alert)
        return _ScoredAgreement(class_, edits, posterior, [*reasons, *appearance_reasons])

    def _result(
        self,
        read: Read,
        plate: str,
        listed: str,
        scored: _ScoredAgreement,
        contradictions: Sequence[Contradiction],
    ) -> MatchResult:
        countries = possible_countries(plate, self._formats) if read.country is None else []
        return MatchResult(
            scored.class_,
            plate,
            listed,
            posterior=scored.posterior,
            reasons=tuple(scored.reasons),
            edits=tuple(scored.edits),
            contradictions=tuple(contradictions),
            possible_countries=tuple(countries) if len(countries) > 1 else (),
        )


def _check_equivalences(open_positions: int, length: int, config: MatchingConfig) -> NoMatch | None:
    if open_positions > config.equivalences:
        return NoMatch(
            "confusable.too-many",
            f"{open_positions} characters differ beyond what the national format settles; "
            f"[matching] equivalences is {config.equivalences}",
        )
    if open_positions and length < config.equivalence_min_length:
        return NoMatch(
            "confusable.too-short",
            f"a plate of {length} characters may not differ beyond what the national format settles; "
            f"[matching] equivalence_min_length is {config.equivalence_min_length}",
        )
    return None
