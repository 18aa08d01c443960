"""Weighing: each read by the model of its camera, once however many alerts it is held against."""

from functools import lru_cache
from typing import Final

from streams.confusions.evidence import Evidence, evidence_of
from streams.confusions.model import Model, Models, shipped_models
from streams.matching.looks import LookPart, Looks, looks_tell
from streams.matching.policy import MatchingPolicy
from streams.matching.posterior import Rivals, Weighed, Weigher
from streams.matching.rivals import Population, Populations
from streams.plates.fleets import shipped_fleets
from streams.plates.normal import spellings
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
        if listed.isascii():
            return self.weigher.weigh(self.evidence, listed, rivals, looks)
        ways = [self.weigher.weigh(self.evidence, way, rivals, looks) for way in spellings(listed)]
        return max((way for way in ways if way), key=lambda way: way.posterior, default=None)


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

    A text may be no plate, or be the plate as read written in another way.
    """
    if not read.candidates:
        return []
    found = {
        each.plate: share
        for each in read.candidates
        if (share := each.confidence) is not None and share >= LEAST_NAMED and each.plate != read.plate
    }
    return sorted(found, key=found.__getitem__, reverse=True)[:MOST_NAMED] if found else []
