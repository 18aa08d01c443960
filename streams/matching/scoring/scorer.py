"""Weighing: each read by the model of its camera, once however many alerts it is held against."""

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
"""Whole texts of a recogniser that are looked up, besides the read itself; the likeliest."""
MIN_ALTERNATIVE_CONFIDENCE: Final = 0.005
"""Texts that the recogniser gives less than this are not."""


class ReadScorer:
    """A read as it is weighed against alerts."""

    def __init__(self, read: Read, posterior_model: PosteriorModel, appearance: AppearanceComparer) -> None:
        self.read = read
        self.posterior_model = posterior_model
        self._appearance = appearance
        self.evidence: Evidence = build_evidence(read)
        self._is_ascii = read.plate.isascii()
        self._competing_by_country: dict[str | None, CompetingPlates] = {}

    def competing_plates(self, listed_country: str | None) -> CompetingPlates:
        """The other explanations, where the alert is of a country, or of none that is known."""
        found = self._competing_by_country.get(listed_country)
        if found is None:
            found = self._competing_by_country[listed_country] = self.posterior_model.competing_plates(
                self.evidence, self.read.country, listed_country
            )
        return found

    def score(self, alert: Alert, listed: str) -> Score | None:
        """The posterior for an alert whose plate has the normal form `listed`, without wildcards.

        None if the two plates are too far apart to be weighed.
        """
        rivals, looks = self.competing_plates(alert.country), 1.0
        if self.read.vehicle is not None and describes_vehicle(alert.basis):
            country = alert.country or self.read.country
            looks = self._appearance.ratio(self.read.vehicle, alert.vehicle, country)
        if listed.isascii() and self._is_ascii:
            return self.posterior_model.score(self.evidence, listed, rivals, looks)
        ways = [
            weighed._replace(
                character_errors=[
                    slip._replace(position=way.positions[slip.position]) for slip in weighed.character_errors
                ]
            )
            for way in self._listed_spellings(listed)
            if (weighed := self.posterior_model.score(self.evidence, way.text, rivals, looks)) is not None
        ]
        return max(ways, key=lambda way: way.posterior, default=None)

    def _listed_spellings(self, listed: str) -> list[Spelling]:
        """The ways a listed plate is written, with the places in its normal form and one behind the last."""
        ways = [
            Spelling(way.text, (*way.positions, len(listed)))
            for way in all_spellings(listed)
            if len(way.text) <= MAX_LENGTH
        ]
        if not self._is_ascii:
            # The evidence has one character for the Ö that was read, so OE of a listed plate is one too.
            alike = compare_plates(normalise(self.read.plate), listed, BUILTIN_CLASSES)
            if alike is not None and len(alike.listed.text) != len(self.evidence.plate):
                ways += _without_umlaut_e(alike, len(listed), len(self.evidence.plate))
        return ways


def _without_umlaut_e(difference: PlateDifference, end: int, length: int) -> list[Spelling]:
    """The listed plate with each character that stands for the E of an umlaut read left out."""
    kept = [
        place
        for place, at in enumerate(difference.read.positions)
        if place == 0 or at != difference.read.positions[place - 1]
    ]
    if len(kept) != length:
        return []
    text = "".join(difference.listed.text[place] for place in kept)
    return [Spelling(text, (*(difference.listed.positions[place] for place in kept), end))]


class Scorer:
    """Weighs by the models and the fleets, as the policy says."""

    def __init__(self, config: MatchingConfig, models: ConfusionModels | None = None) -> None:
        """Without models those shipped."""
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
        """The models by camera; the general one under the empty name."""
        return {"": self.models.general, **self.models.of}

    def model_name(self, camera_id: str) -> str:
        """The name of the model for the reads of a camera: its own, its maker's, or the general one's."""
        if camera_id in self.models.of:
            return camera_id
        maker = self.models.makers.get(camera_id, "")
        return maker if maker in self.models.of else ""

    def population(self, country: str | None) -> Population:
        """The vehicles of a country; of all, without one."""
        return self._populations.all_countries if country is None else self._populations.for_country(country)

    def posterior_model(self, camera_id: str) -> PosteriorModel:
        """The weigher for the reads of a camera."""
        return self._posterior_models[self.model_name(camera_id)]

    def compare_appearance(self, read: Read, alert: Alert) -> list[AttributeComparison]:
        """What the looks of a read say of an alert, part by part."""
        if read.vehicle is None or alert.vehicle is None or not describes_vehicle(alert.basis):
            return []
        return self.appearance.score(read.vehicle, alert.vehicle, alert.country or read.country).parts

    def for_read(self, read: Read) -> ReadScorer:
        """A read as it is weighed. Raises PlateError for a plate that is none."""
        last = self._last_read_scorer
        if last is None or last.read is not read:
            last = self._last_read_scorer = ReadScorer(
                read, self.posterior_model(read.camera_id), self.appearance
            )
        return last


@lru_cache(maxsize=1)
def cached_builtin_models() -> ConfusionModels:
    """The models shipped, read once: their file takes some ms."""
    return builtin_models()


def recogniser_alternatives(read: Read) -> list[str]:
    """Other whole texts (as the recogniser wrote them) that it thought possible, likeliest first.

    A text may be no plate, or be the plate as read written in another way. In whatever order they come.
    """
    if not read.candidates:
        return []
    own = read.plate
    named = [
        (-share, each.plate)
        for each in read.candidates
        if each.plate != own
        and (share := each.confidence) is not None
        and share >= MIN_ALTERNATIVE_CONFIDENCE
    ]
    if len(named) < 2:
        return [text for _, text in named]
    named.sort()
    return list(dict.fromkeys(text for _, text in named))[:MAX_ALTERNATIVES]
