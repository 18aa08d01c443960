"""`anpr config check` with forecasts of false hits: of synthetic plates, and of lists in files."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from streams.cli.main import main

TRAFFIC = "[matching.reads_per_day]\nFR = 1_000_000\n"
NOW = ("--now", "2026-06-01T12:00:00Z")


def check(*args: str | Path) -> Result:
    """Run the command."""
    return CliRunner(env={"ANPR_CONFIG": ""}).invoke(main, ["config", "check", *map(str, args)])


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "anpr.toml"


@pytest.fixture
def alerts(tmp_path: Path) -> Path:
    file = tmp_path / "alerts.jsonl"
    row = {
        "list_id": "sis",
        "version": 1,
        "country": "FR",
        "basis": "SIS-38-seizure",
        "reason": "stolen",
        "action": {"default": "seize"},
        "valid_from": "2026-01-01T00:00:00Z",
        "valid_until": "2090-01-01T00:00:00Z",
    }
    rows = [row | {"alert_id": plate, "plate": plate} for plate in ("AB-128-CD", "AB-12?-CD")]
    file.write_text("".join(json.dumps(alert) + "\n" for alert in rows))
    return file


def test_a_list_with_a_budget_has_a_forecast_for_a_thousand_plates(
    config: Path,
) -> None:
    config.write_text("[lists.be]\n[lists.sis]\nfalse_hits_per_day = 3\n")
    result = check("--config", config)
    assert (result.exit_code, result.stderr) == (0, "")
    _, line = result.stdout.splitlines()
    assert line.startswith("list sis: for each 1,000 plates, mode confusable, any posterior: 0.")
    assert "budget 3 a day, 0.38 for each of 8 partitions, enough for " in line


def test_with_reads_per_day_the_forecast_is_per_day(config: Path) -> None:
    config.write_text(f"{TRAFFIC}[lists.sis]\nmin_posterior = 0.9\nmode = 'exact'\n")
    line = check("--config", config).stdout.splitlines()[-1]
    assert "mode exact, posterior 0.9 or more: 0.0" in line
    assert line.endswith(" a day")


def test_lists_in_files_have_their_own_forecast_and_warn_above_their_budget(
    config: Path, alerts: Path
) -> None:
    config.write_text(f"{TRAFFIC}[lists.sis]\nfalse_hits_per_day = 0.00001\n")
    result = check("--config", config, "--alerts", alerts, *NOW)
    assert result.exit_code == 0
    assert "list sis: 1 plate, mode confusable, any posterior: 0.0" in result.stdout
    assert "reads of vehicles that fit patterns" in result.stdout
    assert "false hits a day are expected, its budget is 1e-05 (false_hits_per_day)" in result.stderr
    config.write_text(f"{TRAFFIC}[lists.sis]\nfalse_hits_per_day = 100\n")
    assert check("--config", config, "--alerts", alerts, *NOW).stderr == ""


def test_an_unreadable_file_of_alerts_has_exit_code_2(config: Path, tmp_path: Path) -> None:
    config.write_text("")
    damaged = tmp_path / "cut.jsonl.gz"
    damaged.write_bytes(b"\x1f\x8b\x08cut")
    result = check("--config", config, "--alerts", damaged)
    assert result.exit_code == 2
    assert "cut.jsonl.gz" in result.stderr
    assert check("--config", config, "--alerts", tmp_path / "none.jsonl").exit_code == 2
