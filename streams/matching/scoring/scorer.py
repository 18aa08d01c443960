"""Weighing: each read by the model of its camera, once however many alerts it is held against."""

from functools import lru_cache
from typing import Final

from streams.confusions.evidence import Evidence, evidence_of
from streams.confusions.model import Model, Models, shipped_models
from streams.matching.appearance.comparison import LookPart, Looks, looks_tell
from streams.matching.config import MatchingPolicy
from streams.matching.plate_difference import Difference, differences
from streams.matching.scoring.competing_plates import Population, Populations
from streams.matching.scoring.posterior import Rivals, Weighed, Weigher
from streams.plates.confusables import CLASSES
from streams.plates.fleets import shipped_fleets
from streams.plates.normal_form import MAX_LENGTH, Spelling, normal, spelled
from streams.records.alert import Alert
from streams.records.read import Read

MOST_NAMED: Final = 5
"""Whole texts of a recogniser that are looked up, besides the read itself; the likeliest."""
LEAST_NAMED: Final = 0.005
"""Texts that the recogniser gives less than this are not."""


class Sight:
    """A read as it is weighed against alerts."""

    def __init__(self, read: Read, weigher: Weigher, looks: Looks) -> None:
        self.read = read
        self.weigher = weigher
        self._looks = looks
        self.evidence: Evidence = evidence_of(read)
        self._plain = read.plate.isascii()
        self._rivals: dict[str | None, Rivals] = {}

    def rivals(self, listed: str | None) -> Rivals:
        """The other explanations, where the alert is of a country, or of none that is known."""
        found = self._rivals.get(listed)
        if found is None:
            found = self._rivals[listed] = self.weigher.rivals(self.evidence, self.read.country, listed)
        return found

    def weigh(self, alert: Alert, listed: str) -> Weighed | None:
        """The posterior for an alert whose plate has the normal form `listed`, without wildcards.

        None if the two plates are too far apart to be weighed.
        """
        rivals, looks = self.rivals(alert.country), 1.0
        if self.read.vehicle is not None and looks_tell(alert.basis):
            country = alert.country or self.read.country
            looks = self._looks.ratio(self.read.vehicle, alert.vehicle, country)
        if listed.isascii() and self._plain:
            return self.weigher.weigh(self.evidence, listed, rivals, looks)
        ways = [
            weighed._replace(slips=[slip._replace(place=way.places[slip.place]) for slip in weighed.slips])
            for way in self._ways(listed)
            if (weighed := self.weigher.weigh(self.evidence, way.text, rivals, looks)) is not None
        ]
        return max(ways, key=lambda way: way.posterior, default=None)

    def _ways(self, listed: str) -> list[Spelling]:
        """The ways a listed plate is written, with the places in its normal form and one behind the last."""
        ways = [
            Spelling(way.text, (*way.places, len(listed)))
            for way in spelled(listed)
            if len(way.text) <= MAX_LENGTH
        ]
        if not self._plain:
            # The evidence has one character for the Ö that was read, so OE of a listed plate is one too.
            alike = differences(normal(self.read.plate), listed, CLASSES)
            if alike is not None and len(alike.listed.text) != len(self.evidence.plate):
                ways += _shortened(alike, len(listed), len(self.evidence.plate))
        return ways


def _shortened(alike: Difference, end: int, length: int) -> list[Spelling]:
    """The listed plate with each character that stands for the E of an umlaut read left out."""
    kept = [
        place
        for place, at in enumerate(alike.read.places)
        if place == 0 or at != alike.read.places[place - 1]
    ]
    if len(kept) != length:
        return []
    text = "".join(alike.listed.text[place] for place in kept)
    return [Spelling(text, (*(alike.listed.places[place] for place in kept), end))]


class Weighing:
    """Weighs by the models and the fleets, as the policy says."""

    def __init__(self, policy: MatchingPolicy, models: Models | None = None) -> None:
        """Without models those shipped."""
        self.models = models or shipped_models_once()
        fleets = shipped_fleets()
        populations = Populations(fleets, policy.reads_per_day)
        self._populations = populations
        self.most_rate = populations.most_rate
        self._weighers = {
            name: Weigher(model, fleets, populations) for name, model in self.named_models().items()
        }
        self.looks = Looks(policy.looks)
        self._last: Sight | None = None

    def named_models(self) -> dict[str, Model]:
        """The models by camera; the general one under the empty name."""
        return {"": self.models.general, **self.models.of}

    def name_of(self, camera_id: str) -> str:
        """The name of the model for the reads of a camera: its own, its maker's, or the general one's."""
        if camera_id in self.models.of:
            return camera_id
        maker = self.models.makers.get(camera_id, "")
        return maker if maker in self.models.of else ""

    def population(self, country: str | None) -> Population:
        """The vehicles of a country; of all, without one."""
        return self._populations.all if country is None else self._populations.of(country)

    def weigher(self, camera_id: str) -> Weigher:
        """The weigher for the reads of a camera."""
        return self._weighers[self.name_of(camera_id)]

    def looked(self, read: Read, alert: Alert) -> list[LookPart]:
        """What the looks of a read say of an alert, part by part."""
        if read.vehicle is None or alert.vehicle is None or not looks_tell(alert.basis):
            return []
        return self.looks.weigh(read.vehicle, alert.vehicle, alert.country or read.country).parts

    def sight(self, read: Read) -> Sight:
        """A read as it is weighed. Raises PlateError for a plate that is none."""
        last = self._last
        if last is None or last.read is not read:
            last = self._last = Sight(read, self.weigher(read.camera_id), self.looks)
        return last


@lru_cache(maxsize=1)
def shipped_models_once() -> Models:
    """The models shipped, read once: their file takes some ms."""
    return shipped_models()


def named_texts(read: Read) -> list[str]:
    """Other whole texts (as the recogniser wrote them) that it thought possible, likeliest first.

    A text may be no plate, or be the plate as read written in another way. In whatever order they come.
    """
    if not read.candidates:
        return []
    own = read.plate
    named = [
        (-share, each.plate)
        for each in read.candidates
        if each.plate != own and (share := each.confidence) is not None and share >= LEAST_NAMED
    ]
    if len(named) < 2:
        return [text for _, text in named]
    named.sort()
    return list(dict.fromkeys(text for _, text in named))[:MOST_NAMED]
