"""`anpr config`: what it prints where, and its exit codes."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from streams.cli.main import main
from streams.settings.load import parse_settings
from streams.settings.model import Settings
from streams.settings.reference import build_reference

GOOD = '[lists.sis]\naudience = ["be"]\n[centres.be]\n[centres.fr]\n'
FAULTY = '[lists.sis]\nmode = "loose"\naudience = ["be"]\n[matching]\nequivalences = 3\n'


def anpr(*arguments: str, config: str | None = None) -> Result:
    """Runs `anpr`, with ANPR_CONFIG set to `config` or not at all."""
    return CliRunner().invoke(main, arguments, env={"ANPR_CONFIG": config})


@pytest.fixture
def good(tmp_path: Path) -> str:
    file = tmp_path / "good.toml"
    file.write_text(GOOD)
    return str(file)


@pytest.fixture
def faulty(tmp_path: Path) -> str:
    file = tmp_path / "faulty.toml"
    file.write_text(FAULTY)
    return str(file)


def test_check_of_a_right_file_counts_what_it_holds(good: str) -> None:
    told = (
        f"{good}: no faults; 1 list, 0 sites, 0 cameras, 2 centres, 0 handovers, 0 operations, "
        "0 jurisdictions\n"
    )
    for result in (anpr("config", "check", "--config", good), anpr("config", "check", config=good)):
        assert (result.exit_code, result.stdout, result.stderr) == (0, told, "")


def test_check_without_a_file_says_that_the_defaults_hold() -> None:
    result = anpr("config", "check")
    assert result.exit_code == 0
    assert result.stdout.startswith("no file is named, the defaults apply; 0 lists, ")


@pytest.mark.parametrize("command", ["check", "show"])
def test_a_faulty_file_gives_every_fault_and_exit_code_1(faulty: str, command: str) -> None:
    result = anpr("config", command, "--config", faulty)
    assert (result.exit_code, result.stdout) == (1, "")
    lines = result.stderr.splitlines()
    assert [line.removeprefix(faulty).split(": ")[0] for line in lines] == [":2", ":3", ":5"]


@pytest.mark.parametrize("command", ["check", "show"])
def test_a_file_that_cannot_be_read_gives_exit_code_2(tmp_path: Path, command: str) -> None:
    missing = str(tmp_path / "none.toml")
    result = anpr("config", command, "--config", missing)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--config" in result.stderr and "cannot be read: No such file" in result.stderr
    by_environment = anpr("config", command, config=missing)
    assert by_environment.exit_code == 2
    assert "ANPR_CONFIG" in by_environment.stderr
    assert anpr("config", command, "--config", str(tmp_path)).exit_code == 2


def test_the_option_goes_before_the_environment(good: str, faulty: str) -> None:
    assert anpr("config", "check", "--config", good, config=faulty).exit_code == 0
    assert anpr("config", "check", "--config", faulty, config=good).exit_code == 1


def test_show_prints_settings_that_load_again(good: str) -> None:
    result = anpr("config", "show", "--config", good)
    assert result.exit_code == 0
    assert parse_settings(result.stdout, "shown") == parse_settings(GOOD, "good")
    assert parse_settings(anpr("config", "show").stdout, "shown") == Settings()


def test_docs_prints_the_reference() -> None:
    result = anpr("config", "docs")
    assert (result.exit_code, result.stdout) == (0, build_reference())
