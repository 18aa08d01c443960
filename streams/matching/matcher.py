"""Judging one candidate: is this read a match of this alert, and how; or why it is not."""

from contextlib import suppress
from typing import Final, NamedTuple

from streams.alerts.alert_keys import is_pattern
from streams.confusions.model import Models
from streams.matching.appearance.comparison import contradictions_of
from streams.matching.config import MatchingPolicy, Policies
from streams.matching.country_guard import Refusal, gap, guard, possible_countries
from streams.matching.plate_difference import (
    Difference,
    differences,
    edits_of,
    fits_pattern,
    one_apart,
    settled_places,
    slips_of,
)
from streams.matching.reasons import reasons_of, rounded
from streams.matching.scoring.prefilter import Sieve
from streams.matching.scoring.scorer import Weighing, named_texts
from streams.plates.confusables import CLASSES, Classes
from streams.plates.formats import Formats, shipped
from streams.plates.german import GERMAN
from streams.plates.normal_form import WILDCARDS, PlateError, normal
from streams.records.alert import Alert, Mode
from streams.records.match import Contradiction, Edit, MatchResult
from streams.records.read import Read
from streams.records.types import MatchClass

_BREADTH: Final[dict[Mode, int]] = {"exact": 0, "pattern": 1, "confusable": 2, "fuzzy": 3}

_UNWEIGHED: Final = "so many characters differ that it is hardly this plate"


class Agreement(NamedTuple):
    """How two plates agree: the class, the edits, and how they line up (None for a pattern)."""

    class_: MatchClass
    edits: list[Edit]
    difference: Difference | None


class Judge:
    """Judges candidates by the policies in force; knows no time and no state."""

    def __init__(
        self,
        policies: Policies,
        formats: Formats | None = None,
        classes: Classes = CLASSES,
        models: Models | None = None,
    ) -> None:
        """Without formats or confusion models those shipped."""
        self._policies = policies
        self._formats = formats if formats is not None else shipped()
        self._classes = classes
        self.weighing = Weighing(policies.matching, models)
        self.sieve = Sieve(self.weighing, policies.least_fuzzy)

    def judge(self, read: Read, alert: Alert, why: bool = False) -> MatchResult | Refusal:
        """How a read matches an alert, or the first rule that says it does not; with `why` also what the
        posterior of one refused for it is made of.

        Both plates must be valid (`streams.plates.normal_form`); whether the alert is in force is not asked
        here. Raises PlateError for a plate that is none.
        """
        plate = normal(read.plate)
        mode = self._mode(alert)
        listed = normal(alert.plate, wildcards=True)
        if is_pattern(listed):
            compared = self._by_pattern(plate, listed, mode)
        else:
            compared = self.compare(plate, listed, mode, read.country, alert.country)
            if isinstance(compared, Refusal) and mode == "fuzzy":
                compared = self._fuzzy(read, plate, listed)
        if isinstance(compared, Refusal):
            return compared
        class_, edits, difference = compared
        said = guard(read.country, alert.country, plate, self._formats)
        if isinstance(said, Refusal):
            return said
        contradictions: list[Contradiction] = [said] if said else []
        if difference is not None and (alert.country or read.country) == GERMAN:
            gaps = gap(read.plate, alert.plate, difference)
            contradictions += [gaps] if gaps else []
        looked = self.weighing.looked(read, alert)
        contradictions += contradictions_of(looked)
        posterior, reasons = None, list[str]()
        if class_ != "pattern":
            sight = self.weighing.sight(read)
            weighed = sight.weigh(alert, listed)
            if weighed is None and class_ == "fuzzy":
                return Refusal("plate.unlike", "the plates differ too much to be one")
            posterior = rounded(weighed)
            least = self._policies.least(alert)
            if least is not None and posterior < least:
                return Refusal(
                    "posterior.too-low",
                    f"it is the listed vehicle with a chance of {posterior:.4f}; the list or the alert wants "
                    f"{least:g} (min_posterior)",
                    (*reasons_of(sight, weighed, alert), *(part.words for part in looked))
                    if why and weighed is not None
                    else (),
                )
            if weighed is None:
                reasons = [_UNWEIGHED]
            else:
                reasons = reasons_of(sight, weighed, alert)
                if class_ == "fuzzy":
                    edits = slips_of(weighed.slips, self._classes)
        reasons += [part.words for part in looked]
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
        self, plate: str, listed: str, mode: Mode, read_country: str | None, listed_country: str | None
    ) -> Agreement | Refusal:
        """How two normal forms without wildcards agree under a mode, or why they do not."""
        difference = differences(plate, listed, self._classes)
        if difference is None:
            return Refusal("plate.unlike", "the plates differ by more than confusable characters")
        if not difference.places:
            edits = [] if plate == listed else edits_of(plate, listed, difference, frozenset())
            return Agreement("exact", edits, difference)
        if _BREADTH[mode] < _BREADTH["confusable"]:
            return Refusal(
                f"mode.{mode}", f"the plates differ in confusable characters, and the mode is `{mode}`"
            )
        country = listed_country or read_country
        countries = (
            (country,) if country else tuple(possible_countries(difference.listed.text, self._formats))
        )
        settled = settled_places(difference, countries, self._formats)
        edits = edits_of(plate, listed, difference, settled)
        too_far = _too_far(len(difference.places) - len(settled), len(listed), self._policies.matching)
        return too_far or Agreement("confusable", edits, difference)

    def _mode(self, alert: Alert) -> Mode:
        """The narrower of the list's mode and the alert's."""
        of_list = self._policies.of(alert.list_id).mode
        if alert.match is None or alert.match.mode is None:
            return of_list
        return min(of_list, alert.match.mode, key=_BREADTH.__getitem__)

    def _fuzzy(self, read: Read, plate: str, listed: str) -> Agreement | Refusal:
        """How the plates agree where any one character may be another, as read or as the reader thought."""
        if one_apart(plate, listed, self._classes):
            return Agreement("fuzzy", [], None)
        for text in named_texts(read):
            with suppress(PlateError):
                if one_apart(normal(text), listed, self._classes):
                    return Agreement("fuzzy", [], None)
        return Refusal("plate.unlike", "the plates differ by more than one character and confusable ones")

    def _by_pattern(self, plate: str, pattern: str, mode: Mode) -> Agreement | Refusal:
        if _BREADTH[mode] < _BREADTH["pattern"]:
            return Refusal(
                "mode.exact", "the alert has wildcards, and its list or the alert allows only `exact`"
            )
        literals = sum(char not in WILDCARDS for char in pattern)
        least = self._policies.matching.pattern_min_literals
        if literals < least:
            return Refusal(
                "pattern.too-broad",
                f"the pattern has {literals} letters and digits; [matching] pattern_min_literals is {least}",
            )
        if not fits_pattern(plate, pattern):
            return Refusal("pattern.unlike", "the plate does not fit the pattern")
        return Agreement("pattern", [], None)


def _too_far(open_places: int, length: int, policy: MatchingPolicy) -> Refusal | None:
    if open_places > policy.equivalences:
        return Refusal(
            "confusable.too-many",
            f"{open_places} characters differ beyond what the national format settles; "
            f"[matching] equivalences is {policy.equivalences}",
        )
    if open_places and length < policy.equivalence_min_length:
        return Refusal(
            "confusable.too-short",
            f"a plate of {length} characters may not differ beyond what the national format settles; "
            f"[matching] equivalence_min_length is {policy.equivalence_min_length}",
        )
    return None
