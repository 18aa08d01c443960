"""`anpr config`: its output and exit codes."""

from pathlib import Path

import pytest
from click.testing import Result

from streams.settings.load import parse_settings
from streams.settings.model import Settings
from streams.settings.reference import build_reference
from tests.support.commands import run_anpr

VALID = '[lists.sis]\naudience = ["be"]\n[centres.be]\n[centres.fr]\n'
INVALID = '[lists.sis]\nmode = "loose"\naudience = ["be"]\n[matching]\nequivalences = 3\n'


def anpr(*arguments: str, config: str | None = None) -> Result:
    """Run `anpr`, with ANPR_CONFIG set to `config` or unset."""
    return run_anpr(*arguments, config=config)


@pytest.fixture
def valid(tmp_path: Path) -> str:
    file = tmp_path / "good.toml"
    file.write_text(VALID)
    return str(file)


@pytest.fixture
def invalid(tmp_path: Path) -> str:
    file = tmp_path / "invalid.toml"
    file.write_text(INVALID)
    return str(file)


def test_check_of_a_valid_file_counts_its_sections(valid: str) -> None:
    summary = (
        f"{valid}: no faults; 1 list, 0 sites, 0 cameras, 2 centres, 0 handovers, 0 operations, "
        "0 jurisdictions\n"
    )
    for result in (anpr("config", "check", "--config", valid), anpr("config", "check", config=valid)):
        assert (result.exit_code, result.stdout, result.stderr) == (0, summary, "")


def test_check_without_a_file_reports_the_defaults() -> None:
    result = anpr("config", "check")
    assert result.exit_code == 0
    assert result.stdout.startswith("no file is named, the defaults apply; 0 lists, ")


@pytest.mark.parametrize("command", ["check", "show"])
def test_an_invalid_file_has_every_fault_reported_with_exit_code_1(invalid: str, command: str) -> None:
    result = anpr("config", command, "--config", invalid)
    assert (result.exit_code, result.stdout) == (1, "")
    lines = result.stderr.splitlines()
    assert [line.removeprefix(invalid).split(": ")[0] for line in lines] == [":2", ":3", ":5"]


@pytest.mark.parametrize("command", ["check", "show"])
def test_an_unreadable_file_has_exit_code_2(tmp_path: Path, command: str) -> None:
    missing = str(tmp_path / "none.toml")
    result = anpr("config", command, "--config", missing)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--config" in result.stderr and "cannot be read: No such file" in result.stderr
    by_environment = anpr("config", command, config=missing)
    assert by_environment.exit_code == 2
    assert "ANPR_CONFIG" in by_environment.stderr
    assert anpr("config", command, "--config", str(tmp_path)).exit_code == 2


def test_the_option_precedes_the_environment(valid: str, invalid: str) -> None:
    assert anpr("config", "check", "--config", valid, config=invalid).exit_code == 0
    assert anpr("config", "check", "--config", invalid, config=valid).exit_code == 1


def test_show_prints_settings_that_can_be_read_back(valid: str) -> None:
    result = anpr("config", "show", "--config", valid)
    assert result.exit_code == 0
    assert parse_settings(result.stdout, "shown") == parse_settings(VALID, "valid")
    assert parse_settings(anpr("config", "show").stdout, "shown") == Settings()


def test_docs_prints_the_reference() -> None:
    result = anpr("config", "docs")
    assert (result.exit_code, result.stdout) == (0, build_reference())
