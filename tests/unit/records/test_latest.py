"""Which revision and which verdicts of a hit count, in whatever order the records arrive."""

from itertools import permutations

import pytest
from msgspec.structs import replace

from streams.records.hit import Hit
from streams.records.latest import LatestHits, LatestVerdicts, latest_whole_hits
from streams.records.verdict import verdict_order
from tests.support.builders import a_hit, a_read, a_verdict, an_alert


@pytest.fixture
def hit() -> Hit:
    """The first revision of a hit."""
    return a_hit(a_read("AB123CD", "FR"), an_alert("AB123CD", "FR"))


def test_the_newest_revision_counts_in_any_order(hit: Hit) -> None:
    revisions = [replace(hit, revision=number, age_s=float(number)) for number in (1, 2, 3)]
    for order in permutations(revisions):
        hits = latest_whole_hits()
        for revision in order:
            hits.add_hit(revision)
        assert list(hits.values()) == [revisions[-1]]


def test_one_of_two_records_of_one_revision_counts_in_any_order(hit: Hit) -> None:
    other = replace(hit, age_s=7.0)
    counting = []
    for order in permutations([hit, other]):
        hits = latest_whole_hits()
        for revision in order:
            hits.add_hit(revision)
        counting.append(hits[hit.hit_id])
    assert counting[0] == counting[1]


def test_a_summary_is_kept_instead_of_the_hit(hit: Hit) -> None:
    hits = LatestHits(lambda hit: hit.age_s, order=lambda age_s: age_s)
    hits.add_hit(hit)
    hits.add_hit(replace(hit, age_s=7.0))
    assert dict(hits) == {hit.hit_id: 7.0}
    assert hit.hit_id in hits and len(hits) == 1


def test_an_acknowledgement_does_not_hide_an_adjudication(hit: Hit) -> None:
    given = [a_verdict(hit, "rejected", 1), a_verdict(hit, "confirmed", 2), a_verdict(hit, "acknowledged", 3)]
    for order in permutations(given):
        verdicts = LatestVerdicts()
        for verdict in order:
            verdicts.add(verdict)
        assert verdicts.latest(hit.hit_id) == given[2]
        assert verdicts.adjudication(hit.hit_id) == given[1]
        assert set(verdicts.adjudicated_ids) == {hit.hit_id}


def test_verdicts_count_from_hits_and_by_themselves(hit: Hit) -> None:
    on_hit, alone = a_verdict(hit, "confirmed", 1), a_verdict(hit, "rejected", 2, "lille")
    for hit_first in (True, False):
        hits = latest_whole_hits()
        if hit_first:
            hits.add_hit(replace(hit, verdict=on_hit))
        hits.add_verdict(alone)
        if not hit_first:
            hits.add_hit(replace(hit, verdict=on_hit))
        assert hits.verdicts.adjudication(hit.hit_id) == alone


def test_a_verdict_read_back_from_a_hit_changes_nothing(hit: Hit) -> None:
    verdict = a_verdict(hit, "confirmed", 1)
    verdicts = LatestVerdicts()
    assert verdicts.add(replace(verdict, at=verdict.at.replace(microsecond=123_456)))
    assert not verdicts.add(replace(verdict, at=verdict.at.replace(microsecond=123_000)))


def test_verdicts_of_one_time_have_an_order(hit: Hit) -> None:
    first, second = a_verdict(hit, "confirmed", 1), a_verdict(hit, "rejected", 1)
    assert verdict_order(first) < verdict_order(second)
