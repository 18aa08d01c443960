"""`anpr lists lint` and `anpr lists status`: output and exit codes."""

import gzip
import json
from pathlib import Path

import pytest
from click.testing import Result

from tests.support.builders import alert_json
from tests.support.commands import run_anpr

NOW = ("--now", "2026-06-01T12:00:00Z")
CONFIG = """
[lists.sis]
title = "Stolen vehicles"
audience = ["be"]
[lists.national]
mode = "exact"
[lists.empty]
[centres.be]
"""


def anpr(*arguments: str | Path, config: str | None = None, stdin: str | None = None) -> Result:
    """Run `anpr lists` with ANPR_CONFIG set to `config`, or unset."""
    return run_anpr("lists", *arguments, stdin=stdin, config=config)


def alert(alert_id: str, **fields: object) -> dict[str, object]:
    """A French alert of the list `sis` with a plate of its own."""
    record: dict[str, object] = json.loads(alert_json(f"AB-10{alert_id[-1]}-CD", "FR", alert_id=alert_id))
    return record | fields


def to_lines(*lines: dict[str, object] | str) -> str:
    return "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)


GOOD = to_lines(alert("A1"), alert("A2"))
WARNING = to_lines(alert("A1"), "", alert("A2", valid_until="2026-06-01T12:00:00Z"))
FAULTY = to_lines(alert("A1"), "", "no JSON", alert("A2", reason="n/a"), alert("A3", plate="AB 101 CD"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "alerts.jsonl"


class TestLint:
    def test_valid_alerts_have_no_findings(self, file: Path) -> None:
        file.write_text(GOOD)
        result = anpr("lint", file, *NOW)
        assert (result.exit_code, result.stdout) == (0, "")
        assert result.stderr == "2 alerts, 0 withdrawals: 0 errors, 0 warnings\n"

    def test_findings_are_printed_by_line(self, file: Path) -> None:
        file.write_text(FAULTY)
        result = anpr("lint", file, *NOW)
        assert result.exit_code == 1
        lines = result.stdout.splitlines()
        assert [line.split(": ")[:2] for line in lines] == [
            [f"{file}:3", "error not-an-alert"],
            [f"{file}:4", "error no-reason"],
            [f"{file}:5", "error duplicate-plate"],
        ]
        assert f"sis/A1 at {file}:1" in lines[2]
        assert result.stderr.startswith("3 alerts, 0 withdrawals: 3 errors (1 ")
        assert "AB" not in result.output.replace(str(file), "")

    def test_warnings_fail_only_with_strict(self, file: Path) -> None:
        file.write_text(WARNING)
        result = anpr("lint", file, *NOW)
        assert result.exit_code == 0
        assert result.stdout.startswith(f"{file}:3: warning expired: sis/A2: valid_until: ")
        assert result.stderr == "2 alerts, 0 withdrawals: 0 errors, 1 warning (1 expired)\n"
        assert anpr("lint", file, *NOW, "--strict").exit_code == 1
        file.write_text(GOOD)
        assert anpr("lint", file, *NOW, "--strict").exit_code == 0

    def test_the_default_time_is_now(self, file: Path) -> None:
        file.write_text(
            to_lines(
                alert("A1", valid_until="2026-01-02T00:00:00Z"),
                alert("A2", valid_until="2099-01-01T00:00:00Z"),
            )
        )
        assert [json.loads(line)["line"] for line in anpr("lint", file, "--json").stdout.splitlines()] == [1]
        assert anpr("lint", file, "--now", "2026-01-01T12:00:00Z").stdout == ""

    def test_findings_are_printed_as_json(self, file: Path) -> None:
        file.write_text(WARNING)
        (line,) = anpr("lint", file, *NOW, "--json").stdout.splitlines()
        finding = json.loads(line)
        assert finding.pop("rule")
        assert finding.pop("advice")
        assert finding == {
            "file": str(file),
            "line": 3,
            "check": "expired",
            "severity": "warning",
            "alert": "sis/A2",
            "field": "valid_until",
            "value": "2026-06-01T12:00:00Z",
        }

    def test_files_may_be_compressed_or_standard_input(self, file: Path, tmp_path: Path) -> None:
        packed = tmp_path / "more.jsonl.gz"
        packed.write_bytes(gzip.compress(to_lines(alert("A3"), alert("A1")).encode()))
        file.write_text(GOOD)
        stdin = to_lines({"list_id": "sis", "alert_id": "A9", "withdrawn_at": "2026-03-01T00:00:00Z"})
        result = anpr("lint", file, packed, "-", *NOW, stdin=stdin)
        assert result.exit_code == 0
        assert [line.split(": ")[:2] for line in result.stdout.splitlines()] == [
            [f"{packed}:2", "warning repeated-line"],
            ["standard input:1", "warning unknown-withdrawal"],
        ]

    def test_a_file_given_twice_is_read_once(self, file: Path) -> None:
        file.write_text(GOOD)
        assert anpr("lint", file, file, *NOW).stdout == ""

    def test_alerts_are_checked_against_the_settings(self, file: Path, tmp_path: Path) -> None:
        config = tmp_path / "anpr.toml"
        config.write_text(CONFIG)
        file.write_text(
            to_lines(
                alert("A1", list_id="national", plate="AB-12?-CD"),
                alert("A2", list_id="other"),
                alert("A3", audience=["nl"]),
            )
        )
        checks = [
            line.split(": ")[1] for line in anpr("lint", file, *NOW, config=str(config)).stdout.splitlines()
        ]
        assert checks == ["error pattern-in-exact", "warning unknown-list", "error unknown-centre"]
        assert anpr("lint", file, *NOW).stdout == ""

    def test_a_file_that_cannot_be_read_is_an_input_error(self, file: Path, tmp_path: Path) -> None:
        result = anpr("lint", file, *NOW)
        assert result.exit_code == 2
        assert f"{file}: cannot be opened" in result.stderr
        damaged = tmp_path / "cut.jsonl.gz"
        damaged.write_bytes(gzip.compress(GOOD.encode())[:-12])
        assert anpr("lint", damaged, *NOW).exit_code == 2

    def test_wrong_arguments_are_refused(self, file: Path) -> None:
        file.write_text(GOOD)
        assert anpr("lint").exit_code == 2
        assert anpr("lint", file, "--now", "yesterday").exit_code == 2


LISTED = to_lines(
    alert("A1"),
    alert("A2", valid_from="2026-07-01T00:00:00Z", country="BE", plate="1-ABC-123"),
    alert("A3", valid_until="2026-05-01T00:00:00Z"),
    alert("A4", audience=["fr"], plate="AB-12?-CD"),
    alert("A4", version=2, audience=["fr"], plate="AB-1??-CD"),
    alert("A5", valid_until="2026-05-01T00:00:00Z"),
    alert("A6"),
    alert("A7", list_id="other"),
    {"list_id": "sis", "alert_id": "A5", "withdrawn_at": "2026-03-01T00:00:00Z"},
    {"list_id": "sis", "alert_id": "A6", "withdrawn_at": "2026-06-01T12:00:01Z"},
)


class TestStatus:
    def test_counts_are_printed_as_json(self, file: Path, tmp_path: Path) -> None:
        config = tmp_path / "anpr.toml"
        config.write_text(CONFIG)
        file.write_text(LISTED)
        result = anpr("status", file, *NOW, "--json", "--config", config)
        assert (result.exit_code, result.stderr) == (0, "")
        shown = json.loads(result.stdout)
        assert shown["now"] == "2026-06-01T12:00:00.000Z"
        assert (shown["withdrawals"], shown["rejected"]) == (2, 0)
        assert shown["snapshot_bytes"] > 4096
        assert [row["list_id"] for row in shown["lists"]] == ["empty", "national", "other", "sis"]
        assert [row["configured"] for row in shown["lists"]] == [True, True, False, True]
        expected = shown["lists"][3].pop("expected")
        assert expected["false_hits_per_100k_reads"] > 0
        assert expected["fitting_per_100k_reads"] > 0
        assert expected["false_hits_per_day"] is None
        assert shown["lists"][3] == {
            "list_id": "sis",
            "min_posterior": None,
            "false_hits_per_day": None,
            "title": "Stolen vehicles",
            "configured": True,
            "mode": "confusable",
            "audience": ["be"],
            "alerts": 6,
            "in_force": 3,
            "not_yet": 1,
            "expired": 1,
            "withdrawn": 1,
            "wildcards": 1,
            "own_audience": 1,
            "countries": {"FR": 5, "BE": 1},
        }
        assert shown["total"]["alerts"] == sum(row["alerts"] for row in shown["lists"]) == 7
        assert shown["lists"][0]["alerts"] == 0

    def test_the_table_has_lists_and_totals(self, file: Path) -> None:
        file.write_text(LISTED)
        result = anpr("status", file, *NOW)
        assert result.exit_code == 0
        assert "7 alerts and 2 withdrawals at 2026-06-01T12:00:00.000Z; 0 lines rejected" in result.stdout
        assert "sis" in result.stdout
        assert "AB-1" not in result.stdout

    def test_long_names_are_whole_within_80_columns(self, file: Path, tmp_path: Path) -> None:
        config, list_id, centre = tmp_path / "anpr.toml", "list-" + "x" * 59, "centre-" + "y" * 50
        title = "Vehicles sought for inquiry checks under the convention of 1985 on the common borders"
        config.write_text(
            f"[lists.{list_id}]\ntitle = '{title}'\naudience = ['{centre}']\nfalse_hits_per_day = 2.5\n"
            f"[centres.{centre}]\n"
        )
        file.write_text(to_lines(alert("A1", list_id=list_id)))
        result = anpr("status", file, *NOW, "--config", config)
        assert (result.exit_code, result.stderr) == (0, "")
        shown = result.stdout.splitlines()
        assert max(map(len, shown)) <= 80
        assert shown.count(list_id) == 3
        words = " ".join(result.stdout.split())
        assert f"title {title}" in words and f"audience {centre}" in words
        assert f"list {list_id}: its budget is enough for " in words

    def test_only_a_list_expected_to_exceed_its_budget_is_reported(self, file: Path, tmp_path: Path) -> None:
        config = tmp_path / "anpr.toml"
        file.write_text(LISTED)
        traffic = "[matching.reads_per_day]\nFR = 1_000_000\n"
        config.write_text(f"{traffic}[lists.sis]\nfalse_hits_per_day = 1e-6\n")
        result = anpr("status", file, *NOW, "--config", config)
        assert result.stderr.startswith("list sis: 0.")
        assert "false hits a day are expected, its budget is 1e-06" in result.stderr
        assert "1e-06 a day" in result.stdout
        config.write_text(f"{traffic}[lists.sis]\nfalse_hits_per_day = 10\n")
        result = anpr("status", file, *NOW, "--config", config, "--json")
        assert result.stderr == ""
        shown = json.loads(result.stdout)["lists"][-1]
        assert 0 < shown["expected"]["false_hits_per_day"] < 10
        assert shown["false_hits_per_day"] == 10

    def test_the_first_rejected_lines_are_reported(self, file: Path) -> None:
        file.write_text(to_lines(alert("A1"), *["no JSON"] * 12))
        result = anpr("status", file, *NOW, "--json")
        assert result.exit_code == 0
        assert json.loads(result.stdout)["rejected"] == 12
        lines = result.stderr.splitlines()
        assert len(lines) == 11
        assert lines[0].startswith("alerts.jsonl:2: ")
        assert lines[-1] == "… and 2 more lines rejected; `anpr lists lint` shows all"

    def test_a_file_may_be_compressed_or_empty(self, tmp_path: Path) -> None:
        packed = tmp_path / "alerts.jsonl.gz"
        packed.write_bytes(gzip.compress(GOOD.encode()))
        assert json.loads(anpr("status", packed, *NOW, "--json").stdout)["total"]["in_force"] == 2
        packed.write_bytes(gzip.compress(b""))
        assert json.loads(anpr("status", packed, *NOW, "--json").stdout)["total"]["alerts"] == 0

    def test_a_file_that_cannot_be_read_is_an_input_error(self, file: Path) -> None:
        assert anpr("status", file).exit_code == 2
