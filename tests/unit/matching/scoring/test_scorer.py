"""Each read is weighed by the model of its camera, its camera's maker, or the general one."""

from msgspec.structs import replace

from streams.alerts import Index
from streams.confusions.model import ConfusionModels, builtin_models
from streams.matching.batch import match_batch
from streams.matching.config import ListConfig, MatchingRules
from streams.matching.matcher import Matcher
from streams.records.encode import encode
from tests.support.builders import a_read, an_alert


def models() -> ConfusionModels:
    """The general model, and one of a camera and of a maker by which other characters are unlikely."""
    general = builtin_models().general
    weights = {
        kind: replace(each, terms=[*each.terms[:3], each.terms[3] - 6, *each.terms[4:]])
        for kind, each in general.weights.items()
    }
    strict = replace(general, weights=weights)
    return ConfusionModels(general, {"own": strict, "maker": strict}, {"made": "maker", "other": "unknown"})


def test_cameras_have_their_own_model_their_makers_or_the_general_one() -> None:
    index = Index(fuzzy_lists=["sis"])
    index.put(an_alert("AB-123-CD", "FR"))
    judge = Matcher(MatchingRules({"sis": ListConfig(mode="fuzzy")}), models=models())
    cameras = ("own", "made", "other", "any")
    doubtful = [0.99, 0.5, 0.99, 0.99, 0.99, 0.99, 0.99]
    reads = [
        a_read("A8-123-CD", "FR", camera_id=each, read_id=each, char_confidences=doubtful) for each in cameras
    ]
    matched = match_batch([encode(each) for each in reads], index, judge).matches
    posteriors = {each.read.camera_id: each.result.posterior for each in matched}
    assert (
        posteriors["other"]
        == posteriors["any"]
        == Matcher(MatchingRules()).match(reads[3], an_alert("AB-123-CD", "FR")).posterior
    )
    assert posteriors.get("own") == posteriors.get("made")
    assert (posteriors.get("own") or 0) < (posteriors["any"] or 0)
