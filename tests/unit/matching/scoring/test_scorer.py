"""Each read is scored by the model of its camera, its camera's vendor, or the general one."""

from msgspec.structs import replace

from streams.alerts import Index
from streams.confusions.model import ConfusionModels, builtin_models
from streams.matching.batch import match_batch
from streams.matching.config import ListConfig, MatchingRules
from streams.matching.matcher import Matcher
from streams.records.encode import encode
from tests.support.builders import a_read, an_alert


def models() -> ConfusionModels:
    """The general model, and one of a camera and of a vendor by which misreads are unlikely."""
    general = builtin_models().general
    strict_weights = {
        kind: replace(weights, terms=[*weights.terms[:3], weights.terms[3] - 6, *weights.terms[4:]])
        for kind, weights in general.weights.items()
    }
    strict = replace(general, weights=strict_weights)
    return ConfusionModels(general, {"own": strict, "maker": strict}, {"made": "maker", "other": "unknown"})


def test_a_camera_has_its_own_model_or_its_vendors_or_the_general_one() -> None:
    index = Index(fuzzy_lists=["sis"])
    index.put(an_alert("AB-123-CD", "FR"))
    matcher = Matcher(MatchingRules({"sis": ListConfig(mode="fuzzy")}), models=models())
    cameras = ("own", "made", "other", "any")
    doubtful = [0.99, 0.5, 0.99, 0.99, 0.99, 0.99, 0.99]
    reads = [
        a_read("A8-123-CD", "FR", camera_id=camera, read_id=camera, char_confidences=doubtful)
        for camera in cameras
    ]
    matches = match_batch([encode(read) for read in reads], index, matcher).matches
    posteriors = {match.read.camera_id: match.result.posterior for match in matches}
    assert (
        posteriors["other"]
        == posteriors["any"]
        == Matcher(MatchingRules()).match(reads[3], an_alert("AB-123-CD", "FR")).posterior
    )
    assert posteriors.get("own") == posteriors.get("made")
    assert (posteriors.get("own") or 0) < (posteriors["any"] or 0)
