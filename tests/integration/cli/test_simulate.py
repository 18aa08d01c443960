"""`anpr simulate`: files that `anpr replay` reads, the same each time, and errors with what to do."""

import gzip
from pathlib import Path

import orjson
import pytest
from click.testing import Result

from tests.support.commands import run_anpr


def run(*args: str) -> Result:
    return run_anpr(*args)


def simulate(folder: Path, *args: str) -> Result:
    return run("simulate", "--out", str(folder), "--reads", "4000", "--alerts", "60", *args)


def test_a_replay_of_the_files_finds_the_listed_vehicles(tmp_path: Path) -> None:
    done = simulate(tmp_path, "--seed", "5", "--listed", "0.05")
    assert done.exit_code == 0, done.output
    assert done.stderr.startswith("4,000 reads of ")
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"reads.jsonl", "alerts.jsonl", "truth.jsonl", "passages.jsonl", "config.toml"}
    hits = tmp_path / "hits.jsonl"
    replayed = run(
        "replay", "--config", str(tmp_path / "config.toml"), "--alerts", str(tmp_path / "alerts.jsonl"),
        "--reads", str(tmp_path / "reads.jsonl"), "--out", str(hits),
    )  # fmt: skip
    assert replayed.exit_code == 0
    assert "4,000 reads against 60 alerts" in replayed.stderr and " 0 lines rejected" in replayed.stderr
    truth = {each["read_id"]: each for each in map(orjson.loads, (tmp_path / "truth.jsonl").open("rb"))}
    sought = {(each["alert"], each["passage_id"]) for each in truth.values() if "alert" in each}
    latest = {hit["hit_id"]: hit for hit in map(orjson.loads, hits.open("rb"))}
    standing = [hit for hit in latest.values() if hit["kind"] != "withdrawn"]
    found = {
        (
            f"{hit['alert']['list_id']}/{hit['alert']['alert_id']}",
            truth[hit["read"]["read_id"]]["passage_id"],
        )
        for hit in standing
    }
    assert len(sought) > 50
    assert len(found & sought) > 0.85 * len(sought)
    assert len(found - sought) < 0.05 * len(found)


def test_the_same_options_give_the_same_bytes(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "same", "other")]
    for folder, seed in zip(folders, ("1", "1", "2"), strict=True):
        assert simulate(folder, "--seed", seed, "--gzip").exit_code == 0
    one, same, other = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    assert one == same
    assert one["reads.jsonl.gz"] != other["reads.jsonl.gz"]
    assert gzip.decompress(one["truth.jsonl.gz"]).count(b"\n") == 4000


def test_existing_files_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "reads.jsonl").write_text("old\n")
    (tmp_path / "mine").write_text("kept\n")
    assert simulate(tmp_path).exit_code == 0
    assert (tmp_path / "reads.jsonl").read_bytes().count(b"\n") == 4000
    assert (tmp_path / "mine").read_text() == "kept\n"


def test_the_options_take_effect(tmp_path: Path) -> None:
    done = simulate(
        tmp_path,
        "--quality",
        "poor=1",
        "--from",
        "2027-01-02T03:00:00+01:00",
        "--hours",
        "2",
        "--tells",
        "bare",
    )
    assert done.exit_code == 0, done.output
    truths = [orjson.loads(line) for line in (tmp_path / "truth.jsonl").open("rb")]
    assert {each["quality"] for each in truths} == {"poor"}
    assert all("2027-01-02T02:00" <= each["passed_at"] < "2027-01-02T04:00:01" for each in truths)
    reads = [orjson.loads(line) for line in (tmp_path / "reads.jsonl").open("rb")]
    assert not any("confidence" in each for each in reads)


@pytest.mark.parametrize(
    ("quality", "message"),
    [
        ("clear=0.5", "add up to 1"),
        ("clear=2,poor=-1", "from 0 to 1"),
        ("good=1", "the qualities are clear, medium, poor"),
        ("clear=much", "the share must be a number"),
    ],
)
def test_an_invalid_mix_is_wrong_use(tmp_path: Path, quality: str, message: str) -> None:
    done = simulate(tmp_path, "--quality", quality)
    assert done.exit_code == 2 and message in done.stderr
    assert not list(tmp_path.iterdir())


def test_an_unwritable_folder_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    done = simulate(file)
    assert done.exit_code == 2
    assert "file: cannot be written" in done.stderr and "--out" in done.stderr


def test_a_confusion_model_may_be_given(tmp_path: Path) -> None:
    model = tmp_path / "model.json"
    done = simulate(tmp_path / "out", "--confusions", str(model))
    assert done.exit_code == 2 and "--confusions" in done.stderr
    model.write_text("{}")
    done = simulate(tmp_path / "out", "--confusions", str(model))
    assert done.exit_code == 1 and "not a confusion model" in done.stderr
    assert not (tmp_path / "out").exists()
