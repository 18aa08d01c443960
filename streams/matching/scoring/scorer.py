"""Scoring of reads against alerts, each read by the model of its camera, vendor, or the general one."""

from functools import lru_cache
from typing import Final

from streams.confusions.evidence import Evidence, build_evidence
from streams.confusions.model import ConfusionModel, ConfusionModels, builtin_models
from streams.matching.appearance.comparison import AppearanceComparer, AttributeComparison, describes_vehicle
from streams.matching.config import MatchingConfig
from streams.matching.plate_difference import PlateDifference, compare_plates
from streams.matching.scoring.competing_plates import Population, Populations
from streams.matching.scoring.posterior import CompetingPlates, PosteriorModel, Score
from streams.plates.confusables import BUILTIN_CLASSES
from streams.plates.fleets import builtin_fleets
from streams.plates.normal_form import MAX_LENGTH, Spelling, all_spellings, normalise
from streams.records.alert import Alert
from streams.records.read import Read

MAX_ALTERNATIVES: Final = 5
"""The recogniser's other texts that are looked up besides the plate as read; the most likely ones."""
MIN_ALTERNATIVE_CONFIDENCE: Final = 0.005
"""Texts with a lower confidence are not looked up."""


class ReadScorer:
    """Scores one read against any number of alerts; what does not depend on the alert is computed once."""

    def __init__(self, read: Read, posterior_model: PosteriorModel, appearance: AppearanceComparer) -> None:
        """Raises PlateError for an invalid plate."""
        self.read = read
        self.posterior_model = posterior_model
        self._appearance = appearance
        self.evidence: Evidence = build_evidence(read)
        self._is_ascii = read.plate.isascii()
        self._competing_by_country: dict[str | None, CompetingPlates] = {}

    def competing_plates(self, listed_country: str | None) -> CompetingPlates:
        """Return the other explanations of the read for an alert of a country, None if unknown."""
        competing = self._competing_by_country.get(listed_country)
        if competing is None:
            competing = self._competing_by_country[listed_country] = self.posterior_model.competing_plates(
                self.evidence, self.read.country, listed_country
            )
        return competing

    def score(self, alert: Alert, listed: str) -> Score | None:
        """Score the read against an alert whose plate has the normal form `listed`, without wildcards.

        Return None if the two plates are too far apart to be scored.
        """
        competing, appearance_ratio = self.competing_plates(alert.country), 1.0
        if self.read.vehicle is not None and describes_vehicle(alert.basis):
            country = alert.country or self.read.country
            appearance_ratio = self._appearance.ratio(self.read.vehicle, alert.vehicle, country)
        if listed.isascii() and self._is_ascii:
            return self.posterior_model.score(self.evidence, listed, competing, appearance_ratio)
        scores = [
            score._replace(
                character_errors=[
                    error._replace(position=spelling.positions[error.position])
                    for error in score.character_errors
                ]
            )
            for spelling in self._listed_spellings(listed)
            if (
                score := self.posterior_model.score(self.evidence, spelling.text, competing, appearance_ratio)
            )
            is not None
        ]
        return max(scores, key=lambda score: score.posterior, default=None)

    def _listed_spellings(self, listed: str) -> list[Spelling]:
        """Return the spellings of a listed plate, with positions in its normal form and one past its end."""
        spellings = [
            Spelling(spelling.text, (*spelling.positions, len(listed)))
            for spelling in all_spellings(listed)
            if len(spelling.text) <= MAX_LENGTH
        ]
        if not self._is_ascii:
            # The evidence has one character for an Ö that was read, so the OE of a listed plate is one too.
            difference = compare_plates(normalise(self.read.plate), listed, BUILTIN_CLASSES)
            if difference is not None and len(difference.listed.text) != len(self.evidence.plate):
                spellings += _without_umlaut_e(difference, len(listed), len(self.evidence.plate))
        return spellings


def _without_umlaut_e(difference: PlateDifference, end: int, length: int) -> list[Spelling]:
    """Return the listed plate without the characters aligned with the E of an umlaut read.

    `end` is the position past its normal form, `length` that of the evidence; no spelling if it would have
    another length.
    """
    read_positions = difference.read.positions
    indices = [
        index
        for index, position in enumerate(read_positions)
        if index == 0 or position != read_positions[index - 1]
    ]
    if len(indices) != length:
        return []
    text = "".join(difference.listed.text[index] for index in indices)
    return [Spelling(text, (*(difference.listed.positions[index] for index in indices), end))]


class Scorer:
    """Scores reads against alerts, by the confusion models, the fleets and the settings."""

    def __init__(self, config: MatchingConfig, models: ConfusionModels | None = None) -> None:
        """Use the built-in models if none are passed."""
        self.models = models or cached_builtin_models()
        fleets = builtin_fleets()
        populations = Populations(fleets, config.reads_per_day)
        self._populations = populations
        self.max_rate = populations.max_rate
        self._posterior_models = {
            name: PosteriorModel(model, fleets, populations) for name, model in self.models_by_name().items()
        }
        self.appearance = AppearanceComparer(config.looks)
        self._last_read_scorer: ReadScorer | None = None

    def models_by_name(self) -> dict[str, ConfusionModel]:
        """Return the models by camera id or vendor; the general one has the empty name."""
        return {"": self.models.general, **self.models.by_reader}

    def model_name(self, camera_id: str) -> str:
        """Return the name of the model for a camera: its own, its vendor's, or the general one."""
        if camera_id in self.models.by_reader:
            return camera_id
        vendor = self.models.vendors.get(camera_id, "")
        return vendor if vendor in self.models.by_reader else ""

    def population(self, country: str | None) -> Population:
        """Return the vehicles of a country, or of all countries if it is None."""
        return self._populations.all_countries if country is None else self._populations.for_country(country)

    def posterior_model(self, camera_id: str) -> PosteriorModel:
        """Return the posterior model for the reads of a camera."""
        return self._posterior_models[self.model_name(camera_id)]

    def compare_appearance(self, read: Read, alert: Alert) -> list[AttributeComparison]:
        """Compare the appearance of the vehicle read with that listed, attribute by attribute."""
        if read.vehicle is None or alert.vehicle is None or not describes_vehicle(alert.basis):
            return []
        return self.appearance.score(read.vehicle, alert.vehicle, alert.country or read.country).parts

    def for_read(self, read: Read) -> ReadScorer:
        """Return the scorer of a read. Raises PlateError for an invalid plate."""
        # The candidates of a read come one after the other.
        last = self._last_read_scorer
        if last is None or last.read is not read:
            last = self._last_read_scorer = ReadScorer(
                read, self.posterior_model(read.camera_id), self.appearance
            )
        return last


@lru_cache(maxsize=1)
def cached_builtin_models() -> ConfusionModels:
    """Return the built-in models, decoded once: that takes some ms."""
    return builtin_models()


def recogniser_alternatives(read: Read) -> list[str]:
    """Return the recogniser's other texts for a whole plate, the most likely first, in any notation.

    A text may be an invalid plate, or the plate as read in another notation. The order of `read.candidates`
    does not matter.
    """
    if not read.candidates:
        return []
    alternatives = [
        (-confidence, candidate.plate)
        for candidate in read.candidates
        if candidate.plate != read.plate
        and (confidence := candidate.confidence) is not None
        and confidence >= MIN_ALTERNATIVE_CONFIDENCE
    ]
    if len(alternatives) < 2:
        return [text for _, text in alternatives]
    alternatives.sort()
    return list(dict.fromkeys(text for _, text in alternatives))[:MAX_ALTERNATIVES]
