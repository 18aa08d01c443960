"""The match stage: batches of any size give the same, and a bad record costs its neighbours nothing."""

from streams.alerts import Index
from streams.matching.batch import match_batch
from streams.matching.config import ListConfig, MatchingRules
from streams.matching.matcher import Matcher
from streams.records.times import to_ms
from tests.support.builders import a_withdrawal, after_noon, an_alert, read_json

JUDGE = Matcher(MatchingRules())


def test_a_listed_plate_matches_and_another_does_not() -> None:
    index = Index()
    index.put(an_alert("AB-123-CD", "FR"))
    matched = match_batch([read_json("AB-123-CD"), read_json("AB-124-CD", 1)], index, JUDGE)
    assert [match.read.plate for match in matched.matches] == ["AB-123-CD"]
    assert (matched.read_count, matched.rejected) == (2, [])


def test_an_alert_counts_by_the_time_of_the_read() -> None:
    index = Index()
    index.put(an_alert("AB-123-CD", valid_from="2026-05-21T12:00:00Z", valid_until="2026-05-21T12:00:20Z"))
    index.withdraw(a_withdrawal("a1", after_noon(10)))
    records = [read_json("AB123CD", seconds) for seconds in (15, 9.999, -0.001, 0, 10, 20)]
    taken = [match.read.captured_at for match in match_batch(records, index, JUDGE).matches]
    assert taken == [after_noon(9.999), after_noon(0)]


def test_newest_is_the_latest_time_up_to_each_match() -> None:
    index = Index()
    index.put(an_alert("AB-123-CD"))
    records = [
        read_json("EF456GH", 5),
        read_json("AB123CD", 1),
        read_json("AB123CD", 9),
        read_json("AB123CD", 7),
        read_json("EF456GH", 11),
    ]
    matched = match_batch(records, index, JUDGE)
    assert matched.watermarks_ms == [to_ms(after_noon(5)), to_ms(after_noon(9)), to_ms(after_noon(9))]
    assert matched.watermark_ms == to_ms(after_noon(11))


def test_a_bad_record_is_set_aside_and_its_time_does_not_count() -> None:
    index = Index()
    index.put(an_alert("AB-123-CD"))
    records = [
        read_json("  - ", 100),
        read_json("AB123CD", 1),
        b"{",
        read_json("ΑΒΓ123", 200),
        read_json("AB123CD", 2),
        read_json("A" * 20, 300),
    ]
    matched = match_batch(records, index, JUDGE)
    assert [entry.position for entry in matched.rejected] == [0, 2, 3, 5]
    assert [entry.raw for entry in matched.rejected] == [records[place] for place in (0, 2, 3, 5)]
    assert matched.watermarks_ms == [to_ms(after_noon(1)), to_ms(after_noon(2))]
    assert matched.watermark_ms == to_ms(after_noon(2))
    assert matched.read_count == 2


def test_a_batch_of_nothing_and_a_batch_of_nothing_good() -> None:
    assert match_batch([], Index(), JUDGE).watermark_ms is None
    nothing = match_batch([b"", b"[]"], Index(), JUDGE)
    assert (nothing.read_count, nothing.watermark_ms, len(nothing.rejected)) == (0, None, 2)


def test_a_batch_longer_than_what_is_looked_up_at_once() -> None:
    index = Index()
    index.put(an_alert("AB-123-CD"))
    records = [read_json(f"EF{number % 1000:03d}GH", number / 10) for number in range(7000)]
    for place in (0, 1999, 2000, 6999):
        records[place] = read_json("AB123CD", place / 10)
    records[4321] = b"?"
    matched = match_batch(records, index, JUDGE)
    assert [match.read.captured_at for match in matched.matches] == [
        after_noon(place / 10) for place in (0, 1999, 2000, 6999)
    ]
    assert [entry.position for entry in matched.rejected] == [4321]
    assert matched.read_count == 6999


def test_a_pattern_is_found_by_either_spelling_of_an_umlaut() -> None:
    index = Index()
    for number, plate in enumerate(("LOE*", "LO?12", "LEO*")):
        assert index.put(an_alert(plate, "DE", alert_id=f"a{number}")) is None
    for plate, found in (("LÖ N 12", {"LOE*", "LO?12"}), ("LO 12", set()), ("LOE N 12", {"LOE*"})):
        matched = match_batch([read_json(plate, country="DE")], index, JUDGE)
        assert {match.alert.plate for match in matched.matches} == found


def test_plates_too_far_apart_to_be_weighed() -> None:
    """Beyond what the format settles they are no match; within it the match says how little it is worth."""
    fuzzy = Matcher(MatchingRules({"sis": ListConfig(mode="fuzzy", min_posterior=0.0)}))
    index = Index(fuzzy_lists=["sis"])
    index.put(an_alert("LOEB12", "BE"))
    index.put(an_alert("AB122DD", "FR", alert_id="a2"))
    records = [read_json("LÖB121", country="BE"), read_json("A8I2Z0D", country="FR")]
    (match,) = match_batch(records, index, fuzzy).matches
    assert match.alert.plate == "AB122DD"
    assert (match.result.class_, match.result.posterior) == ("confusable", 0.0)
    assert match.result.reasons == ("so many characters differ that it is hardly this plate",)
