"""`anpr confusions`: models trained from files, shown, and refused if they are damaged."""

from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest
from click.testing import Result
from msgspec.structs import replace

from streams.confusions.model import load_models
from streams.records.match import MatchResult
from tests.support.builders import a_hit, a_read, a_verdict, after_noon, an_alert
from tests.support.commands import run_anpr
from tests.support.confusion_pairs import make_pairs
from tests.support.two_camera_roads import MAX_TRAVEL_S, MIN_TRAVEL_S, sample_road


def run(*args: str) -> Result:
    return run_anpr("confusions", *args)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """120 pairs as JSON lines."""
    path = tmp_path / "pairs.jsonl"
    path.write_bytes(msgspec.json.Encoder().encode_lines(make_pairs(120, reader="north")))
    return path


def test_a_trained_model_can_be_shown(file: Path, tmp_path: Path) -> None:
    output = tmp_path / "ours.json"
    done = run("learn", str(file), "--output", str(output), "--source", "made up", "--least", "100")
    assert done.exit_code == 0
    assert "120 pairs learnt, 1 camera or vendor with an own model" in done.stderr
    assert list(load_models(output).by_reader) == ["north"]
    shown = run("show", str(output))
    assert shown.exit_code == 0
    assert "general: 120 pairs. made up" in shown.stdout
    assert "D read as 0" in shown.stdout


def test_lines_that_are_not_pairs_are_reported_and_left_out(file: Path, tmp_path: Path) -> None:
    file.write_bytes(b'{"truth":"AB123CD"}\n' + file.read_bytes() + b"\nnonsense\n")
    done = run("learn", str(file), "--output", str(tmp_path / "ours.json"))
    assert done.exit_code == 1
    assert "pairs.jsonl:1: " in done.stderr
    assert "120 pairs learnt; 2 lines left out" in done.stderr


def test_pairs_without_a_misread_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "right.jsonl"
    path.write_text('{"truth":"AB-123-CD","country":"FR","plate":"AB123CD"}\n')
    done = run("learn", str(path), "--output", str(tmp_path / "ours.json"))
    assert done.exit_code == 1
    assert "no pair was misread" in done.stderr
    assert not (tmp_path / "ours.json").exists()


def test_a_file_that_cannot_be_read_is_an_input_error(tmp_path: Path) -> None:
    assert run("learn", str(tmp_path / "none"), "--output", str(tmp_path / "ours.json")).exit_code == 2
    assert run("show", str(tmp_path / "none")).exit_code == 2


def test_a_file_that_cannot_be_written_is_an_input_error(file: Path, tmp_path: Path) -> None:
    """A missing folder is reported before training."""
    done = run("learn", str(tmp_path / "none"), "--output", str(tmp_path / "nowhere" / "ours.json"))
    assert done.exit_code == 2
    assert "cannot be written (no such folder); give another path" in done.stderr
    done = run("learn", str(file), "--output", str(tmp_path))
    assert done.exit_code == 2
    assert "cannot be written" in done.stderr


def write_lines(path: Path, records: Iterable[object]) -> str:
    """Write records as JSON lines; return the path."""
    path.write_bytes(msgspec.json.Encoder().encode_lines(list(records)))
    return str(path)


def test_a_model_is_trained_from_two_cameras(tmp_path: Path) -> None:
    """From one file with the reads of both and of a third; the number of linked reads is printed."""
    road = sample_road(make_pairs(150)).road
    elsewhere = replace(road.first[0], camera_id="elsewhere")
    both = write_lines(tmp_path / "reads.jsonl", [*road.second, elsewhere, *road.first])
    output = tmp_path / "ours.json"
    cameras = ("--cameras", f"north={both}", f"south={both}", f"{MIN_TRAVEL_S:.0f}:{MAX_TRAVEL_S:.0f}")
    done = run("learn", *cameras, "--output", str(output), "--base", "none", "--least", "80")
    assert done.exit_code == 0, done.stderr
    assert "north to south: " in done.stderr
    assert "are expected to be different vehicles" in done.stderr
    models = load_models(output)
    assert sorted(models.by_reader) == ["north", "south"]
    assert "D0" in models.general.counts
    done = run("learn", "--cameras", f"n={both}", f"south={both}", "1:2", "--output", str(output))
    assert done.exit_code == 1
    assert "no read of camera n" in done.stderr


def test_a_model_is_trained_from_confirmed_hits(tmp_path: Path) -> None:
    """What was used and left out is printed. Without a confirmed hit there is nothing to learn."""
    hits = [
        a_hit(a_read("AB123C0", "FR"), an_alert("AB123CD", "FR")),
        a_hit(
            a_read("EF456GH", "FR", read_id="r2", captured_at=after_noon(100)),
            an_alert("EF4*", "FR", alert_id="a2"),
            match=MatchResult("pattern", "EF456GH", "EF4*"),
        ),
    ]
    args = ["--hits", write_lines(tmp_path / "hits.jsonl", hits), "--output", str(tmp_path / "ours.json")]
    done = run("learn", *args, "--verdicts", write_lines(tmp_path / "verdicts.jsonl", map(a_verdict, hits)))
    assert done.exit_code == 0, done.stderr
    assert "2 hits: 1 read of confirmed vehicles, 0 of them known independently of a match" in done.stderr
    assert "left out: 1 confirmed on a pattern" in done.stderr
    reads = [a_read("A8123CD", "FR", read_id="x", captured_at=after_noon(1)), a_read("!", read_id="y")]
    args += ["--verdicts", str(tmp_path / "verdicts.jsonl")]
    done = run("learn", *args, "--reads", write_lines(tmp_path / "reads.jsonl", reads))
    assert done.exit_code == 1
    assert "reads.jsonl:2: plate" in done.stderr
    assert "2 reads of confirmed vehicles, 1 of them known independently of a match" in done.stderr
    assert load_models(tmp_path / "ours.json").general.counts == {"B8": 1, "D0": 1}
    done = run("learn", *args[:4])
    assert done.exit_code == 1
    assert "no pair was misread" in done.stderr


def test_a_vendor_is_shown_with_its_cameras(file: Path, tmp_path: Path) -> None:
    vendors = tmp_path / "vendors.toml"
    vendors.write_text('north = "acme"\nsouth = "acme"\n')
    output = str(tmp_path / "ours.json")
    done = run("learn", str(file), "--output", output, "--makers", str(vendors), "--least", "100")
    assert done.exit_code == 0, done.stderr
    assert list(load_models(Path(output)).by_reader) == ["acme", "north"]
    shown = run("show", output).stdout
    assert "acme: 120 pairs.\n  vendor of north, south" in shown
    assert shown.count("characters read wrong, by confidence") == 3
    assert shown.count("plates read wrong, by confidence") == 3
    assert shown.count("start   inside      end") == 3


def test_all_wrong_options_are_reported_at_once(file: Path, tmp_path: Path) -> None:
    """Each with what to do."""
    vendors = tmp_path / "vendors.toml"
    vendors.write_text('north = 3\nwest = "south"\nsouth = "acme"\n')
    done = run(
        "learn",
        *("--cameras", "north", "north=gone.jsonl", "9:3"),
        *("--reads", str(file), "--verdicts", str(file), "--makers", str(vendors)),
        *("--base", str(tmp_path / "gone.json"), "--output", str(tmp_path / "nowhere" / "ours.json")),
    )
    assert done.exit_code == 2
    for message in (
        "'north' is not CAMERA=FILE; write for example",
        "gone.jsonl: no such file; name the file",
        "'north' is named twice; name the two cameras",
        "'9:3' is not a travel-time window; write the minimum and the maximum of seconds",
        "--verdicts without --hits; give the hits",
        "--reads without --hits; give the hits",
        "north: must be the name of a vendor, got 3; write",
        "'south' is a camera and a vendor; give the vendor another name",
        "gone.json: cannot be read (No such file or directory); name a model's file",
        "cannot be written (no such folder); give another path with --output",
    ):
        assert message in done.stderr
    assert len(done.stderr.splitlines()) == 10


def test_a_command_without_input_is_refused(tmp_path: Path) -> None:
    done = run("learn", "--output", str(tmp_path / "ours.json"))
    assert done.exit_code == 2
    assert "nothing to learn from; give PAIRS, --hits or --cameras" in done.stderr


def test_the_base_model_is_built_in_a_file_or_none(file: Path, tmp_path: Path) -> None:
    few = write_lines(tmp_path / "few.jsonl", make_pairs(20))
    tables = []
    for base in ("none", "shipped", str(tmp_path / "none.json")):
        output = tmp_path / f"{base if base in ('none', 'shipped') else 'own'}.json"
        assert run("learn", few, "--output", str(output), "--base", base).exit_code == 0
        tables.append(load_models(output).general.frequencies)
    assert tables[0] != tables[1] != tables[2]
    for text, said in (("{}", "not a confusion model"), (None, "is not TOML")):
        option = "--base" if text else "--makers"
        bad = tmp_path / "bad"
        bad.write_text(text or "= 3")
        done = run("learn", str(file), "--output", str(tmp_path / "x.json"), option, str(bad))
        assert done.exit_code == 2
        assert said in done.stderr


def test_a_damaged_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ours.json"
    path.write_text("{}")
    done = run("show", str(path))
    assert done.exit_code == 1
    assert "not a confusion model" in done.stderr


def test_the_builtin_model_is_shown_by_default() -> None:
    assert "D read as 0" in run("show").stdout
