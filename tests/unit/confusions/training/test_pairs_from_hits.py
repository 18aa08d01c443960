"""Training pairs from confirmed hits: what a verdict proves, and what a selection of reads can show."""

from typing import Any

import pytest
from msgspec.structs import replace

from streams.confusions.evidence import CHAR_CODES
from streams.confusions.model import builtin_models
from streams.confusions.training.pairs_from_hits import HitPairs, pairs_from_hits
from streams.confusions.training.train import TrainingError, train
from streams.plates.fleets import builtin_fleets
from streams.records.hit import Hit, Place, Retraction
from streams.records.match import MatchResult
from tests.support.builders import a_hit, a_read, a_verdict, after_noon, an_alert


def french_hit(read_plate: str, listed: str, number: int = 1, seconds: float = 0, **fields: Any) -> Hit:
    """A hit of a read so many seconds after noon on an alert of its own."""
    list_id, country = fields.pop("list_id", "sis"), fields.pop("country", "FR")
    read = a_read(read_plate, country, read_id=f"r{number}", captured_at=after_noon(seconds))
    return a_hit(read, an_alert(listed, country, alert_id=f"a-{listed}", list_id=list_id), **fields)


def summary(pairs: HitPairs) -> list[tuple[str, str, str]]:
    """Read plate, true plate and origin of each pair."""
    return sorted((pair.plate, pair.true_plate, pair.origin) for pair in pairs.pairs)


CORRECT = french_hit("AB123CD", "AB123CD")
MISREAD = french_hit("EF456G0", "EF456GD", 2, 100)


def test_a_confirmed_hit_gives_a_pair() -> None:
    """With its country and camera. A hit that is rejected, acknowledged or has no verdict gives none."""
    pairs = pairs_from_hits([CORRECT, MISREAD], [a_verdict(MISREAD)])
    assert summary(pairs) == [("EF456G0", "EF456GD", "matched")]
    assert (pairs.pairs[0].country, pairs.pairs[0].reader) == ("FR", "c1")
    assert pairs_from_hits([CORRECT, MISREAD], []).pairs == []
    for verdict in ("rejected", "acknowledged"):
        assert pairs_from_hits([MISREAD], [a_verdict(MISREAD, verdict)]).pairs == []


def test_the_newest_adjudication_counts() -> None:
    """In any order, from a record or on a hit; `acknowledged` hides none."""
    early, late = a_verdict(MISREAD, "confirmed", 60), a_verdict(MISREAD, "rejected", 70)
    acknowledged = a_verdict(MISREAD, "acknowledged", 80)
    assert pairs_from_hits([MISREAD], [late, early]).pairs == []
    assert len(pairs_from_hits([MISREAD], [early, acknowledged]).pairs) == 1
    adjudicated = replace(MISREAD, revision=2, kind="amended", verdict=early)
    assert len(pairs_from_hits([adjudicated, MISREAD], []).pairs) == 1
    assert pairs_from_hits([adjudicated], [late]).pairs == []


def test_a_hit_on_a_pattern_gives_no_pair() -> None:
    pattern = french_hit("AB123CD", "AB1*", match=MatchResult("pattern", "AB123CD", "AB1*"))
    pairs = pairs_from_hits([pattern, MISREAD], [a_verdict(pattern), a_verdict(MISREAD)])
    assert summary(pairs) == [("EF456G0", "EF456GD", "matched")]
    assert pairs.skipped == {"confirmed on a pattern, which is not a true plate": 1}


def test_a_list_with_exact_hits_only_shows_no_misreads() -> None:
    """On a list that is seen to match misreads, a correct read counts."""
    exact = french_hit("AB123CD", "AB123CD", list_id="be")
    pairs = pairs_from_hits([exact, MISREAD], [a_verdict(exact), a_verdict(MISREAD)])
    assert summary(pairs) == [("EF456G0", "EF456GD", "matched")]
    assert sum(pairs.skipped.values()) == 1
    pairs = pairs_from_hits([CORRECT, MISREAD], [a_verdict(CORRECT), a_verdict(MISREAD)])
    assert [plate for plate, _, _ in summary(pairs)] == ["AB123CD", "EF456G0"]


def test_a_superseded_hit_belongs_to_the_passage() -> None:
    """Unless it was rejected, or superseded by a hit of another passage."""
    worse = french_hit(
        "AB123C0", "AB123CD", 3, 2, withdrawn=Retraction("superseded", CORRECT.hit_id), kind="withdrawn"
    )
    assert [plate for plate, _, _ in summary(pairs_from_hits([CORRECT, worse], [a_verdict(CORRECT)]))] == [
        "AB123C0",
        "AB123CD",
    ]
    assert (
        len(pairs_from_hits([CORRECT, worse], [a_verdict(CORRECT), a_verdict(worse, "rejected")]).pairs) == 1
    )
    other = replace(worse, withdrawn=Retraction("superseded", MISREAD.hit_id))
    assert [plate for plate, _, _ in summary(pairs_from_hits([CORRECT, other], [a_verdict(CORRECT)]))] == [
        "AB123CD"
    ]


def test_the_other_reads_of_a_passage_are_of_its_vehicle() -> None:
    """Near in time, place and text. They are `known`; the only one that matched is not."""
    reads = [
        a_read("A8123KD", "FR", read_id="other", captured_at=after_noon(3)),
        a_read("ZZ999ZZ", "FR", read_id="another vehicle", captured_at=after_noon(3)),
        a_read("A8123CD", "FR", read_id="late", captured_at=after_noon(30)),
        a_read("A8123CD", "FR", read_id="elsewhere", camera_id="c2", captured_at=after_noon(3)),
        a_read("A8123CD", "BE", read_id="another country", captured_at=after_noon(3)),
        a_read("!", "FR", read_id="none", captured_at=after_noon(3)),
        CORRECT.read,
    ]
    pairs = pairs_from_hits([CORRECT, MISREAD], [a_verdict(CORRECT)], reads)
    assert summary(pairs) == [("A8123KD", "AB123CD", "known"), ("AB123CD", "AB123CD", "matched")]
    worse = french_hit(
        "AB123C0", "AB123CD", 3, 2, withdrawn=Retraction("superseded", CORRECT.hit_id), kind="withdrawn"
    )
    pairs = pairs_from_hits([CORRECT, worse], [a_verdict(CORRECT)], [*reads, worse.read])
    assert {origin for _, _, origin in summary(pairs)} == {"known"}
    assert len(pairs.pairs) == 3


def test_a_read_by_another_camera_of_the_site_is_of_the_passage() -> None:
    """The site of a camera is known from its hits."""
    read = a_read("AB123CO", "FR", read_id="x", camera_id="c2", captured_at=after_noon(3))
    elsewhere = french_hit("KL789MN", "KL789MN", 5, 500)
    for site, count in (("s1", 2), ("s2", 1)):
        other = replace(elsewhere, read=replace(elsewhere.read, camera_id="c2"), place=Place("c2", site))
        assert len(pairs_from_hits([CORRECT, other, MISREAD], [a_verdict(CORRECT)], [read]).pairs) == count


def test_hits_with_an_invalid_plate_or_unknown_country_are_left_out() -> None:
    bad = replace(CORRECT, match=replace(CORRECT.match, listed_plate="!"))
    unknown = french_hit("AB123CD", "AB123CD", country=None)
    pairs = pairs_from_hits([bad, MISREAD], [a_verdict(bad)])
    assert pairs.pairs == []
    assert pairs.skipped == {"confirmed, but with an invalid plate": 1}
    pairs = pairs_from_hits([unknown, MISREAD], [a_verdict(unknown)])
    assert pairs.skipped == {"confirmed, but the country of the plate is not known": 1}


def test_matched_reads_show_only_errors_that_match() -> None:
    """Other frequencies and the weights keep to the base model, without which nothing can be learnt."""
    hits = [
        french_hit(f"AB{100 + n}C{'0' if n % 2 else 'D'}", f"AB{100 + n}CD", n, 100 * n) for n in range(300)
    ]
    pairs = pairs_from_hits(hits, map(a_verdict, hits)).pairs
    base = builtin_models().general
    model = train(pairs, builtin_fleets(), "hits", "", base=base)

    def change(true: str, read: str) -> float:
        row, column = CHAR_CODES[true], CHAR_CODES[read]
        return model.frequencies[row][column] - base.frequencies[row][column]

    # Relative to the average error of a class, D is now read as 0 more often and as Q less often.
    assert change("D", "0") > change("D", "Q") + 0.5
    assert change("D", "P") == change("B", "P") == 0
    assert model.weights == base.weights
    assert model.seen_per_misread("D", "0") == pytest.approx(2, rel=0.05)
    with pytest.raises(TrainingError, match="not enough without a base model"):
        train(pairs, builtin_fleets(), "hits", "")
