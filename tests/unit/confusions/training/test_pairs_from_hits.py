"""Pairs from confirmed passages: what a verdict proves, and what the choice of reads lets be learnt."""

from typing import Any

import pytest
from msgspec.structs import replace

from streams.confusions.model import builtin_models
from streams.confusions.training.pairs_from_hits import HitPairs, pairs_from_hits
from streams.confusions.training.train import TrainingError, train
from streams.plates.fleets import builtin_fleets
from streams.records.hit import Hit, Place, Retraction, build_hit_alert, compute_hit_id
from streams.records.match import MatchResult
from streams.records.verdict import Verdict
from tests.support.builders import a_read, after_noon, an_alert


def hit(read_: str, listed: str, number: int = 1, seconds: float = 0, class_: str = "", **fields: Any) -> Hit:
    """A hit of a read by camera `c1` of site `s1` on a French alert; confusable if the texts differ."""
    list_id, country = fields.pop("list_id", "sis"), fields.pop("country", "FR")
    its = a_read(read_, country, read_id=f"r{number}", captured_at=after_noon(seconds))
    on = an_alert(listed, country, alert_id=f"a-{listed}", list_id=list_id)
    made: dict[str, Any] = {
        "hit_id": compute_hit_id(on, its),
        "revision": 1,
        "kind": "new",
        "mode": "live",
        "age_s": 0.0,
        "read": its,
        "alert": build_hit_alert(on),
        "match": MatchResult(class_ or ("exact" if read_ == listed else "confusable"), read_, listed),
        "place": Place("c1", "s1"),
        "action": "stop",
        "priority": 1,
        "emitted_at": after_noon(seconds),
    }
    return Hit(**(made | fields))


def says(hit: Hit, verdict: Any = "confirmed", seconds: float = 60) -> Verdict:
    """A centre's verdict."""
    return Verdict(hit.hit_id, "ccpd", verdict, after_noon(seconds))


def found(pairs: HitPairs) -> list[tuple[str, str, str]]:
    return sorted((pair.plate, pair.true_plate, pair.found) for pair in pairs.pairs)


RIGHT = hit("AB123CD", "AB123CD")
MISREAD = hit("EF456G0", "EF456GD", 2, 100)


def test_a_confirmed_hit_is_a_pair() -> None:
    """With what the recogniser gave and the camera; one not judged, rejected, or only seen is none."""
    pairs = pairs_from_hits([RIGHT, MISREAD], [says(MISREAD)])
    assert found(pairs) == [("EF456G0", "EF456GD", "matched")]
    assert (pairs.pairs[0].country, pairs.pairs[0].reader) == ("FR", "c1")
    assert pairs_from_hits([RIGHT, MISREAD], []).pairs == []
    for verdict in ("rejected", "acknowledged"):
        assert pairs_from_hits([MISREAD], [says(MISREAD, verdict)]).pairs == []


def test_the_latest_judgement_holds() -> None:
    """Whatever the order; `acknowledged` hides none; one that stands on the hit counts."""
    early, late = says(MISREAD, "confirmed", 60), says(MISREAD, "rejected", 70)
    seen = says(MISREAD, "acknowledged", 80)
    assert pairs_from_hits([MISREAD], [late, early]).pairs == []
    assert len(pairs_from_hits([MISREAD], [early, seen]).pairs) == 1
    judged = replace(MISREAD, revision=2, kind="amended", verdict=early)
    assert len(pairs_from_hits([judged, MISREAD], []).pairs) == 1
    assert pairs_from_hits([judged], [late]).pairs == []


def test_a_pattern_is_no_true_plate() -> None:
    pattern = hit("AB123CD", "AB1*", class_="pattern")
    pairs = pairs_from_hits([pattern, MISREAD], [says(pattern), says(MISREAD)])
    assert found(pairs) == [("EF456G0", "EF456GD", "matched")]
    assert pairs.skipped == {"confirmed on a pattern, which is not a true plate": 1}


def test_lists_with_exact_hits_only_show_no_misreads() -> None:
    """Of a list that is seen to match misreads, a right read counts."""
    other = hit("AB123CD", "AB123CD", list_id="be")
    pairs = pairs_from_hits([other, MISREAD], [says(other), says(MISREAD)])
    assert found(pairs) == [("EF456G0", "EF456GD", "matched")]
    assert sum(pairs.skipped.values()) == 1
    pairs = pairs_from_hits([RIGHT, MISREAD], [says(RIGHT), says(MISREAD)])
    assert [each[0] for each in found(pairs)] == ["AB123CD", "EF456G0"]


def test_the_superseded_hit_of_the_passage() -> None:
    """It is of the same vehicle, unless it was rejected; one of another passage is not."""
    worse = hit(
        "AB123C0", "AB123CD", 3, 2, withdrawn=Retraction("superseded", RIGHT.hit_id), kind="withdrawn"
    )
    assert [each[0] for each in found(pairs_from_hits([RIGHT, worse], [says(RIGHT)]))] == [
        "AB123C0",
        "AB123CD",
    ]
    assert len(pairs_from_hits([RIGHT, worse], [says(RIGHT), says(worse, "rejected")]).pairs) == 1
    other = replace(worse, withdrawn=Retraction("superseded", MISREAD.hit_id))
    assert [each[0] for each in found(pairs_from_hits([RIGHT, other], [says(RIGHT)]))] == ["AB123CD"]


def test_the_other_reads_of_the_passage() -> None:
    """Near in time, place and text. They count whatever they are; the only one that matched does not."""
    beside = [
        a_read("A8123KD", "FR", read_id="other", captured_at=after_noon(3)),
        a_read("ZZ999ZZ", "FR", read_id="another vehicle", captured_at=after_noon(3)),
        a_read("A8123CD", "FR", read_id="late", captured_at=after_noon(30)),
        a_read("A8123CD", "FR", read_id="elsewhere", camera_id="c2", captured_at=after_noon(3)),
        a_read("A8123CD", "BE", read_id="another country", captured_at=after_noon(3)),
        a_read("!", "FR", read_id="none", captured_at=after_noon(3)),
        RIGHT.read,
    ]
    pairs = pairs_from_hits([RIGHT, MISREAD], [says(RIGHT)], beside)
    assert found(pairs) == [("A8123KD", "AB123CD", "known"), ("AB123CD", "AB123CD", "matched")]
    worse = hit(
        "AB123C0", "AB123CD", 3, 2, withdrawn=Retraction("superseded", RIGHT.hit_id), kind="withdrawn"
    )
    pairs = pairs_from_hits([RIGHT, worse], [says(RIGHT)], [*beside, worse.read])
    assert {each[2] for each in found(pairs)} == {"known"}
    assert len(pairs.pairs) == 3


def test_cameras_of_one_site() -> None:
    """A camera whose hits are at the same site reads the same passage."""
    there = a_read("AB123CO", "FR", read_id="x", camera_id="c2", captured_at=after_noon(3))
    elsewhere = hit("KL789MN", "KL789MN", 5, 500)
    for site, count in (("s1", 2), ("s2", 1)):
        other = replace(elsewhere, read=replace(elsewhere.read, camera_id="c2"), place=Place("c2", site))
        assert len(pairs_from_hits([RIGHT, other, MISREAD], [says(RIGHT)], [there]).pairs) == count


def test_plates_and_countries_that_are_none() -> None:
    bad = replace(RIGHT, match=replace(RIGHT.match, listed_plate="!"))
    unknown = hit("AB123CD", "AB123CD", country=None)
    pairs = pairs_from_hits([bad, MISREAD], [says(bad)])
    assert pairs.pairs == []
    assert pairs.skipped == {"confirmed, but with an invalid plate": 1}
    pairs = pairs_from_hits([unknown, MISREAD], [says(unknown)])
    assert pairs.skipped == {"confirmed, but the country of the plate is not known": 1}


def test_only_what_matches_is_learnt_of_matched_reads() -> None:
    """A slip that matches moves, one that could not be seen stays; so do the weights. Without a base nothing
    can be learnt."""
    hits = [hit(f"AB{100 + n}C{'0' if n % 2 else 'D'}", f"AB{100 + n}CD", n, 100 * n) for n in range(300)]
    pairs = pairs_from_hits(hits, map(says, hits)).pairs
    base = builtin_models().general
    model = train(pairs, builtin_fleets(), "ours", "", base=base)
    place = {char: code for code, char in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}

    def moved(true: str, read_: str) -> float:
        return model.commonness[place[true]][place[read_]] - base.commonness[place[true]][place[read_]]

    # Relative to the average slip of a class, D as 0 is commoner than before and D as Q rarer.
    assert moved("D", "0") > moved("D", "Q") + 0.5
    assert moved("D", "P") == moved("B", "P") == 0
    assert model.weights == base.weights
    assert model.seen_per_misread("D", "0") == pytest.approx(2, rel=0.05)
    with pytest.raises(TrainingError, match="not enough without a base model"):
        train(pairs, builtin_fleets(), "ours", "")
