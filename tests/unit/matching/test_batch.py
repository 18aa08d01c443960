"""The match stage: the same result for any batch size, and invalid records that do not affect others."""

from streams.alerts import Index
from streams.matching.batch import match_batch
from streams.matching.config import ListConfig, MatchingRules
from streams.matching.matcher import Matcher
from streams.records.times import to_ms
from tests.support.builders import a_withdrawal, after_noon, an_alert, read_json

MATCHER = Matcher(MatchingRules())


def test_a_listed_plate_matches_and_another_does_not() -> None:
    index = Index()
    index.put(an_alert("AB-123-CD", "FR"))
    batch = match_batch([read_json("AB-123-CD"), read_json("AB-124-CD", 1)], index, MATCHER)
    assert [match.read.plate for match in batch.matches] == ["AB-123-CD"]
    assert (batch.read_count, batch.rejected) == (2, [])


def test_an_alert_is_effective_by_the_time_of_the_read() -> None:
    index = Index()
    index.put(an_alert("AB-123-CD", valid_from="2026-05-21T12:00:00Z", valid_until="2026-05-21T12:00:20Z"))
    index.withdraw(a_withdrawal("a1", after_noon(10)))
    records = [read_json("AB123CD", seconds) for seconds in (15, 9.999, -0.001, 0, 10, 20)]
    matched_times = [match.read.captured_at for match in match_batch(records, index, MATCHER).matches]
    assert matched_times == [after_noon(9.999), after_noon(0)]


def test_the_watermark_of_a_match_is_the_greatest_time_up_to_its_read() -> None:
    index = Index()
    index.put(an_alert("AB-123-CD"))
    records = [
        read_json("EF456GH", 5),
        read_json("AB123CD", 1),
        read_json("AB123CD", 9),
        read_json("AB123CD", 7),
        read_json("EF456GH", 11),
    ]
    batch = match_batch(records, index, MATCHER)
    assert batch.watermarks_ms == [to_ms(after_noon(5)), to_ms(after_noon(9)), to_ms(after_noon(9))]
    assert batch.watermark_ms == to_ms(after_noon(11))


def test_an_invalid_record_is_rejected_and_its_time_does_not_count() -> None:
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
    batch = match_batch(records, index, MATCHER)
    assert [entry.position for entry in batch.rejected] == [0, 2, 3, 5]
    assert [entry.raw for entry in batch.rejected] == [records[position] for position in (0, 2, 3, 5)]
    assert batch.watermarks_ms == [to_ms(after_noon(1)), to_ms(after_noon(2))]
    assert batch.watermark_ms == to_ms(after_noon(2))
    assert batch.read_count == 2


def test_an_empty_batch_and_a_batch_without_valid_records() -> None:
    assert match_batch([], Index(), MATCHER).watermark_ms is None
    invalid = match_batch([b"", b"[]"], Index(), MATCHER)
    assert (invalid.read_count, invalid.watermark_ms, len(invalid.rejected)) == (0, None, 2)


def test_a_batch_of_several_chunks() -> None:
    index = Index()
    index.put(an_alert("AB-123-CD"))
    records = [read_json(f"EF{index % 1000:03d}GH", index / 10) for index in range(7000)]
    for listed_at in (0, 1999, 2000, 6999):
        records[listed_at] = read_json("AB123CD", listed_at / 10)
    records[4321] = b"?"
    batch = match_batch(records, index, MATCHER)
    assert [match.read.captured_at for match in batch.matches] == [
        after_noon(position / 10) for position in (0, 1999, 2000, 6999)
    ]
    assert [entry.position for entry in batch.rejected] == [4321]
    assert batch.read_count == 6999


def test_a_pattern_matches_either_spelling_of_an_umlaut() -> None:
    index = Index()
    for alert_number, plate in enumerate(("LOE*", "LO?12", "LEO*")):
        assert index.put(an_alert(plate, "DE", alert_id=f"a{alert_number}")) is None
    for plate, patterns in (("LÖ N 12", {"LOE*", "LO?12"}), ("LO 12", set()), ("LOE N 12", {"LOE*"})):
        batch = match_batch([read_json(plate, country="DE")], index, MATCHER)
        assert {match.alert.plate for match in batch.matches} == patterns


def test_plates_too_far_apart_to_be_scored() -> None:
    """Fuzzy plates do not match; a confusable plate that the format settles matches with posterior 0."""
    fuzzy = Matcher(MatchingRules({"sis": ListConfig(mode="fuzzy", min_posterior=0.0)}))
    index = Index(fuzzy_lists=["sis"])
    index.put(an_alert("LOEB12", "BE"))
    index.put(an_alert("AB122DD", "FR", alert_id="a2"))
    records = [read_json("LÖB121", country="BE"), read_json("A8I2Z0D", country="FR")]
    (match,) = match_batch(records, index, fuzzy).matches
    assert match.alert.plate == "AB122DD"
    assert (match.result.class_, match.result.posterior) == ("confusable", 0.0)
    assert match.result.reasons == ("so many characters differ that it is hardly this plate",)
