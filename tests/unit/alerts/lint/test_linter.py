"""Each lint check, with a finding and next to it a near miss without one. All plates are made up."""

from collections.abc import Iterable

import orjson
import pytest

from streams.alerts.lint import Finding, Linter, LintSettings
from streams.alerts.lint.pattern_coverage import PatternCoverage
from streams.plates.formats import builtin_formats
from streams.records.decode import decode_alerts
from streams.records.times import parse_time, to_ms
from tests.support.builders import alert_json

NOW_MS = to_ms(parse_time("2026-06-01T12:00:00Z"))
SETTINGS = LintSettings(NOW_MS)
Line = dict[str, object] | bytes


def alert(number: int = 1, **fields: object) -> dict[str, object]:
    """An alert without faults, with a plate of its own for each number; a field of None is left out."""
    record = orjson.loads(alert_json(f"AB-{100 + number}-CD", "FR", alert_id=f"A{number}")) | fields
    return {name: value for name, value in record.items() if value is not None}


def withdrawal(number: int = 1, at: str = "2026-03-01T00:00:00Z", list_id: str = "sis") -> dict[str, object]:
    return {"list_id": list_id, "alert_id": f"A{number}", "withdrawn_at": at}


def lint(*files: Iterable[Line], settings: LintSettings = SETTINGS) -> list[Finding]:
    """The findings on files named a.jsonl, b.jsonl and so on."""
    linter = Linter(settings)
    for name, lines in zip("abc", files, strict=False):
        texts = [line if isinstance(line, bytes) else orjson.dumps(line) for line in lines]
        for number, record in enumerate(decode_alerts(texts), start=1):
            linter.add_line(f"{name}.jsonl", number, record)
    return linter.check_all()


def checks(*lines: Line, settings: LintSettings = SETTINGS) -> list[tuple[int, str, str]]:
    """Line, severity and check of the findings on one file."""
    return [(finding.line, finding.severity, finding.check) for finding in lint(lines, settings=settings)]


def test_valid_alerts_have_no_findings() -> None:
    assert checks(alert(1), alert(2), alert(3, country=None), alert(4, list_id="national")) == []


def test_an_empty_file_has_no_findings() -> None:
    assert checks() == []


class TestNotAnAlert:
    def test_every_fault_of_a_line_is_reported(self) -> None:
        found = lint([alert(1), alert(2, version=0, priority=9), b"{", alert(3)])
        assert [(finding.line, finding.check, finding.field) for finding in found] == [
            (2, "not-an-alert", "version"),
            (2, "not-an-alert", "priority"),
            (3, "not-an-alert", ""),
        ]

    @pytest.mark.parametrize("plate", ["--", "АВ-123", "ABCDEFGHIJKLM", "??*"])
    def test_an_invalid_plate_is_reported(self, plate: str) -> None:
        assert checks(alert(plate=plate)) == [(1, "error", "not-an-alert")]

    def test_an_invalid_alert_is_ignored_by_other_checks(self) -> None:
        assert checks(alert(version=0), withdrawal()) == [
            (1, "error", "not-an-alert"),
            (2, "warning", "unknown-withdrawal"),
        ]


class TestVersions:
    def test_one_version_with_different_contents_is_a_conflict(self) -> None:
        found = lint([alert(1), alert(2), alert(1, priority=1)])
        assert [(finding.line, finding.severity, finding.check) for finding in found] == [
            (3, "error", "version-conflict")
        ]
        assert "a.jsonl:1" in found[0].value

    def test_a_higher_version_may_differ(self) -> None:
        assert checks(alert(1), alert(1, version=2, priority=1)) == []

    def test_a_line_repeated_with_reordered_fields_is_reported(self) -> None:
        reordered = dict(reversed(alert(1).items()))
        assert checks(alert(1), reordered) == [(2, "warning", "repeated-line")]

    def test_the_same_alert_id_in_another_list_is_another_alert(self) -> None:
        assert checks(alert(1), alert(1, list_id="national")) == []

    def test_each_repeated_line_is_compared_with_the_first(self) -> None:
        lines = [alert(1), alert(2), alert(1), alert(1, priority=1), alert(2), alert(1)]
        assert checks(*lines) == [
            (3, "warning", "repeated-line"),
            (4, "error", "version-conflict"),
            (5, "warning", "repeated-line"),
            (6, "warning", "repeated-line"),
        ]

    def test_a_line_repeated_in_another_file_is_reported(self) -> None:
        found = lint([alert(1)], [alert(2), alert(1)])
        assert [(finding.file, finding.line, finding.check) for finding in found] == [
            ("b.jsonl", 2, "repeated-line")
        ]
        assert "a.jsonl:1" in found[0].value

    def test_a_replaced_version_has_no_other_findings(self) -> None:
        bad = {"reason": "-", "plate": "A*", "valid_until": "2026-02-01T00:00:00Z"}
        assert checks(alert(1, **bad), alert(1, version=2)) == []
        assert checks(alert(1, version=2), alert(1, **bad)) == []
        assert checks(alert(1), alert(1, version=2, reason="-")) == [(2, "error", "no-reason")]


class TestDuplicatePlate:
    def test_one_plate_under_two_alert_ids_is_reported(self) -> None:
        found = lint([alert(1), alert(2, plate="ab 101.cd")])
        assert [(finding.line, finding.severity, finding.check) for finding in found] == [
            (2, "error", "duplicate-plate")
        ]
        assert found[0].value == "also the plate of sis/A1 at a.jsonl:1"

    @pytest.mark.parametrize("spelled", ["MÜ-A 12", "MU-A 12", "MUE-A 12"])
    def test_umlaut_spellings_are_one_plate(self, spelled: str) -> None:
        lines = [alert(1, plate="MÜ-A 12", country="DE"), alert(2, plate=spelled, country="DE")]
        assert checks(*lines) == checks(*reversed(lines)) == [(2, "error", "duplicate-plate")]

    def test_two_plain_spellings_of_one_umlaut_are_two_plates(self) -> None:
        assert checks(alert(1, plate="MU-A 12", country="DE"), alert(2, plate="MUE-A 12", country="DE")) == []

    @pytest.mark.parametrize("other", [{"country": "IT"}, {"list_id": "national"}, {"plate": "AB-101-CE"}])
    def test_another_country_list_or_plate_is_no_duplicate(self, other: dict[str, object]) -> None:
        assert checks(alert(1), alert(2, **({"plate": "AB-101-CD"} | other))) == []

    def test_confusable_plates_are_two_plates(self) -> None:
        assert checks(alert(1, plate="AB-181-CD"), alert(2, plate="AB-1B1-CD", country=None)) == []

    def test_german_plates_with_different_written_gaps_are_two_plates(self) -> None:
        berlin, bamberg = ({"plate": plate, "country": "DE"} for plate in ("B-AB 123", "BA-B 123"))
        assert checks(alert(1, **berlin), alert(2, **bamberg)) == []
        assert checks(alert(1, **berlin), alert(2, plate="BAB123", country="DE")) == [
            (2, "error", "duplicate-plate")
        ]
        assert checks(alert(1, **berlin), alert(2, **bamberg), alert(3, **bamberg)) == [
            (3, "error", "duplicate-plate")
        ]

    def test_validity_periods_that_do_not_overlap_are_two_listings(self) -> None:
        first = alert(1, plate="AB-101-CD", valid_until="2026-08-01T00:00:00Z")
        assert checks(first, alert(2, plate="AB-101-CD", valid_from="2026-08-01T00:00:00Z")) == []
        assert checks(first, alert(2, plate="AB-101-CD", valid_from="2026-07-31T23:59:59Z")) == [
            (2, "error", "duplicate-plate")
        ]

    def test_a_withdrawal_ends_a_validity_period(self) -> None:
        again = alert(2, plate="AB-101-CD", valid_from="2026-08-01T00:00:00Z")
        assert checks(alert(1), again, withdrawal(1, "2026-08-01T00:00:00Z")) == []
        assert checks(alert(1), again, withdrawal(1, "2026-08-01T00:00:01Z")) == [
            (2, "error", "duplicate-plate")
        ]

    def test_only_the_highest_version_is_compared(self) -> None:
        assert checks(alert(1), alert(2, plate="AB-101-CD"), alert(2, version=2)) == []

    def test_expired_alerts_are_no_duplicates(self) -> None:
        over = {"plate": "AB-101-CD", "valid_until": "2026-02-01T00:00:00Z"}
        assert checks(alert(1, **over), alert(2, **over)) == [
            (1, "warning", "expired"),
            (2, "warning", "expired"),
        ]

    def test_each_further_duplicate_is_reported_once(self) -> None:
        lines = [alert(number, plate="MÜ-Ü 12", country=None) for number in (1, 2, 3)]
        assert checks(*lines) == [(2, "error", "duplicate-plate"), (3, "error", "duplicate-plate")]

    def test_equal_patterns_are_duplicates(self) -> None:
        assert checks(alert(1, plate="AB-12?-CD"), alert(2, plate="AB12?CD")) == [
            (2, "error", "duplicate-plate")
        ]
        assert checks(alert(1, plate="AB-12?-CD"), alert(2, plate="AB-1?2-CD")) == []


class TestValidity:
    def test_an_expired_alert_is_reported(self) -> None:
        assert checks(alert(valid_until="2026-06-01T12:00:00Z")) == [(1, "warning", "expired")]
        assert checks(alert(valid_until="2026-06-01T12:00:00.001Z")) == []

    def test_a_future_alert_is_no_finding(self) -> None:
        assert checks(alert(valid_from="2026-09-01T00:00:00Z")) == []

    def test_an_alert_extended_by_a_higher_version_has_not_expired(self) -> None:
        assert checks(alert(valid_until="2026-02-01T00:00:00Z"), alert(version=2)) == []

    def test_a_withdrawn_alert_is_not_reported_as_expired(self) -> None:
        assert checks(alert(valid_until="2026-05-01T00:00:00Z"), withdrawal()) == []


class TestWithdrawals:
    def test_a_withdrawal_of_an_unknown_alert_is_reported(self) -> None:
        assert checks(alert(1), withdrawal(2), withdrawal(1, list_id="national")) == [
            (2, "warning", "unknown-withdrawal"),
            (3, "warning", "unknown-withdrawal"),
        ]

    def test_a_withdrawal_may_precede_its_alert(self) -> None:
        assert lint([withdrawal(1)], [alert(1)]) == []

    def test_a_new_listing_that_begins_before_the_withdrawal_is_reported(self) -> None:
        found = lint([alert(1), withdrawal(1), alert(2), alert(1, version=2)])
        assert [(finding.line, finding.severity, finding.check) for finding in found] == [
            (4, "error", "stays-withdrawn")
        ]
        assert "a.jsonl:2" in found[0].value
        assert "version 3" in found[0].advice

    def test_a_new_listing_may_begin_at_the_withdrawal(self) -> None:
        assert checks(alert(1), withdrawal(1), alert(1, version=2, valid_from="2026-03-01T00:00:00Z")) == []

    def test_a_version_listed_before_the_withdrawal_is_no_new_listing(self) -> None:
        assert checks(alert(1), alert(1, version=2), withdrawal(1)) == []

    def test_a_new_listing_is_corrected_by_a_higher_version(self) -> None:
        right = alert(1, version=3, valid_from="2026-04-01T00:00:00Z")
        assert checks(alert(1), withdrawal(1), alert(1, version=2), right) == []

    def test_a_first_version_after_its_withdrawal_is_no_new_listing(self) -> None:
        assert checks(withdrawal(1), alert(1)) == []

    def test_a_withdrawn_alert_has_no_other_findings(self) -> None:
        assert checks(alert(reason="-"), withdrawal(at="2026-06-01T12:00:00Z")) == []
        assert checks(alert(reason="-"), withdrawal(at="2026-06-01T12:00:01Z")) == [(1, "error", "no-reason")]


class TestPatterns:
    def test_a_pattern_with_too_few_characters_is_never_used(self) -> None:
        settings = SETTINGS._replace(pattern_min_literals=4)
        assert checks(alert(plate="AB1*"), settings=settings) == [(1, "error", "unused-pattern")]
        assert checks(alert(plate="AB12*"), settings=settings) == []
        assert checks(alert(plate="A1", country=None), settings=settings) == []

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
    def test_a_broad_pattern_is_reported(self, plate: str, country: str | None, broad: bool) -> None:
        expected = [(1, "warning", "broad-pattern")] if broad else []
        assert checks(alert(plate=plate, country=country)) == expected

    def test_a_pattern_on_an_exact_list_never_matches(self) -> None:
        settings = SETTINGS._replace(modes={"sis": "exact", "national": "pattern"})
        assert checks(alert(plate="AB-12?-CD"), settings=settings) == [(1, "error", "pattern-in-exact")]
        assert checks(alert(plate="AB-12?-CD", list_id="national"), settings=settings) == []
        assert checks(alert(), settings=settings) == []

    def test_a_pattern_on_an_exact_alert_never_matches(self) -> None:
        found = lint([alert(plate="AB-12?-CD", match={"mode": "exact"})])
        assert [(finding.check, finding.field) for finding in found] == [("pattern-in-exact", "match.mode")]
        assert checks(alert(plate="AB-12?-CD", match={"mode": "pattern"})) == []
        assert checks(alert(match={"mode": "exact"})) == []


class TestImpossiblePlate:
    def test_a_plate_that_fits_no_format_of_its_country_is_reported(self) -> None:
        assert checks(alert(plate="AB-12-C-9")) == [(1, "warning", "impossible-plate")]
        assert checks(alert(plate="AB-12-C-9", country=None)) == []

    def test_a_country_with_unknown_formats_has_no_findings(self) -> None:
        assert checks(alert(plate="AB-12-C-9", country="JP")) == []

    def test_a_free_series_allows_any_text(self) -> None:
        assert checks(alert(plate="HELLO77", country="BE")) == []
        assert checks(alert(plate="HELLO7777", country="BE")) == [(1, "warning", "impossible-plate")]

    def test_the_advice_names_a_possible_misread(self) -> None:
        (found,) = lint([alert(plate="AB-I23-CD")])
        assert "if a character was misread" in found.advice

    def test_the_advice_names_another_possible_country(self) -> None:
        (found,) = lint([alert(plate="1-ABC-123")])
        assert "possible in BE" in found.advice
        assert "misread" not in found.advice

    def test_an_umlaut_may_be_spelled_out(self) -> None:
        assert checks(alert(plate="LÖB-AB 123", country="DE")) == []
        assert checks(alert(plate="LOEB-AB 123", country="DE")) == []
        assert checks(alert(plate="LAAB-AB 123", country="DE")) == [(1, "warning", "impossible-plate")]

    def test_a_pattern_that_fits_no_plate_of_its_country_is_reported(self) -> None:
        assert checks(alert(plate="ABCD*")) == [(1, "warning", "impossible-plate")]
        assert checks(alert(plate="ABC-12*", country="DE")) == []


class TestReason:
    @pytest.mark.parametrize("reason", ["-", "n/a", "N.A.", "test", "TBD", "?", " ", "…", "(tbd)", "-" * 200])
    def test_a_placeholder_is_reported(self, reason: str) -> None:
        assert checks(alert(reason=reason)) == [(1, "error", "no-reason")]

    @pytest.mark.parametrize("reason", ["stolen", "test drive, not returned", "vol", "№ 12 unknown", "盗難"])
    def test_a_reason_is_accepted(self, reason: str) -> None:
        assert checks(alert(reason=reason)) == []


class TestSettings:
    def test_a_mode_wider_than_that_of_the_list_is_reported(self) -> None:
        settings = SETTINGS._replace(modes={"sis": "pattern"})
        assert checks(alert(match={"mode": "confusable"}), settings=settings) == [
            (1, "warning", "wider-mode")
        ]
        assert checks(alert(match={"mode": "pattern"}), settings=settings) == []
        assert checks(alert(match={"min_posterior": 0.5}), settings=settings) == []
        assert checks(alert(match={"mode": "confusable"})) == []

    def test_fuzzy_is_the_widest_mode(self) -> None:
        assert checks(alert(match={"mode": "fuzzy"})) == [(1, "warning", "wider-mode")]
        assert (
            checks(alert(match={"mode": "fuzzy"}), settings=SETTINGS._replace(modes={"sis": "fuzzy"})) == []
        )

    def test_an_unknown_centre_is_reported(self) -> None:
        settings = SETTINGS._replace(centres={"be", "fr"})
        found = lint([alert(audience=["be", "nl"])], settings=settings)
        assert [(finding.check, finding.severity, finding.field) for finding in found] == [
            ("unknown-centre", "error", "audience[1]")
        ]
        assert checks(alert(audience=["be", "fr"]), settings=settings) == []
        assert checks(alert(audience=["be", "nl"])) == []

    def test_an_unknown_operation_is_reported(self) -> None:
        settings = SETTINGS._replace(operations={"border"})
        assert checks(alert(operation_id="bordr"), settings=settings) == [(1, "error", "unknown-operation")]
        assert checks(alert(operation_id="border"), settings=settings) == []
        assert checks(alert(operation_id="bordr")) == [], "without settings it is not checked"

    def test_a_flag_on_an_alert_that_cannot_be_flagged_is_reported(self) -> None:
        flags = {"BE": "inform"}
        assert checks(alert(flags=flags)) == [(1, "error", "unused-flag")]
        assert checks(alert(flags=flags, basis="SIS-36-specific")) == []

    def test_an_unknown_list_is_reported_once(self) -> None:
        settings = SETTINGS._replace(modes={"sis": "confusable"})
        found = lint([alert(1), alert(2, list_id="siss"), alert(3, list_id="siss")], settings=settings)
        assert [(finding.line, finding.severity, finding.check) for finding in found] == [
            (2, "warning", "unknown-list")
        ]
        assert "in 1 more line" in found[0].value
        assert checks(alert(2, list_id="siss")) == []


def test_findings_are_sorted_by_file_line_and_check() -> None:
    found = lint(
        [alert(1, reason="-", match={"mode": "fuzzy"}), b"[]"],
        [b"[]", withdrawal(9), alert(2, plate="AB-101-CD")],
    )
    assert [(finding.file, finding.line, finding.check) for finding in found] == [
        ("a.jsonl", 1, "no-reason"),
        ("a.jsonl", 1, "wider-mode"),
        ("a.jsonl", 2, "not-an-alert"),
        ("b.jsonl", 1, "not-an-alert"),
        ("b.jsonl", 2, "unknown-withdrawal"),
        ("b.jsonl", 3, "duplicate-plate"),
    ]


def test_a_confusable_short_plate_is_no_finding() -> None:
    assert checks(alert(plate="B0", country=None), alert(2, plate="80", country=None)) == []


EVERYTHING: list[Line] = [
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
    found = lint(EVERYTHING)
    assert {finding.check for finding in found} >= {
        "version-conflict", "duplicate-plate", "impossible-plate", "unused-pattern", "broad-pattern",
        "not-an-alert", "expired", "wider-mode", "pattern-in-exact",
    }  # fmt: skip
    for finding in found:
        text = f"{finding} {finding._asdict()}".upper()
        assert not [part for part in ("QX", "907", "9O7", "VW") if part in text], finding


@pytest.mark.parametrize(
    ("record", "text"),
    [
        (
            alert(valid_until="2026-06-01T12:00:00Z"),
            "a.jsonl:1: warning expired: sis/A1: valid_until: expired on 2026-06-01T12:00:00Z; "
            "delete the line, or extend the alert by a higher version",
        ),
        (
            alert(audience=["nl"]),
            'a.jsonl:1: error unknown-centre: sis/A1: audience[0]: no centre "nl" in the settings; '
            "correct it, or add the centre to [centres]",
        ),
        (
            alert(plate="A*"),
            "a.jsonl:1: error unused-pattern: sis/A1: plate: the pattern has 1 letter or digit, fewer than "
            "the 3 of [matching] pattern_min_literals, so it is never used; "
            "add the characters that are known, or lower [matching] pattern_min_literals",
        ),
        (b"{}", "a.jsonl:1: error not-an-alert: missing required field `list_id`"),
    ],
)
def test_a_finding_says_what_is_wrong_and_what_to_do(record: Line, text: str) -> None:
    found = lint([record], settings=SETTINGS._replace(centres={"be"}))
    assert str(found[0]) == text


def test_an_id_cannot_write_to_the_terminal() -> None:
    (found,) = lint([alert(alert_id="A\n\x1b[2J", reason="-")])
    assert str(found).isprintable()


class TestPatternCoverage:
    coverage = PatternCoverage(builtin_formats())

    def test_coverage_is_that_of_the_series_with_the_greatest_share(self) -> None:
        found = self.coverage.widest_series("AB1*", "FR")
        assert found is not None
        assert found.series == "FR-SIV"
        assert found.share == pytest.approx(1 / (23 * 23 * 10))

    def test_equivalent_runs_of_wildcards_have_one_coverage(self) -> None:
        for pattern, equivalent in (("*AB1**", "*AB1*"), ("*?AB?*", "?*AB?*"), ("?*?*AB1", "??*AB1")):
            assert self.coverage.widest_series(pattern, "FR") == self.coverage.widest_series(equivalent, "FR")

    def test_a_plate_without_wildcards_covers_one_plate(self) -> None:
        found = self.coverage.widest_series("1ABC123", "BE")
        assert found is not None
        assert found.share == pytest.approx(1 / (7 * 24 * 25 * 25 * 1000), rel=0.1)

    def test_a_country_without_formats_has_no_coverage(self) -> None:
        assert self.coverage.widest_series("AB1*", "JP") is None
