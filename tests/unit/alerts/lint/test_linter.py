"""Lint: each check with a finding beside a near miss without one. All plates are made up."""

import json
from collections.abc import Iterable

import pytest

from streams.alerts.lint import Finding, Linter, LintSettings
from streams.alerts.lint.pattern_coverage import PatternCoverage
from streams.plates.formats import builtin_formats
from streams.records.decode import decode_alerts
from streams.records.times import parse_time, to_ms

NOW = to_ms(parse_time("2026-06-01T12:00:00Z"))
FACTS = LintSettings(NOW)


def alert(number: int = 1, **fields: object) -> dict[str, object]:
    """An alert with no fault; each number has a plate of its own."""
    plain: dict[str, object] = {
        "list_id": "sis",
        "alert_id": f"A{number}",
        "version": 1,
        "plate": f"AB-{100 + number}-CD",
        "country": "FR",
        "basis": "SIS-38-seizure",
        "reason": "stolen vehicle",
        "action": {"default": "seize"},
        "valid_from": "2026-01-01T00:00:00Z",
        "valid_until": "2027-01-01T00:00:00Z",
    }
    return {name: value for name, value in (plain | fields).items() if value is not None}


def withdrawal(number: int = 1, at: str = "2026-03-01T00:00:00Z", list_id: str = "sis") -> dict[str, object]:
    return {"list_id": list_id, "alert_id": f"A{number}", "withdrawn_at": at}


def findings(*files: Iterable[dict[str, object] | bytes], facts: LintSettings = FACTS) -> list[Finding]:
    """The findings on files named a.jsonl, b.jsonl and so on; blank lines do not count here."""
    lint = Linter(facts)
    for name, lines in zip("abc", files, strict=False):
        records = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
        for number, record in enumerate(decode_alerts(records), start=1):
            lint.add_line(f"{name}.jsonl", number, record)
    return lint.check_all()


def told(*lines: dict[str, object] | bytes, facts: LintSettings = FACTS) -> list[tuple[int, str, str]]:
    """Line, severity and check of the findings on one file."""
    return [(each.line, each.severity, each.check) for each in findings(lines, facts=facts)]


def test_good_alerts_have_no_finding() -> None:
    assert told(alert(1), alert(2), alert(3, country=None), alert(4, list_id="national")) == []


def test_nothing_at_all_has_no_finding() -> None:
    assert told() == []


class TestNotAnAlert:
    def test_every_fault_of_a_line_is_told(self) -> None:
        found = findings([alert(1), alert(2, version=0, priority=9), b"{", alert(3)])
        assert [(each.line, each.check, each.field) for each in found] == [
            (2, "not-an-alert", "version"),
            (2, "not-an-alert", "priority"),
            (3, "not-an-alert", ""),
        ]

    @pytest.mark.parametrize("plate", ["--", "АВ-123", "ABCDEFGHIJKLM", "??*"])
    def test_a_plate_that_is_none(self, plate: str) -> None:
        assert told(alert(plate=plate)) == [(1, "error", "not-an-alert")]

    def test_it_is_no_alert_for_the_others(self) -> None:
        assert told(alert(version=0), withdrawal()) == [
            (1, "error", "not-an-alert"),
            (2, "warning", "unknown-withdrawal"),
        ]


class TestVersions:
    def test_one_version_with_two_contents(self) -> None:
        found = findings([alert(1), alert(2), alert(1, priority=1)])
        assert [(each.line, each.severity, each.check) for each in found] == [
            (3, "error", "version-conflict")
        ]
        assert "a.jsonl:1" in found[0].value

    def test_a_higher_version_may_differ(self) -> None:
        assert told(alert(1), alert(1, version=2, priority=1)) == []

    def test_one_line_twice(self) -> None:
        turned = dict(reversed(alert(1).items()))
        assert told(alert(1), turned) == [(2, "warning", "repeated-line")]

    def test_the_same_id_in_another_list_is_another_alert(self) -> None:
        assert told(alert(1), alert(1, list_id="national")) == []

    def test_each_line_is_compared_with_the_first(self) -> None:
        lines = [alert(1), alert(2), alert(1), alert(1, priority=1), alert(2), alert(1)]
        assert told(*lines) == [
            (3, "warning", "repeated-line"),
            (4, "error", "version-conflict"),
            (5, "warning", "repeated-line"),
            (6, "warning", "repeated-line"),
        ]

    def test_over_two_files(self) -> None:
        found = findings([alert(1)], [alert(2), alert(1)])
        assert [(each.file, each.line, each.check) for each in found] == [("b.jsonl", 2, "repeated-line")]
        assert "a.jsonl:1" in found[0].value

    def test_what_a_higher_version_replaced_has_no_other_finding(self) -> None:
        bad = {"reason": "-", "plate": "A*", "valid_until": "2026-02-01T00:00:00Z"}
        assert told(alert(1, **bad), alert(1, version=2)) == []
        assert told(alert(1, version=2), alert(1, **bad)) == []
        assert told(alert(1), alert(1, version=2, reason="-")) == [(2, "error", "no-reason")]


class TestDuplicatePlate:
    def test_the_same_plate_under_two_ids(self) -> None:
        found = findings([alert(1), alert(2, plate="ab 101.cd")])
        assert [(each.line, each.severity, each.check) for each in found] == [(2, "error", "duplicate-plate")]
        assert found[0].value == "also the plate of sis/A1 at a.jsonl:1"

    @pytest.mark.parametrize("spelled", ["MÜ-A 12", "MU-A 12", "MUE-A 12"])
    def test_umlaut_spellings_are_one_plate(self, spelled: str) -> None:
        lines = [alert(1, plate="MÜ-A 12", country="DE"), alert(2, plate=spelled, country="DE")]
        assert told(*lines) == told(*reversed(lines)) == [(2, "error", "duplicate-plate")]

    def test_two_plain_spellings_of_one_umlaut_are_two_plates(self) -> None:
        assert told(alert(1, plate="MU-A 12", country="DE"), alert(2, plate="MUE-A 12", country="DE")) == []

    @pytest.mark.parametrize("other", [{"country": "IT"}, {"list_id": "national"}, {"plate": "AB-101-CE"}])
    def test_another_country_list_or_plate(self, other: dict[str, object]) -> None:
        assert told(alert(1), alert(2, **({"plate": "AB-101-CD"} | other))) == []

    def test_confusable_plates_are_two(self) -> None:
        assert told(alert(1, plate="AB-181-CD"), alert(2, plate="AB-1B1-CD", country=None)) == []

    def test_german_plates_whose_written_gaps_differ_are_two(self) -> None:
        berlin, bamberg = ({"plate": plate, "country": "DE"} for plate in ("B-AB 123", "BA-B 123"))
        assert told(alert(1, **berlin), alert(2, **bamberg)) == []
        assert told(alert(1, **berlin), alert(2, plate="BAB123", country="DE")) == [
            (2, "error", "duplicate-plate")
        ]
        assert told(alert(1, **berlin), alert(2, **bamberg), alert(3, **bamberg)) == [
            (3, "error", "duplicate-plate")
        ]

    def test_terms_that_do_not_overlap_are_two_listings(self) -> None:
        first = alert(1, plate="AB-101-CD", valid_until="2026-08-01T00:00:00Z")
        assert told(first, alert(2, plate="AB-101-CD", valid_from="2026-08-01T00:00:00Z")) == []
        assert told(first, alert(2, plate="AB-101-CD", valid_from="2026-07-31T23:59:59Z")) == [
            (2, "error", "duplicate-plate")
        ]

    def test_a_withdrawal_ends_a_term(self) -> None:
        again = alert(2, plate="AB-101-CD", valid_from="2026-08-01T00:00:00Z")
        assert told(alert(1), again, withdrawal(1, "2026-08-01T00:00:00Z")) == []
        assert told(alert(1), again, withdrawal(1, "2026-08-01T00:00:01Z")) == [
            (2, "error", "duplicate-plate")
        ]

    def test_only_the_highest_version_counts(self) -> None:
        assert told(alert(1), alert(2, plate="AB-101-CD"), alert(2, version=2)) == []

    def test_what_has_ended_can_no_longer_hit_twice(self) -> None:
        over = {"plate": "AB-101-CD", "valid_until": "2026-02-01T00:00:00Z"}
        assert told(alert(1, **over), alert(2, **over)) == [
            (1, "warning", "expired"),
            (2, "warning", "expired"),
        ]

    def test_every_further_alert_is_told_once(self) -> None:
        lines = [alert(number, plate="MÜ-Ü 12", country=None) for number in (1, 2, 3)]
        assert told(*lines) == [(2, "error", "duplicate-plate"), (3, "error", "duplicate-plate")]

    def test_patterns_too(self) -> None:
        assert told(alert(1, plate="AB-12?-CD"), alert(2, plate="AB12?CD")) == [
            (2, "error", "duplicate-plate")
        ]
        assert told(alert(1, plate="AB-12?-CD"), alert(2, plate="AB-1?2-CD")) == []


class TestTerms:
    def test_expired(self) -> None:
        assert told(alert(valid_until="2026-06-01T12:00:00Z")) == [(1, "warning", "expired")]
        assert told(alert(valid_until="2026-06-01T12:00:00.001Z")) == []

    def test_not_yet_in_force_is_no_finding(self) -> None:
        assert told(alert(valid_from="2026-09-01T00:00:00Z")) == []

    def test_prolonged_by_a_higher_version(self) -> None:
        assert told(alert(valid_until="2026-02-01T00:00:00Z"), alert(version=2)) == []

    def test_withdrawn_is_not_expired(self) -> None:
        assert told(alert(valid_until="2026-05-01T00:00:00Z"), withdrawal()) == []


class TestWithdrawals:
    def test_of_an_alert_in_none_of_the_files(self) -> None:
        assert told(alert(1), withdrawal(2), withdrawal(1, list_id="national")) == [
            (2, "warning", "unknown-withdrawal"),
            (3, "warning", "unknown-withdrawal"),
        ]

    def test_of_an_alert_in_a_later_file(self) -> None:
        assert findings([withdrawal(1)], [alert(1)]) == []

    def test_listed_again_from_before_the_withdrawal(self) -> None:
        found = findings([alert(1), withdrawal(1), alert(2), alert(1, version=2)])
        assert [(each.line, each.severity, each.check) for each in found] == [(4, "error", "stays-withdrawn")]
        assert "a.jsonl:2" in found[0].value
        assert "version 3" in found[0].advice

    def test_listed_again_from_the_withdrawal_on(self) -> None:
        assert told(alert(1), withdrawal(1), alert(1, version=2, valid_from="2026-03-01T00:00:00Z")) == []

    def test_changed_before_the_withdrawal(self) -> None:
        assert told(alert(1), alert(1, version=2), withdrawal(1)) == []

    def test_put_right_by_a_still_higher_version(self) -> None:
        right = alert(1, version=3, valid_from="2026-04-01T00:00:00Z")
        assert told(alert(1), withdrawal(1), alert(1, version=2), right) == []

    def test_a_first_version_behind_its_withdrawal_is_no_new_listing(self) -> None:
        assert told(withdrawal(1), alert(1)) == []

    def test_a_withdrawn_alert_has_no_other_finding(self) -> None:
        assert told(alert(reason="-"), withdrawal(at="2026-06-01T12:00:00Z")) == []
        assert told(alert(reason="-"), withdrawal(at="2026-06-01T12:00:01Z")) == [(1, "error", "no-reason")]


class TestPatterns:
    def test_too_few_literals(self) -> None:
        facts = FACTS._replace(pattern_min_literals=4)
        assert told(alert(plate="AB1*"), facts=facts) == [(1, "error", "unused-pattern")]
        assert told(alert(plate="AB12*"), facts=facts) == []
        assert told(alert(plate="A1", country=None), facts=facts) == []

    @pytest.mark.parametrize(
        ("plate", "country", "broad"),
        [
            ("??-123-??", "FR", True),
            ("A?-123-??", "FR", False),
            ("*123*", "BE", True),
            ("1-ABC-1*", "BE", False),
            ("*1*1*1*", None, True),
            ("*1A1B1*", None, False),
            ("*123*", "JP", False),
        ],
    )
    def test_too_broad(self, plate: str, country: str | None, broad: bool) -> None:
        expected = [(1, "warning", "broad-pattern")] if broad else []
        assert told(alert(plate=plate, country=country)) == expected

    def test_on_an_exact_list(self) -> None:
        facts = FACTS._replace(modes={"sis": "exact", "national": "pattern"})
        assert told(alert(plate="AB-12?-CD"), facts=facts) == [(1, "error", "pattern-in-exact")]
        assert told(alert(plate="AB-12?-CD", list_id="national"), facts=facts) == []
        assert told(alert(), facts=facts) == []

    def test_on_an_exact_alert(self) -> None:
        found = findings([alert(plate="AB-12?-CD", match={"mode": "exact"})])
        assert [(each.check, each.field) for each in found] == [("pattern-in-exact", "match.mode")]
        assert told(alert(plate="AB-12?-CD", match={"mode": "pattern"})) == []
        assert told(alert(match={"mode": "exact"})) == []


class TestImpossiblePlate:
    def test_in_its_country(self) -> None:
        assert told(alert(plate="AB-12-C-9")) == [(1, "warning", "impossible-plate")]
        assert told(alert(plate="AB-12-C-9", country=None)) == []

    def test_a_country_whose_formats_are_not_known(self) -> None:
        assert told(alert(plate="AB-12-C-9", country="JP")) == []

    def test_a_free_series_takes_it(self) -> None:
        assert told(alert(plate="HELLO77", country="BE")) == []
        assert told(alert(plate="HELLO7777", country="BE")) == [(1, "warning", "impossible-plate")]

    def test_a_misread_is_hinted_at(self) -> None:
        (found,) = findings([alert(plate="AB-I23-CD")])
        assert "if a character was taken for another" in found.advice

    def test_another_country_is_hinted_at(self) -> None:
        (found,) = findings([alert(plate="1-ABC-123")])
        assert "possible in BE" in found.advice
        assert "taken for another" not in found.advice

    def test_an_umlaut_may_be_spelled_out(self) -> None:
        assert told(alert(plate="LÖB-AB 123", country="DE")) == []
        assert told(alert(plate="LOEB-AB 123", country="DE")) == []
        assert told(alert(plate="LAAB-AB 123", country="DE")) == [(1, "warning", "impossible-plate")]

    def test_a_pattern_that_none_of_its_plates_fits(self) -> None:
        assert told(alert(plate="ABCD*")) == [(1, "warning", "impossible-plate")]
        assert told(alert(plate="ABC-12*", country="DE")) == []


class TestReason:
    @pytest.mark.parametrize("reason", ["-", "n/a", "N.A.", "test", "TBD", "?", " ", "…", "(tbd)", "-" * 200])
    def test_no_reason(self, reason: str) -> None:
        assert told(alert(reason=reason)) == [(1, "error", "no-reason")]

    @pytest.mark.parametrize("reason", ["stolen", "test drive, not returned", "vol", "№ 12 unknown", "盗難"])
    def test_a_reason(self, reason: str) -> None:
        assert told(alert(reason=reason)) == []


class TestPolicy:
    def test_wider_than_its_list(self) -> None:
        facts = FACTS._replace(modes={"sis": "pattern"})
        assert told(alert(match={"mode": "confusable"}), facts=facts) == [(1, "warning", "wider-mode")]
        assert told(alert(match={"mode": "pattern"}), facts=facts) == []
        assert told(alert(match={"min_posterior": 0.5}), facts=facts) == []
        assert told(alert(match={"mode": "confusable"})) == []

    def test_fuzzy(self) -> None:
        assert told(alert(match={"mode": "fuzzy"})) == [(1, "warning", "wider-mode")]
        assert told(alert(match={"mode": "fuzzy"}), facts=FACTS._replace(modes={"sis": "fuzzy"})) == []

    def test_an_unknown_centre(self) -> None:
        facts = FACTS._replace(centres={"be", "fr"})
        found = findings([alert(audience=["be", "nl"])], facts=facts)
        assert [(each.check, each.severity, each.field) for each in found] == [
            ("unknown-centre", "error", "audience[1]")
        ]
        assert told(alert(audience=["be", "fr"]), facts=facts) == []
        assert told(alert(audience=["be", "nl"])) == []

    def test_an_unknown_operation(self) -> None:
        facts = FACTS._replace(operations={"border"})
        assert told(alert(operation_id="bordr"), facts=facts) == [(1, "error", "unknown-operation")]
        assert told(alert(operation_id="border"), facts=facts) == []
        assert told(alert(operation_id="bordr")) == [], "without settings nothing is asked"

    def test_a_flag_on_an_alert_that_cannot_be_flagged(self) -> None:
        flags = {"BE": "inform"}
        assert told(alert(flags=flags)) == [(1, "error", "unused-flag")]
        assert told(alert(flags=flags, basis="SIS-36-specific")) == []

    def test_an_unknown_list_is_told_once(self) -> None:
        facts = FACTS._replace(modes={"sis": "confusable"})
        found = findings([alert(1), alert(2, list_id="siss"), alert(3, list_id="siss")], facts=facts)
        assert [(each.line, each.severity, each.check) for each in found] == [(2, "warning", "unknown-list")]
        assert "in 1 more line" in found[0].value
        assert told(alert(2, list_id="siss")) == []


def test_findings_come_by_file_line_and_check() -> None:
    found = findings(
        [alert(1, reason="-", match={"mode": "fuzzy"}), b"[]"],
        [b"[]", withdrawal(9), alert(2, plate="AB-101-CD")],
    )
    assert [(each.file, each.line, each.check) for each in found] == [
        ("a.jsonl", 1, "no-reason"),
        ("a.jsonl", 1, "wider-mode"),
        ("a.jsonl", 2, "not-an-alert"),
        ("b.jsonl", 1, "not-an-alert"),
        ("b.jsonl", 2, "unknown-withdrawal"),
        ("b.jsonl", 3, "duplicate-plate"),
    ]


def test_a_confusable_short_plate_is_no_finding() -> None:
    assert told(alert(plate="B0", country=None), alert(2, plate="80", country=None)) == []


EVERYTHING: list[dict[str, object] | bytes] = [
    alert(1, plate="QX-907-VW", reason="ask QX-907-VW"),
    alert(2, plate="qx 907 vw"),
    alert(1, plate="QX-907-VW", priority=1),
    alert(3, plate="QX-907-V-W7", match={"mode": "fuzzy"}),
    alert(4, plate="Q*"),
    alert(5, plate="QX-9O7-VW"),
    alert(6, plate="*907*"),
    alert(7, plate="QX-907-VV", reason="(QX)"),
    alert(8, plate="QX-907-VW-QX-907-VW"),
    alert(9, plate="QX-907-VW€"),
    alert(10, plate="QX-907-VW", valid_until="2026-02-01T00:00:00Z"),
    alert(11, plate="QX-907-V?", match={"mode": "exact"}),
    alert(12, plate={"text": "QX-907-VW"}),
    b'{"plate": "QX-907-VW"',
]


def test_no_finding_holds_a_plate_or_a_reason() -> None:
    found = findings(EVERYTHING)
    assert {each.check for each in found} >= {
        "version-conflict", "duplicate-plate", "impossible-plate", "unused-pattern", "broad-pattern",
        "not-an-alert", "expired", "wider-mode", "pattern-in-exact",
    }  # fmt: skip
    for each in found:
        text = f"{each} {each._asdict()}".upper()
        assert not [part for part in ("QX", "907", "9O7", "VW") if part in text], each


def test_an_id_cannot_write_to_the_terminal() -> None:
    (found,) = findings([alert(alert_id="A\n\x1b[2J", reason="-")])
    assert str(found).isprintable()


class TestShares:
    """The share of a country's plates that a pattern fits."""

    shares = PatternCoverage(builtin_formats())

    def test_is_that_of_the_series_it_fits_most_of(self) -> None:
        found = self.shares.widest_series("AB1*", "FR")
        assert found is not None
        assert found.series == "FR-SIV"
        assert found.share == pytest.approx(1 / (23 * 23 * 10))

    def test_runs_of_wildcards_count_once(self) -> None:
        for one, other in (("*AB1**", "*AB1*"), ("*?AB?*", "?*AB?*"), ("?*?*AB1", "??*AB1")):
            assert self.shares.widest_series(one, "FR") == self.shares.widest_series(other, "FR")

    def test_a_whole_plate_is_one_of_all(self) -> None:
        found = self.shares.widest_series("1ABC123", "BE")
        assert found is not None
        assert found.share == pytest.approx(1 / (7 * 24 * 25 * 25 * 1000), rel=0.1)

    def test_a_country_without_formats_has_none(self) -> None:
        assert self.shares.widest_series("AB1*", "JP") is None
