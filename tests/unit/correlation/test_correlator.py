"""The public methods of the correlator: events in a known state, and the revisions that they emit."""

import pytest
from msgspec.structs import replace

from streams.records.alert import Alert
from tests.support.builders import a_withdrawal, after_noon
from tests.support.correlator_scene import (
    ALERT,
    KEY,
    VALID_S,
    CorrelatorScene,
    a_verdict_on,
    at,
    hit_id,
    summarise,
)

SAME_PLATE = replace(ALERT, version=2)
OTHER_PLATE = replace(ALERT, version=2, plate="ZZ-999-ZZ")


@pytest.fixture
def scene() -> CorrelatorScene:
    """A scene without any read."""
    return CorrelatorScene()


@pytest.fixture
def one_hit() -> CorrelatorScene:
    """A scene in which one read at noon has a hit."""
    scene = CorrelatorScene()
    assert scene.read("r1", 0) == ["new r1"]
    return scene


# Matches


def test_a_match_emits_a_new_hit(scene: CorrelatorScene) -> None:
    assert scene.read("r1", 0) == ["new r1"]
    (hit,) = scene.hits
    assert (hit.hit_id, hit.revision, hit.mode, hit.place.site_id) == (hit_id("r1"), 1, "live", "s1")
    assert scene.correlator.has_hit(hit_id("r1"))
    assert not scene.correlator.has_hit(hit_id("r2"))


@pytest.mark.parametrize(
    ("seconds", "confidence", "expected"),
    [
        pytest.param(5, 0.5, [], id="worse read of the passage"),
        pytest.param(5, 0.9, [], id="equally good read of the passage"),
        pytest.param(5, 0.99, ["amended r2"], id="better read of the passage"),
        pytest.param(60, 0.5, [], id="at the passage gap"),
        pytest.param(60.001, 0.5, ["new r2"], id="one millisecond after the passage gap"),
    ],
)
def test_a_second_read_at_the_site(
    one_hit: CorrelatorScene, seconds: float, confidence: float, expected: list[str]
) -> None:
    assert one_hit.read("r2", seconds, confidence=confidence) == expected


def test_an_earlier_read_of_the_passage_takes_over_its_hit(one_hit: CorrelatorScene) -> None:
    assert one_hit.read("r2", -5) == ["new r2", "withdrawn r1: superseded"]
    (retraction,) = [hit.withdrawn for hit in one_hit.hits if hit.withdrawn is not None]
    assert retraction.superseded_by == hit_id("r2")


def test_the_same_match_again_emits_nothing(one_hit: CorrelatorScene) -> None:
    assert one_hit.read("r1", 0) == []


def test_reads_at_two_sites_give_two_hits_and_a_journey(one_hit: CorrelatorScene) -> None:
    assert one_hit.read("r2", 600, "c2") == ["new r2"]
    first, second = one_hit.hits
    assert first.journey is not None
    assert [passage.hit_id for passage in first.journey.passages] == [hit_id("r1")]
    assert second.journey is not None
    assert [passage.hit_id for passage in second.journey.passages] == [hit_id("r1"), hit_id("r2", "c2")]


# Changes of the alert


def test_a_withdrawn_alert_retracts_its_hits(one_hit: CorrelatorScene) -> None:
    one_hit.read("r2", 600, "c2")
    expected = ["withdrawn r1: alert-withdrawn", "withdrawn r2: alert-withdrawn"]
    assert sorted(one_hit.withdraw(700)) == expected
    assert one_hit.withdraw(700) == []


def test_a_withdrawal_of_a_later_time_acts_only_then(one_hit: CorrelatorScene) -> None:
    assert one_hit.withdraw(10, effective=after_noon(20)) == []
    assert one_hit.wait(19.999) == []
    assert one_hit.wait(20) == ["withdrawn r1: alert-withdrawn"]


def test_a_change_of_an_unknown_or_unchanged_alert_emits_nothing(one_hit: CorrelatorScene) -> None:
    assert one_hit.correlator.handle_alert_change(("sis", "unknown"), at(10)) == []
    assert one_hit.correlator.handle_alert_change(KEY, at(10)) == []


def test_the_withdrawal_of_an_alert_without_reads_emits_nothing(scene: CorrelatorScene) -> None:
    assert scene.withdraw(10) == []


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        pytest.param(SAME_PLATE, ["amended r1"], id="identifies the same vehicle"),
        pytest.param(OTHER_PLATE, ["withdrawn r1: alert-replaced"], id="does not match the stored read"),
    ],
)
def test_a_new_version_is_matched_with_the_stored_reads(
    one_hit: CorrelatorScene, version: Alert, expected: list[str]
) -> None:
    assert sorted(one_hit.replace_alert(version, 10)) == expected
    assert one_hit.correlator.has_hit(hit_id("r1", alert=version)) == (version is SAME_PLATE)


# Time


def test_an_alert_expires_at_the_end_of_its_validity_and_not_before(one_hit: CorrelatorScene) -> None:
    assert one_hit.wait(VALID_S - 0.001) == []
    assert one_hit.wait(VALID_S) == ["withdrawn r1: alert-expired"]
    assert one_hit.wait(VALID_S + 1) == []


def test_an_event_of_another_alert_also_emits_what_is_due(one_hit: CorrelatorScene) -> None:
    hits = one_hit.correlator.handle_alert_change(("sis", "unknown"), at(VALID_S))
    assert summarise(hits) == ["withdrawn r1: alert-expired"]


# Verdicts


@pytest.mark.parametrize(
    ("verdict", "revision", "next_read"),
    [
        ("rejected", "withdrawn r1: rejected", []),
        ("confirmed", "amended r1", ["new r2"]),
        ("acknowledged", "amended r1", ["new r2"]),
    ],
)
def test_a_verdict_amends_the_hit_and_a_rejection_silences_the_next_read(
    one_hit: CorrelatorScene, verdict: str, revision: str, next_read: list[str]
) -> None:
    assert one_hit.judge("r1", verdict, 10) == [revision]
    assert one_hit.judge("r1", verdict, 10) == []
    assert one_hit.read("r2", 600, "c2") == next_read


def test_a_rejection_retracts_all_hits_of_the_pair(one_hit: CorrelatorScene) -> None:
    one_hit.read("r2", 600, "c2")
    expected = ["withdrawn r1: rejected", "withdrawn r2: rejected"]
    assert sorted(one_hit.judge("r1", "rejected", 610)) == expected


def test_a_later_confirmation_emits_the_rejected_and_the_silenced_hits(one_hit: CorrelatorScene) -> None:
    one_hit.judge("r1", "rejected", 10)
    one_hit.read("r2", 600, "c2")
    assert sorted(one_hit.judge("r1", "confirmed", 610)) == ["amended r1", "new r2"]


def test_an_older_verdict_changes_nothing(one_hit: CorrelatorScene) -> None:
    one_hit.judge("r1", "confirmed", 20)
    older = a_verdict_on("r1", "rejected", 10)
    assert one_hit.correlator.handle_verdict(older, at(30)) == []


@pytest.mark.parametrize(("verdict", "expected"), [("rejected", []), ("confirmed", ["new r1"])])
def test_a_verdict_on_an_unknown_hit_applies_once_the_hit_comes(
    scene: CorrelatorScene, verdict: str, expected: list[str]
) -> None:
    assert scene.judge("r1", verdict, 10) == []
    assert scene.read("r1", 20) == expected
    assert [hit.verdict for hit in scene.hits] == [a_verdict_on("r1", verdict, 10)] * len(expected)


def test_a_scheduled_verdict_acts_only_at_its_time(one_hit: CorrelatorScene) -> None:
    one_hit.correlator.schedule_verdict(a_verdict_on("r1", "rejected", 20), at(20))
    assert one_hit.wait(19.999) == []
    assert one_hit.wait(20) == ["withdrawn r1: rejected"]


# The end of the input


def test_flush_emits_what_later_withdrawals_and_verdicts_change(one_hit: CorrelatorScene) -> None:
    one_hit.correlator.schedule_verdict(a_verdict_on("r1", "confirmed", 20), at(20))
    one_hit.withdraw(10, effective=after_noon(30))
    assert one_hit.flush() == ["amended r1", "withdrawn r1: alert-withdrawn"]
    assert one_hit.flush() == []


def test_an_alert_does_not_expire_after_flush(one_hit: CorrelatorScene) -> None:
    assert one_hit.flush() == []
    assert one_hit.wait(VALID_S) == []


# Restore


def test_a_restore_of_all_that_was_emitted_emits_nothing(one_hit: CorrelatorScene) -> None:
    one_hit.read("r2", 600, "c2")
    assert one_hit.restart(700) == []
    assert one_hit.correlator.cold_count == 0
    assert one_hit.read("r2", 600, "c2") == []


def test_a_restore_emits_a_hit_that_was_not_emitted(one_hit: CorrelatorScene) -> None:
    one_hit.hits.clear()
    assert one_hit.restart(10) == ["new r1"]


def test_a_restore_emits_only_the_retraction_of_an_alert_withdrawn_meanwhile(
    one_hit: CorrelatorScene,
) -> None:
    one_hit.index.withdraw(a_withdrawal(ALERT.alert_id, after_noon(5)))
    assert one_hit.restart(10) == ["withdrawn r1: alert-withdrawn"]
    assert one_hit.restart(20) == []


# Expiry


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param(59.999, ["withdrawn r1: rejected"], id="within the minute of its match"),
        pytest.param(60, [], id="at the end of that minute"),
    ],
)
def test_a_verdict_on_the_hit_of_an_expired_passage_changes_nothing(
    one_hit: CorrelatorScene, before: float, expected: list[str]
) -> None:
    """Passages expire by whole minutes of their matches."""
    one_hit.correlator.expire(at(before), at(0))
    assert one_hit.correlator.is_sighted(KEY) == bool(expected)
    assert one_hit.judge("r1", "rejected", 70) == expected
