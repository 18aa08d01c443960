"""Judging one candidate: is this read a match of this alert, and how; or why it is not."""

from contextlib import suppress
from typing import Final, NamedTuple

from streams.alerts.alert_keys import is_pattern
from streams.confusions.model import ConfusionModels
from streams.matching.appearance.comparison import find_contradictions
from streams.matching.config import MatchingConfig, MatchingRules
from streams.matching.country_guard import NoMatch, check_country, check_gap, possible_countries
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
from streams.records.alert import Alert, MatchMode
from streams.records.match import Contradiction, Edit, MatchResult
from streams.records.read import Read
from streams.records.types import MatchClass

MODE_BREADTH: Final[dict[MatchMode, int]] = {"exact": 0, "pattern": 1, "confusable": 2, "fuzzy": 3}

_UNSCORED: Final = "so many characters differ that it is hardly this plate"


class Agreement(NamedTuple):
    """How two plates agree: the class, the edits, and how they line up (None for a pattern)."""

    class_: MatchClass
    edits: list[Edit]
    difference: PlateDifference | None


class Matcher:
    """Judges candidates by the policies in force; knows no time and no state."""

    def __init__(
        self,
        rules: MatchingRules,
        formats: Formats | None = None,
        classes: ConfusableClasses = BUILTIN_CLASSES,
        models: ConfusionModels | None = None,
    ) -> None:
        """Without formats or confusion models those shipped."""
        self._rules = rules
        self._formats = formats if formats is not None else builtin_formats()
        self._classes = classes
        self.scorer = Scorer(rules.matching, models)
        self.prefilter = Prefilter(self.scorer, rules.min_fuzzy_posterior)

    def match(self, read: Read, alert: Alert, with_reasons: bool = False) -> MatchResult | NoMatch:
        """How a read matches an alert, or the first rule that says it does not; with `why` also what the
        posterior of one refused for it is made of.

        Both plates must be valid (`streams.plates.normal_form`); whether the alert is in force is not asked
        here. Raises PlateError for a plate that is none.
        """
        plate = normalise(read.plate)
        mode = self._effective_mode(alert)
        listed = normalise(alert.plate, wildcards=True)
        if is_pattern(listed):
            compared = self._compare_pattern(plate, listed, mode)
        else:
            compared = self.compare(plate, listed, mode, read.country, alert.country)
            if isinstance(compared, NoMatch) and mode == "fuzzy":
                compared = self._compare_fuzzy(read, plate, listed)
        if isinstance(compared, NoMatch):
            return compared
        class_, edits, difference = compared
        said = check_country(read.country, alert.country, plate, self._formats)
        if isinstance(said, NoMatch):
            return said
        contradictions: list[Contradiction] = [said] if said else []
        if difference is not None and (alert.country or read.country) == GERMANY:
            gaps = check_gap(read.plate, alert.plate, difference)
            contradictions += [gaps] if gaps else []
        looked = self.scorer.compare_appearance(read, alert)
        contradictions += find_contradictions(looked)
        posterior, reasons = None, list[str]()
        if class_ != "pattern":
            sight = self.scorer.for_read(read)
            weighed = sight.score(alert, listed)
            if weighed is None and class_ == "fuzzy":
                return NoMatch("plate.unlike", "the plates differ too much to be one")
            posterior = round_posterior(weighed)
            least = self._rules.min_posterior(alert)
            if least is not None and posterior < least:
                return NoMatch(
                    "posterior.too-low",
                    f"it is the listed vehicle with a chance of {posterior:.4f}; the list or the alert wants "
                    f"{least:g} (min_posterior)",
                    (*explain_score(sight, weighed, alert), *(part.text for part in looked))
                    if with_reasons and weighed is not None
                    else (),
                )
            if weighed is None:
                reasons = [_UNSCORED]
            else:
                reasons = explain_score(sight, weighed, alert)
                if class_ == "fuzzy":
                    edits = edits_from_errors(weighed.character_errors, self._classes)
        reasons += [part.text for part in looked]
        possible = possible_countries(plate, self._formats) if read.country is None else []
        return MatchResult(
            class_,
            plate,
            listed,
            posterior=posterior,
            reasons=tuple(reasons),
            edits=tuple(edits),
            contradictions=tuple(contradictions),
            possible_countries=tuple(possible) if len(possible) > 1 else (),
        )

    def compare(
        self, plate: str, listed: str, mode: MatchMode, read_country: str | None, listed_country: str | None
    ) -> Agreement | NoMatch:
        """How two normal forms without wildcards agree under a mode, or why they do not."""
        difference = compare_plates(plate, listed, self._classes)
        if difference is None:
            return NoMatch("plate.unlike", "the plates differ by more than confusable characters")
        if not difference.positions:
            edits = [] if plate == listed else build_edits(plate, listed, difference, frozenset())
            return Agreement("exact", edits, difference)
        if MODE_BREADTH[mode] < MODE_BREADTH["confusable"]:
            return NoMatch(
                f"mode.{mode}", f"the plates differ in confusable characters, and the mode is `{mode}`"
            )
        country = listed_country or read_country
        countries = (
            (country,) if country else tuple(possible_countries(difference.listed.text, self._formats))
        )
        settled = settled_positions(difference, countries, self._formats)
        edits = build_edits(plate, listed, difference, settled)
        too_far = _check_equivalences(
            len(difference.positions) - len(settled), len(listed), self._rules.matching
        )
        return too_far or Agreement("confusable", edits, difference)

    def _effective_mode(self, alert: Alert) -> MatchMode:
        """The narrower of the list's mode and the alert's."""
        of_list = self._rules.for_list(alert.list_id).mode
        if alert.match is None or alert.match.mode is None:
            return of_list
        return min(of_list, alert.match.mode, key=MODE_BREADTH.__getitem__)

    def _compare_fuzzy(self, read: Read, plate: str, listed: str) -> Agreement | NoMatch:
        """How the plates agree where any one character may be another, as read or as the reader thought."""
        if within_one_edit(plate, listed, self._classes):
            return Agreement("fuzzy", [], None)
        for text in recogniser_alternatives(read):
            with suppress(PlateError):
                if within_one_edit(normalise(text), listed, self._classes):
                    return Agreement("fuzzy", [], None)
        return NoMatch("plate.unlike", "the plates differ by more than one character and confusable ones")

    def _compare_pattern(self, plate: str, pattern: str, mode: MatchMode) -> Agreement | NoMatch:
        if MODE_BREADTH[mode] < MODE_BREADTH["pattern"]:
            return NoMatch(
                "mode.exact", "the alert has wildcards, and its list or the alert allows only `exact`"
            )
        literals = sum(char not in WILDCARDS for char in pattern)
        least = self._rules.matching.pattern_min_literals
        if literals < least:
            return NoMatch(
                "pattern.too-broad",
                f"the pattern has {literals} letters and digits; [matching] pattern_min_literals is {least}",
            )
        if not fits_pattern(plate, pattern):
            return NoMatch("pattern.unlike", "the plate does not fit the pattern")
        return Agreement("pattern", [], None)


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
