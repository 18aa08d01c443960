"""`anpr confusions`: a model learnt from files, shown, and refused when it is damaged."""

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from streams.cli.main import main
from streams.confusions.model import load_file
from tests.confusions.made import pairs


def run(*args: str) -> Result:
    return CliRunner().invoke(main, ["confusions", *args])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """400 pairs as JSON lines."""
    path = tmp_path / "pairs.jsonl"
    path.write_bytes(msgspec.json.Encoder().encode_lines(pairs(400, reader="north")))
    return path


def test_learn_and_show(file: Path, tmp_path: Path) -> None:
    output = tmp_path / "ours.json"
    done = run("learn", str(file), "--output", str(output), "--source", "made up", "--least", "300")
    assert done.exit_code == 0
    assert "400 pairs learnt, 1 reader with a model of their own" in done.stderr
    assert list(load_file(output).of) == ["north"]
    shown = run("show", str(output))
    assert shown.exit_code == 0
    assert "general: 400 pairs. made up" in shown.stdout
    assert "D read as 0" in shown.stdout


def test_lines_that_are_no_pairs_are_said_and_left_out(file: Path, tmp_path: Path) -> None:
    file.write_bytes(b'{"truth":"AB123CD"}\n' + file.read_bytes() + b"\nnonsense\n")
    done = run("learn", str(file), "--output", str(tmp_path / "ours.json"))
    assert done.exit_code == 1
    assert "pairs.jsonl:1: " in done.stderr
    assert "400 pairs learnt; 2 lines left out" in done.stderr


def test_nothing_to_learn(tmp_path: Path) -> None:
    path = tmp_path / "right.jsonl"
    path.write_text('{"truth":"AB-123-CD","country":"FR","plate":"AB123CD"}\n')
    done = run("learn", str(path), "--output", str(tmp_path / "ours.json"))
    assert done.exit_code == 1
    assert "no pair was read wrong" in done.stderr
    assert not (tmp_path / "ours.json").exists()


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert run("learn", str(tmp_path / "none"), "--output", str(tmp_path / "ours.json")).exit_code == 2
    assert run("show", str(tmp_path / "none")).exit_code == 2


def test_a_file_that_cannot_be_written(file: Path, tmp_path: Path) -> None:
    """A folder that is not there is said before anything is learnt."""
    done = run("learn", str(tmp_path / "none"), "--output", str(tmp_path / "nowhere" / "ours.json"))
    assert done.exit_code == 2
    assert "cannot be written (no such folder); give another path" in done.stderr
    done = run("learn", str(file), "--output", str(tmp_path))
    assert done.exit_code == 2
    assert "cannot be written" in done.stderr


def test_a_damaged_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ours.json"
    path.write_text("{}")
    done = run("show", str(path))
    assert done.exit_code == 1
    assert "no confusion model" in done.stderr


def test_the_shipped_model_is_shown() -> None:
    assert "D read as 0" in run("show").stdout
