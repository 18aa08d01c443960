"""`anpr explain`: explanations of a plate or a whole read, and of alerts that match or do not."""

import json
from pathlib import Path

import pytest
from click.testing import Result

from tests.support.builders import alert_json
from tests.support.commands import run_anpr

AT = ("--at", "2026-05-21T12:00:00Z")
CONFIG = """
[lists.sis]
mode = "fuzzy"
[lists.sure]
min_posterior = 0.9
[lists.strict]
mode = "exact"
"""


def anpr(*arguments: str | Path, stdin: bytes | None = None, config: Path | None = None) -> Result:
    """Run `anpr explain`, with ANPR_CONFIG set to `config` or unset."""
    return run_anpr("explain", *arguments, stdin=stdin, config=config)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def alerts(tmp_path: Path) -> Path:
    path = tmp_path / "alerts.jsonl"
    lines = [
        alert_json("AB-123-CD", "FR"),
        alert_json("AB-123-CD", "FR", list_id="sure", alert_id="s1"),
        alert_json("AB-123-CD", "FR", list_id="strict", alert_id="x1"),
        alert_json("AB-123-CD", "IT", alert_id="i1"),
        alert_json("GH-555-KL", "FR", alert_id="old", valid_until="2026-02-01T00:00:00Z"),
    ]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def decisions(result: Result) -> dict[str, list[str]]:
    """Return by list and id of each alert the decision and the lines below it."""
    assert result.exit_code == 0, result.output
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in result.stdout.splitlines():
        words = line.split()
        if line.startswith(("  HIT  ", "  no hit  ")):
            hit = words[0] == "HIT"
            lines = found[words[1 if hit else 2]] = ["hit" if hit else "no hit"]
        elif line.startswith(" " * 10):
            lines.append(line.strip())
    return found


class TestPlates:
    def test_a_plate_as_text(self) -> None:
        result = anpr("a8-123-cd", "--country", "FR")
        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout.splitlines() == [
            "normal form   A8123CD, read as FR",
            "fits          no regular format as it stands",
            "would fit if characters that cannot be at their position were misread",
            "  FR  AB-123-CD    SIV",
            "confusable    8 with B, 1 with I, 2 with Z, D with 0 O Q",
            "would match   a listed A8123CD, AB123CD, AB123CQ (in mode confusable; in mode exact only "
            "A8123CD)",
        ]

    def test_without_a_country_all_countries_are_tried(self) -> None:
        lines = anpr("AB 123 CD").stdout.splitlines()
        assert lines[0] == "normal form   AB123CD, country unknown"
        assert {"FR", "IT"} <= {line.split()[0] for line in lines if line.startswith("  ")}

    def test_as_json(self) -> None:
        """A German plate is grouped by each possible district."""
        found = json.loads(anpr("LÖ-B 12", "--country", "DE", "--json").stdout)
        assert found["plate"] == "LÖB12"
        assert {each["grouped"] for each in found["formats"]} == {"LÖ-B-12", "LÖB-12"}
        assert found["rulings"] == []


class TestAlerts:
    def test_a_hit_and_alerts_that_do_not_match(self, config: Path, alerts: Path) -> None:
        """The format settles the 8; list `sure` requires a higher posterior, list `strict` an exact match."""
        result = anpr("A8123CD", "--country", "FR", *AT, "--alerts", alerts, config=config, stdin=None)
        by_alert = decisions(result)
        assert {name: lines[0] for name, lines in by_alert.items()} == {
            "sis/a1": "hit",
            "sis/i1": "no hit",
            "strict/x1": "no hit",
            "sure/s1": "no hit",
        }
        assert "alerts        4 that it might match, at 2026-05-21T12:00:00.000Z" in result.stdout
        assert by_alert["sis/a1"][1].startswith("confusable, 0.8")
        assert by_alert["sis/a1"][2:5] == [
            "8 read for B at 2, settled by the format",
            "B was read as 8: one B in 53",
            "there is no plate A8123CD in FR",
        ]
        assert by_alert["strict/x1"][1].endswith("(mode.exact)")
        assert by_alert["sis/i1"][1].endswith("another vehicle (country.other-vehicle)")

    def test_a_posterior_that_is_too_low_is_explained(self, config: Path, alerts: Path) -> None:
        command = ("AB123CD", "--country", "FR", *AT, "--alerts", alerts)
        sure = decisions(anpr(*command, "--confidence", "0.99", config=config))["sure/s1"]
        unsure = decisions(anpr(*command, "--confidence", "0.3", config=config))["sure/s1"]
        assert (sure[0], unsure[0]) == ("hit", "no hit")
        assert "below min_posterior 0.9 of the list or the alert (posterior.too-low)" in unsure[1]
        assert unsure[2:4] == [
            "read as listed, character for character",
            "the reader was 0.30 sure of the whole plate",
        ]
        assert any(words.endswith("another vehicle with quite another plate") for words in unsure)
        assert "the reader was 0.99 sure of the whole plate" in sure

    def test_a_whole_read_as_json(self, config: Path, alerts: Path) -> None:
        """Options override the fields of the read, including its time."""
        read = {
            "read_id": "r1",
            "camera_id": "c1",
            "captured_at": "2026-01-15T12:00:00Z",
            "plate": "GH555KL",
            "country": "FR",
            "char_confidences": [0.99, 0.99, 0.5, 0.99, 0.99, 0.99, 0.99],
        }
        then = anpr(f" {json.dumps(read)}", "--alerts", alerts, config=config)
        assert decisions(then)["sis/old"][0] == "hit"
        assert "the reader was only 0.50 sure of the 5" in decisions(then)["sis/old"]
        later = anpr(json.dumps(read), *AT, "--alerts", alerts, config=config)
        assert decisions(later)["sis/old"] == [
            "no hit",
            "the alert is not effective at the time of the read (alert.not-in-force)",
        ]
        elsewhere = anpr(json.dumps(read), "--country", "IT", "--alerts", alerts, config=config)
        assert decisions(elsewhere)["sis/old"][1].endswith("(country.other-vehicle)")

    def test_no_candidates(self, alerts: Path) -> None:
        result = anpr("WX-777-YZ", *AT, "--alerts", alerts)
        assert decisions(result) == {}
        assert result.stdout.splitlines()[-1] == (
            "alerts        0 that it might match, at 2026-05-21T12:00:00.000Z"
        )

    def test_alerts_from_standard_input_as_json(self, alerts: Path) -> None:
        result = anpr("AB123CD", "--country", "FR", *AT, "--alerts", "-", "--json", stdin=alerts.read_bytes())
        found = json.loads(result.stdout)["rulings"]
        by_id = {each["alert"]["alert_id"]: each for each in found}
        assert by_id["a1"]["match"]["reasons"] == ["read as listed, character for character"]
        assert by_id["i1"]["rule"] == "country.other-vehicle"

    def test_invalid_alerts_are_reported_and_skipped(self, alerts: Path) -> None:
        alerts.write_bytes(b"{}\n" + alerts.read_bytes())
        result = anpr("AB123CD", "--country", "FR", *AT, "--alerts", alerts)
        assert result.stderr.startswith(f"{alerts.name}:1: missing required field `list_id`\n")
        assert decisions(result)["sis/a1"][0] == "hit"


class TestInvalidInput:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (['{"plate": "AB123CD"'], "give a plate, or one whole read as a JSON object"),
            (["{}"], "missing required field `plate`"),
            (['{"plate": "AB123CD", "confidence": 2}'], "confidence: must be a number of at most 1"),
            (["  - "], "a plate must have at least one letter or digit"),
            (["[AB123CD]"], "a plate must have only letters A-Z Ä Ö Ü, digits and separators (has U+005B)"),
            (["AB\udcff123"], "must be UTF-8 text"),
            (["AB123CD", "--country", "fr"], "ISO 3166-1 alpha-2 code in upper case"),
            (["AB123CD", "--confidence", "2"], "is not in the range 0<=x<=1"),
            (["AB123CD", "--confidence", "nan"], "must be a number from 0 to 1, got nan"),
            (["AB123CD", "--at", "noon"], "--at"),
            (["AB123CD", "--alerts", "no-such-file.jsonl"], "does not exist"),
            ([], "Missing argument 'READ'"),
        ],
    )
    def test_the_message_tells_what_to_do(self, arguments: list[str], message: str) -> None:
        result = anpr(*arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert message in " ".join(result.stderr.split())
        assert "AB123CD" not in result.stderr

    def test_a_truncated_compressed_file(self, tmp_path: Path) -> None:
        path = tmp_path / "alerts.jsonl.gz"
        path.write_bytes(b"\x1f\x8b\x08\x00")
        result = anpr("AB123CD", "--alerts", path)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "damaged or cut short" in result.stderr

    def test_an_invalid_model(self, tmp_path: Path) -> None:
        model = tmp_path / "ours.json"
        model.write_text("{}")
        path = tmp_path / "config.toml"
        path.write_text(f'[matching]\nconfusions = "{model}"\n')
        result = anpr("AB123CD", "--config", path)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "train it again with `anpr confusions learn`" in result.stderr
