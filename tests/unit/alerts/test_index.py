"""The index: the next batch sees every change; versions and withdrawals count in any order."""

from streams.alerts import Index
from tests.support.builders import a_withdrawal, after_noon, an_alert
from tests.support.candidates import find_candidates


def test_the_next_batch_sees_a_new_alert() -> None:
    index = Index()
    assert find_candidates(index, "AB123CD") == []
    assert index.put(an_alert("AB-123-CD")) is None
    assert find_candidates(index, "AB123CD", "AB124CD") == [(0, "a1")]


def test_a_replaced_alert_is_found_only_by_its_new_plate() -> None:
    index = Index()
    index.put(an_alert("AB-123-CD"))
    index.put(an_alert("EF-456-GH", version=2))
    assert find_candidates(index, "AB123CD", "EF456GH") == [(1, "a1")]
    index.put(an_alert("AB-123-CD"))
    assert find_candidates(index, "AB123CD", "EF456GH") == [(1, "a1")], "a lower version changes nothing"


def test_a_pattern_is_replaced_by_a_plate_and_back() -> None:
    index = Index()
    index.put(an_alert("AB-1*"))
    assert find_candidates(index, "AB123CD", "AB999CD") == [(0, "a1")]
    index.put(an_alert("EF-456-GH", version=2))
    assert find_candidates(index, "AB123CD", "EF456GH") == [(1, "a1")]
    index.put(an_alert("*GH", version=3))
    assert find_candidates(index, "AB123CD", "EF456GH", "GH456EF") == [(1, "a1")]


def test_an_alert_with_an_invalid_plate_is_refused_and_the_earlier_version_stays() -> None:
    index = Index()
    index.put(an_alert("AB-123-CD"))
    fault = index.put(an_alert("А-123-В", version=2))
    assert fault is not None
    assert "Cyrillic" in fault.rule
    assert find_candidates(index, "AB123CD") == [(0, "a1")]


def test_an_alert_is_effective_from_its_first_instant_until_before_its_last() -> None:
    index = Index()
    listed = an_alert("AB-123-CD", valid_from="2026-05-21T12:00:00Z", valid_until="2026-05-21T12:00:10Z")
    index.put(listed)
    assert not index.is_effective(listed, after_noon(-0.001))
    assert index.is_effective(listed, after_noon(0))
    assert index.is_effective(listed, after_noon(9.999))
    assert not index.is_effective(listed, after_noon(10))


def test_a_withdrawal_counts_in_any_order() -> None:
    for order in (0, 1):
        index = Index()
        listed = an_alert("AB-123-CD")
        for is_listing in (order, 1 - order):
            if is_listing:
                index.put(listed)
            else:
                index.withdraw(a_withdrawal("a1", after_noon(0)))
        assert index.is_effective(listed, after_noon(-0.001))
        assert not index.is_effective(listed, after_noon(0))


def test_a_version_that_begins_after_the_withdrawal_is_effective() -> None:
    index = Index()
    index.put(an_alert("AB-123-CD"))
    index.withdraw(a_withdrawal("a1", after_noon(0)))
    again = an_alert("AB-123-CD", version=2, valid_from="2026-05-21T13:00:00Z")
    index.put(again)
    assert not index.is_effective(again, after_noon(0))
    assert index.is_effective(again, after_noon(3600))
    index.withdraw(a_withdrawal("a1", after_noon(7200)))
    assert not index.is_effective(again, after_noon(7200))


def test_no_alert_is_lost_in_many_changes() -> None:
    index = Index()
    plates = [f"AB-{number:03d}-{letters}" for letters in ("CD", "EF", "GH") for number in range(1000)]
    for row, plate in enumerate(plates):
        index.put(an_alert(plate, alert_id=f"a{row}"))
    batch = [plate.replace("-", "") for plate in plates]
    assert len(find_candidates(index, *batch)) >= len(plates)
    candidates = set(find_candidates(index, *batch))
    assert all((row, f"a{row}") in candidates for row in range(len(plates)))
