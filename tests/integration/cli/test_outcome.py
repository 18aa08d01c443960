"""`anpr outcome --hits`: the precision of the hits in files, by the verdicts in files and on the hits."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from streams.cli.main import main
from streams.records.encode import encode
from streams.records.hit import Hit, Retraction
from streams.records.match import Edit
from streams.records.times import parse_time
from streams.records.verdict import Verdict
from tests.integration.cli.test_lists_status import hit, lines
from tests.support.builders import EXAMPLE_HIT, numbered_id

PLATES = (
    EXAMPLE_HIT.match.listed_plate,
    EXAMPLE_HIT.match.read_plate,
    EXAMPLE_HIT.alert.plate,
    EXAMPLE_HIT.read.plate,
)


def a_verdict(number: int, verdict: Any, time: str = "13:00") -> Verdict:
    """Return a verdict on the hit with a number."""
    return Verdict(numbered_id(number), "tournai", verdict, parse_time(f"2026-05-21T{time}:00Z"))


def verdict_lines(*verdicts: Verdict) -> bytes:
    """Return verdicts as JSON lines."""
    return b"".join(encode(each) + b"\n" for each in verdicts)


def by_edits(each: Hit, *edits: Edit) -> Hit:
    """Return a hit whose match has other edits."""
    match = replace(each.match, edits=list(edits), class_="fuzzy" if edits else "exact")
    return replace(each, match=match)


def outcome(*arguments: str | Path, stdin: bytes | None = None) -> Result:
    """Run `anpr outcome`."""
    runner = CliRunner(env={"ANPR_CONFIG": "", "COLUMNS": "80"})
    result = runner.invoke(main, ["outcome", *map(str, arguments)], input=stdin)
    assert not any(plate in result.output for plate in PLATES)
    return result


def rows(*arguments: str | Path, stdin: bytes | None = None) -> list[dict[str, Any]]:
    """Return the JSON lines printed."""
    result = outcome(*arguments, "--json", stdin=stdin)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def files(tmp_path: Path) -> tuple[str | Path, ...]:
    """Return options that name four hits and one that was replaced, and verdicts on two of them."""
    hits, verdicts = tmp_path / "hits.jsonl", tmp_path / "verdicts.jsonl"
    hits.write_bytes(
        lines(
            by_edits(hit(1, 0.75), Edit("settled", 2, "8", "B"), Edit("lost", 3, "", "1")),
            by_edits(hit(2, 0.95)),
            by_edits(hit(3, 0.5, list_id="free"), Edit("extra", 3, "1", "")),
            by_edits(hit(4, 0.8), Edit("settled", 2, "8", "B")),
            hit(5, 0.9, revision=2, kind="withdrawn", withdrawn=Retraction("superseded")),
        )
    )
    verdicts.write_bytes(
        verdict_lines(a_verdict(1, "confirmed"), a_verdict(4, "rejected"), a_verdict(2, "acknowledged"))
    )
    return "--hits", hits, "--verdicts", verdicts


def test_each_row_has_the_counts_the_precision_and_the_mean_posterior(files: tuple[str | Path, ...]) -> None:
    printed = rows(*files)
    assert [row["by"] for row in printed] == ["list"] * 2 + ["camera"] + ["confusion"] * 4 + ["all"]
    nothing = {"precision": None, "interval": None, "mean_posterior": None, "weighed": 0}
    assert printed[0] == nothing | {
        "by": "list", "list_id": "free", "hits": 1, "confirmed": 0, "rejected": 0, "open": 1
    }  # fmt: skip
    sis = {"hits": 3, "confirmed": 1, "rejected": 1, "open": 1, "precision": 0.5, "weighed": 2}
    assert printed[1].items() >= ({"by": "list", "list_id": "sis"} | sis).items()
    assert printed[1]["mean_posterior"] == pytest.approx(0.775)
    assert printed[1]["interval"] == pytest.approx([0.0945, 0.9055], abs=1e-4)
    place = EXAMPLE_HIT.place
    assert (printed[2]["camera_id"], printed[2]["site_id"]) == (place.camera_id, place.site_id)
    assert [(row["kind"], row["listed"], row["read"], row["hits"]) for row in printed[3:7]] == [
        ("settled", "B", "8", 2),
        ("exact", "", "", 1),
        ("extra", "", "1", 1),
        ("lost", "1", "", 1),
    ]
    assert printed[7].items() >= (sis | {"hits": 4, "open": 2, "by": "all"}).items()
    assert {name: printed[7][name] for name in ("uncounted", "fallen", "unknown", "not_taken")} == {
        "uncounted": 1, "fallen": 0, "unknown": 0, "not_taken": 0
    }  # fmt: skip


@pytest.mark.parametrize("by", ["list", "camera", "confusion"])
def test_one_grouping_may_be_chosen(files: tuple[str | Path, ...], by: str) -> None:
    assert {row["by"] for row in rows(*files, "--by", by)} == {by, "all"}
    headings = outcome(*files, "--by", by).stdout.splitlines()[0].split()
    assert headings[0] == by and "precision" in headings


def test_the_table_names_confusions_in_words_and_what_is_not_counted(
    files: tuple[str | Path, ...],
) -> None:
    result = outcome(*files)
    assert (result.exit_code, result.stderr) == (0, "")
    shown = [" ".join(line.split()) for line in result.stdout.splitlines()]
    for row in (
        "list hits confirmed rejected open precision 95 % posterior",
        "free 1 0 0 1 ?",
        "sis 3 1 1 1 0.500 0.095 to 0.905 0.775",
        "all lists 4 1 1 2 0.500 0.095 to 0.905 0.775",
        "8 read for B, settled",
        "2 1 1 0 0.500 0.095 to 0.905 0.775",
        "1 not read 1 1 0 0 1.000 0.207 to 1.000 0.750",
        "1 read, not listed",
        "1 0 0 1 ?",
        "none, exact 1 0 0 1 ?",
        "4 hits, 2 of them adjudicated; 0 records rejected as no valid hits or verdicts",
    ):
        assert row in shown
    assert "Not counted: 1 hit, because other hits are of the same passages " in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_long_ids_are_whole_and_their_counts_are_in_the_columns(tmp_path: Path) -> None:
    file, list_id, camera_id = tmp_path / "hits.jsonl", "list-" + "x" * 59, "camera-" + "y" * 57
    place = replace(EXAMPLE_HIT.place, camera_id=camera_id)
    file.write_bytes(lines(hit(1, 0.75, list_id=list_id, place=place), hit(2, 0.5)))
    shown = outcome("--hits", file).stdout.splitlines()
    assert max(map(len, shown)) <= 80
    heading = shown[0]
    for name in (list_id, f"{camera_id} at {place.site_id}"):
        counts = shown[shown.index(name) + 1]
        assert counts.split() == ["1", "0", "0", "1", "?"]
    counts = shown[shown.index(list_id) + 1]
    assert counts.index("1") == heading.index("hits") + len("hits") - 1


def test_a_posterior_of_some_adjudicated_hits_names_their_number(tmp_path: Path) -> None:
    of_a_pattern = hit(2, 0.5)
    of_a_pattern = replace(of_a_pattern, match=replace(of_a_pattern.match, class_="pattern", posterior=None))
    file, verdicts = tmp_path / "hits.jsonl", tmp_path / "verdicts.jsonl"
    file.write_bytes(lines(hit(1, 0.75), of_a_pattern))
    verdicts.write_bytes(verdict_lines(a_verdict(1, "confirmed"), a_verdict(2, "confirmed")))
    assert "0.750 of 1" in outcome("--hits", file, "--verdicts", verdicts, "--by", "list").stdout


def test_hits_alone_count_by_the_verdicts_on_them(tmp_path: Path) -> None:
    file = tmp_path / "hits.jsonl"
    file.write_bytes(lines(hit(1, 0.75), hit(1, 0.75, revision=2, verdict=a_verdict(1, "confirmed"))))
    assert rows("--hits", file)[-1]["confirmed"] == 1
    file.write_bytes(b"")
    assert [row["by"] for row in rows("--hits", file)] == ["all"]
    empty = outcome("--hits", file)
    assert (empty.exit_code, empty.stderr) == (0, "")
    assert "0 hits, 0 of them adjudicated" in empty.stdout


def test_hits_withdrawn_with_another_and_verdicts_on_others_are_reported(tmp_path: Path) -> None:
    file, verdicts = tmp_path / "hits.jsonl", tmp_path / "verdicts.jsonl"
    file.write_bytes(lines(hit(1, 0.5, revision=2, kind="withdrawn", withdrawn=Retraction("rejected"))))
    verdicts.write_bytes(verdict_lines(a_verdict(7, "rejected")))
    shown = outcome("--hits", file, "--verdicts", verdicts).stdout
    assert "Of the open hits, 1 were withdrawn when another hit of the same plate read" in shown
    assert "Not counted: verdicts on 1 hit not among those read" in shown


def test_invalid_records_are_reported_and_left_out(files: tuple[str | Path, ...], tmp_path: Path) -> None:
    for name, line in (("hits.jsonl", b"no JSON\n"), ("verdicts.jsonl", b'{"verdict":"perhaps"}\n')):
        path = tmp_path / name
        path.write_bytes(line + path.read_bytes())
    result = outcome(*files, "--json")
    assert result.exit_code == 0
    last = json.loads(result.stdout.splitlines()[-1])
    assert (last["not_taken"], last["hits"], last["confirmed"]) == (2, 4, 1)
    assert result.stderr.startswith("hits.jsonl:1: ")
    assert "verdicts.jsonl:1: verdict: must be one of " in result.stderr
    assert "2 records rejected as no valid hits or verdicts" in outcome(*files).stdout


def test_several_files_gzip_and_standard_input_count_each_hit_once(
    files: tuple[str | Path, ...], tmp_path: Path
) -> None:
    packed = tmp_path / "more.jsonl.gz"
    packed.write_bytes(gzip.compress(lines(hit(1, 0.75), hit(6, 0.5))))
    stdin = verdict_lines(a_verdict(6, "rejected"))
    last = rows(*files, "--hits", packed, "--hits", packed, "--verdicts", "-", stdin=stdin)[-1]
    assert (last["hits"], last["confirmed"], last["rejected"]) == (5, 1, 2)


def test_ids_do_not_control_the_terminal(tmp_path: Path) -> None:
    file = tmp_path / "hits.jsonl"
    file.write_bytes(lines(hit(1, 0.5, list_id="sis\x1b[2J")))
    assert "\x1b" not in outcome("--hits", file).stdout


def test_unreadable_files_and_wrong_use_are_errors(files: tuple[str | Path, ...], tmp_path: Path) -> None:
    hits = files[1]
    damaged = tmp_path / "cut.jsonl.gz"
    damaged.write_bytes(gzip.compress(lines(hit(1, 0.5)))[:-12])
    result = outcome("--hits", damaged)
    assert result.exit_code == 2
    assert result.stderr.startswith("anpr outcome: ") and "cut short" in result.stderr
    for wrong, why in (
        ((), "give --hits FILE, or --kafka"),
        (("--verdicts", hits), "give --hits FILE, or --kafka"),
        (("--hits", hits, "--kafka"), "--kafka has hits and verdicts"),
        (("--verdicts", hits, "--kafka"), "--kafka has hits and verdicts"),
        (("--hits", hits, "--since", "7"), "--since needs --kafka"),
        (("--kafka", "--now", "2026-05-21T18:00:00Z"), "needs --since DAYS"),
        (("--kafka", "--since", "0"), "--since"),
        (("--hits", "-", "--verdicts", "-"), "standard input"),
        (("--hits", tmp_path / "none"), "does not exist"),
        (("--hits", hits, "--by", "centre"), "--by"),
    ):
        result = outcome(*wrong)
        assert result.exit_code == 2
        assert why in result.stderr
