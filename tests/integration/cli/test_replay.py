"""The contract of `anpr replay`: what goes to stdout, stderr and files, the exit codes, and bad input.

The command runs as it is installed, in a process of its own.
"""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support.cases.compare import describe_difference
from tests.support.cases.loading import CASES_FOLDER, load_case
from tests.support.cases.runner import ReplayRunner
from tests.support.waiting import HANG_LIMIT_S

ANPR = Path(sys.executable).with_name("anpr")
CASE = CASES_FOLDER / "verdicts/rejected"
READ = {"camera_id": "c1", "captured_at": "2026-05-21T10:00:00Z", "country": "FR"}
PLATE = "QX-777-ZW"
"""The plate of every read, valid or not. No message may show it, in any form."""
ALERT = {
    "list_id": "sis",
    "alert_id": "a",
    "version": 1,
    "plate": PLATE,
    "country": "FR",
    "basis": "SIS-38-seizure",
    "reason": "stolen",
    "action": {"default": "seize"},
    "valid_from": "2026-05-01T00:00:00Z",
    "valid_until": "2026-06-01T00:00:00Z",
}


class CommandResult(NamedTuple):
    """The exit code of a command, the rows on stdout and the lines on stderr."""

    code: int
    rows: list[dict[str, Any]]
    messages: list[str]


def anpr(*arguments: str | Path, stdin: bytes = b"", **environment: str) -> CommandResult:
    """Run `anpr replay` with text on standard input."""
    environ = {name: value for name, value in os.environ.items() if name != "ANPR_CONFIG"}
    done = subprocess.run(
        [ANPR, "replay", *arguments],
        input=stdin,
        capture_output=True,
        timeout=HANG_LIMIT_S,
        check=False,
        env=environ | environment,
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return CommandResult(done.returncode, rows, done.stderr.decode().splitlines())


def valid_line(read_id: str) -> bytes:
    """Return a read that gives a hit, as a line."""
    # A camera each, so that each is a passage with a hit of its own.
    return json.dumps(READ | {"read_id": read_id, "camera_id": read_id, "plate": PLATE}).encode() + b"\n"


@pytest.fixture
def alerts(tmp_path: Path) -> Path:
    file = tmp_path / "alerts.jsonl"
    file.write_text(json.dumps(ALERT) + "\n")
    return file


@pytest.fixture
def reads(tmp_path: Path) -> Path:
    file = tmp_path / "reads.jsonl"
    file.write_bytes(valid_line("r1") + valid_line("r2"))
    return file


def test_the_command_gives_the_hits_of_a_case_on_standard_output() -> None:
    options = ("--alerts", CASE / "alerts.jsonl", "--verdicts", CASE / "verdicts.jsonl")
    ran = anpr("--config", CASE / "config.toml", *options, "--reads", CASE / "reads.jsonl")
    case = load_case(CASE)
    assert ran.code == 0
    assert describe_difference(ran.rows, case.hits) == ""
    assert ran.rows == ReplayRunner().run(case).hits
    assert len(ran.messages) == 2
    assert ran.messages[0].startswith("4 reads against 2 alerts: ")
    assert "listed vehicle" in ran.messages[1]


def test_out_gets_the_hits_and_standard_output_stays_empty(tmp_path: Path, alerts: Path, reads: Path) -> None:
    ran = anpr("--alerts", alerts, "--reads", reads, "--out", tmp_path / "hits.jsonl")
    assert (ran.code, ran.rows) == (0, [])
    rows = [json.loads(line) for line in (tmp_path / "hits.jsonl").read_text().splitlines()]
    assert [row["read"]["read_id"] for row in rows] == ["r1", "r2"]


def test_compressed_files_and_standard_input_are_read(tmp_path: Path, alerts: Path, reads: Path) -> None:
    plain = anpr("--alerts", alerts, "--reads", reads)
    packed = {path: tmp_path / f"{path.name}.gz" for path in (alerts, reads)}
    for path, other in packed.items():
        other.write_bytes(gzip.compress(path.read_bytes()))
    assert len(plain.rows) == 2
    assert anpr("--alerts", packed[alerts], "--reads", packed[reads]).rows == plain.rows
    assert anpr("--alerts", alerts, "--reads", "-", stdin=reads.read_bytes()).rows == plain.rows


def test_now_and_settings_take_effect(tmp_path: Path, alerts: Path, reads: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[sites.s]\nterritory = "BE"\n[cameras.r1]\nsite = "s"\n[cameras.r2]\nsite = "s"\n')
    arguments = ("--alerts", alerts, "--reads", reads, "--now", "2026-05-21T12:00:00Z")
    by_option = anpr(*arguments, "--config", config)
    assert [(row["mode"], row["place"]["territory"]) for row in by_option.rows] == [("historical", "BE")]
    assert anpr(*arguments, ANPR_CONFIG=str(config)).rows == by_option.rows


def test_several_files_of_alerts_form_one_list(tmp_path: Path, alerts: Path, reads: Path) -> None:
    newer = tmp_path / "newer.jsonl"
    newer.write_text(json.dumps(ALERT | {"version": 2, "priority": 1}) + "\n")
    for files in ((alerts, newer), (newer, alerts)):
        ran = anpr(*(part for file in files for part in ("--alerts", file)), "--reads", reads)
        assert [row["priority"] for row in ran.rows] == [1, 1]


def test_passages_suppressed_by_a_budget_are_reported() -> None:
    case = CASES_FOLDER / "budgets/budget-tightens"
    files = ("--alerts", case / "alerts.jsonl", "--reads", case / "reads.jsonl")
    ran = anpr(*files, "--config", case / "config.toml")
    assert ran.messages[:-2] == [
        f"list sis: 1 passage suppressed by its budget on 2026-05-{day} (UTC)" for day in (21, 22)
    ]
    unlimited = anpr(*files)
    assert len(unlimited.messages) == 2
    assert len(unlimited.rows) == len(ran.rows) + 2


@pytest.mark.parametrize("missing", ["--alerts", "--reads"])
def test_a_missing_option_is_wrong_use(missing: str, alerts: Path, reads: Path) -> None:
    options = {"--alerts": alerts, "--reads": reads}
    del options[missing]
    ran = anpr(*(part for pair in options.items() for part in pair))
    assert (ran.code, ran.rows) == (2, [])
    assert missing in "\n".join(ran.messages)


@pytest.mark.parametrize("missing", ["--alerts", "--reads", "--verdicts", "--config"])
def test_a_missing_file_is_wrong_use(missing: str, tmp_path: Path, alerts: Path, reads: Path) -> None:
    options = {"--alerts": alerts, "--reads": reads} | {missing: tmp_path / "missing.jsonl"}
    ran = anpr(*(part for pair in options.items() for part in pair))
    assert (ran.code, ran.rows) == (2, [])
    assert "missing.jsonl" in "\n".join(ran.messages)


def test_an_invalid_time_is_wrong_use(alerts: Path, reads: Path) -> None:
    assert anpr("--alerts", alerts, "--reads", reads, "--now", "noon").code == 2


def test_faulty_settings_are_printed_with_every_fault(tmp_path: Path, alerts: Path, reads: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[lists.sis]\nmode = "loose"\n[matching]\nequivalences = 3\n')
    ran = anpr("--alerts", alerts, "--reads", reads, "--config", config)
    assert (ran.code, ran.rows) == (1, [])
    assert [line.removeprefix(f"{config}").split(": ")[0] for line in ran.messages] == [":2", ":4"]


BAD: dict[str, bytes] = {
    "not JSON": f"{PLATE} is no JSON".encode(),
    "not an object": json.dumps([PLATE]).encode(),
    "cut JSON": valid_line("cut")[:-4],
    "two objects on one line": valid_line("one")[:-1] + valid_line("two")[:-1],
    "not UTF-8": valid_line("latin")[:-2] + b', "image_ref": "\xff"}',
    "no captured_at": json.dumps({"read_id": "x", "camera_id": "c", "plate": PLATE}).encode(),
    "a wrong type": json.dumps(READ | {"read_id": 7, "plate": [PLATE]}).encode(),
    "a plate that is a number": json.dumps(READ | {"read_id": "x", "plate": 777777}).encode(),
    "a country in words": json.dumps(READ | {"read_id": "x", "plate": PLATE, "country": "France"}).encode(),
    "10 MB": json.dumps(READ | {"read_id": "x", "plate": PLATE, "more": "QX" * 5_000_000}).encode(),
    "a plate of spaces": json.dumps(READ | {"read_id": "x", "plate": "   "}).encode(),
    "a Greek plate": json.dumps(READ | {"read_id": "x", "plate": f"Χ{PLATE}"}).encode(),
    "a long plate": json.dumps(READ | {"read_id": "x", "plate": PLATE * 3}).encode(),
    "the year 9999": json.dumps(
        READ | {"read_id": "x", "plate": PLATE, "captured_at": "9999-12-31T23:59:59Z"}
    ).encode(),
    "a time without a zone": json.dumps(
        READ | {"read_id": "x", "plate": PLATE, "captured_at": "2026-05-21T10:00:00"}
    ).encode(),
}


@pytest.fixture(scope="module")
def bad_lines(tmp_path_factory: pytest.TempPathFactory) -> tuple[CommandResult, list[dict[str, Any]]]:
    """Run over a valid line after each bad one and, at the end, a bad one without a line end."""
    folder = tmp_path_factory.mktemp("bad")
    (folder / "alerts.jsonl").write_text(json.dumps(ALERT) + "\n")
    lines = b"".join(line + b"\n" + valid_line(f"r{number}") for number, line in enumerate(BAD.values()))
    (folder / "reads.jsonl").write_bytes(lines + valid_line("last")[:20])
    files = ("--alerts", folder / "alerts.jsonl", "--reads", folder / "reads.jsonl")
    ran = anpr(*files, "--rejected", folder / "rejected.jsonl")
    rejected = [json.loads(line) for line in (folder / "rejected.jsonl").read_text().splitlines()]
    return ran, rejected


def test_the_line_after_a_bad_one_is_processed(bad_lines: tuple[CommandResult, list[dict[str, Any]]]) -> None:
    ran, _ = bad_lines
    assert ran.code == 0
    assert [row["read"]["read_id"] for row in ran.rows] == [f"r{number}" for number in range(len(BAD))]


def test_bad_lines_are_counted_and_written_with_their_line_and_faults(
    bad_lines: tuple[CommandResult, list[dict[str, Any]]],
) -> None:
    ran, rejected = bad_lines
    assert f"{len(BAD) + 1} lines rejected" in ran.messages[-2]
    assert [row["line"] for row in rejected] == [2 * number + 1 for number in range(len(BAD) + 1)]
    assert all(row["faults"] and all(fault["rule"] for fault in row["faults"]) for row in rejected)
    assert max(len(row["raw"]) for row in rejected) <= 10_000
    fields = {name: row["faults"][0]["field"] for name, row in zip(BAD, rejected, strict=False)}
    assert {name: field for name, field in fields.items() if field} == {
        "no captured_at": "captured_at",
        "a wrong type": "read_id",
        "a plate that is a number": "plate",
        "a country in words": "country",
        "a plate of spaces": "plate",
        "a Greek plate": "plate",
        "a long plate": "plate",
        "the year 9999": "captured_at",
        "a time without a zone": "captured_at",
    }


def test_no_message_shows_a_plate(bad_lines: tuple[CommandResult, list[dict[str, Any]]]) -> None:
    ran, rejected = bad_lines
    messages = [*ran.messages, *(str(row["faults"]) for row in rejected)]
    assert not [line for line in messages if "QX" in line or "777" in line or "ZW" in line]


def test_a_valid_last_line_needs_no_line_end(tmp_path: Path, alerts: Path) -> None:
    file = tmp_path / "reads.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + valid_line("r1").replace(b"\n", b"\r\n\r\n") + valid_line("r2")[:-1])
    ran = anpr("--alerts", alerts, "--reads", file)
    assert [row["read"]["read_id"] for row in ran.rows] == ["r1", "r2"]
    assert "0 lines rejected" in ran.messages[-2]


def test_reads_with_implausible_times_are_reported_and_written_like_other_bad_lines(tmp_path: Path) -> None:
    """With `--now` too; the message says what to correct."""
    case = CASES_FOLDER / "input/clock-decades-ahead"
    arguments = ("--alerts", case / "alerts.jsonl", "--reads", case / "reads.jsonl")
    lines = (case / "reads.jsonl").read_text("utf-8").splitlines()
    for number, (options, text) in enumerate(
        (((), "24 h after the other"), (("--now", "2026-05-21T10:05:00Z"), "600 s after the present"))
    ):
        rejected = tmp_path / f"rejected-{number}.jsonl"
        result = anpr(*arguments, *options, "--rejected", rejected)
        assert result.code == 0
        assert {row["read"]["read_id"] for row in result.rows} == {"one", "two"}
        reported = [line for line in result.messages if line.startswith("reads.jsonl:")]
        assert [line.partition(": captured_at: ")[0] for line in reported] == [
            "reads.jsonl:1",
            "reads.jsonl:3",
        ]
        assert all(text in line and "correct the camera's clock" in line for line in reported)
        assert any("2 lines rejected" in line for line in result.messages)
        rows = [json.loads(line) for line in rejected.read_text("utf-8").splitlines()]
        assert [(row["line"], row["raw"]) for row in rows] == [(1, lines[0]), (3, lines[2])]
        assert all("implausible-time" in fault["rule"] for row in rows for fault in row["faults"])


def test_a_truncated_compressed_file_gives_the_hits_before_the_damage(tmp_path: Path, alerts: Path) -> None:
    """The lines before the cut fill the first blocks, so their hits are complete."""
    file = tmp_path / "reads.jsonl.gz"
    others = b"".join(valid_line(f"r{number}").replace(b"777", b"778") for number in range(20_000))
    whole = gzip.compress(valid_line("first") + others)
    file.write_bytes(whole[: len(whole) * 9 // 10])
    ran = anpr("--alerts", alerts, "--reads", file)
    assert ran.code == 1
    assert [row["read"]["read_id"] for row in ran.rows] == ["first"]
    assert "reads.jsonl.gz: the compressed data is damaged or cut short" in "\n".join(ran.messages)
    assert "QX" not in "\n".join(ran.messages)


def test_bad_alerts_and_verdicts_do_not_affect_their_neighbours(tmp_path: Path, reads: Path) -> None:
    alerts, verdicts = tmp_path / "alerts.jsonl", tmp_path / "verdicts.jsonl"
    backwards = ALERT | {"valid_from": ALERT["valid_until"], "valid_until": ALERT["valid_from"]}
    bad = [backwards, ALERT | {"plate": "Ж"}, ALERT | {"action": {"FR": PLATE}}, {"plate": PLATE}, [PLATE]]
    alerts.write_text("".join(json.dumps(row) + "\n" for row in [*bad, ALERT]))
    verdicts.write_text(json.dumps({"hit_id": PLATE, "reason": PLATE}) + "\n")
    ran = anpr("--alerts", alerts, "--reads", reads, "--verdicts", verdicts)
    assert (ran.code, len(ran.rows)) == (0, 2)
    assert f"{len(bad) + 1} lines rejected" in ran.messages[-2]


def test_text_is_a_block_a_hit_and_ends_with_the_vehicles(alerts: Path, reads: Path) -> None:
    done = run_for_text("--alerts", alerts, "--reads", reads, "--table")
    blocks = done.stdout.split("\n\n")
    assert [block.splitlines()[0].split("  ")[0] for block in blocks] == ["SEIZE", "SEIZE"]
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert done.stderr.splitlines()[-1] == "1 listed vehicle hit: 1 seize"


def test_a_wide_table_is_a_row_a_hit_below_a_heading(alerts: Path, reads: Path) -> None:
    heading, *rows = run_for_text("--alerts", alerts, "--reads", reads, "--wide").stdout.splitlines()
    assert heading.split()[:2] == ["do", "hit"]
    assert [row.split()[0] for row in rows] == ["seize", "seize"]
    wrong = anpr("--alerts", alerts, "--reads", reads, "--wide", "--json")
    assert wrong.code == 2 and "give one" in "\n".join(wrong.messages)


def test_a_short_id_of_the_text_names_the_hit_to_explain(tmp_path: Path, alerts: Path, reads: Path) -> None:
    hits = tmp_path / "hits.jsonl"
    done = run_for_text("--alerts", alerts, "--reads", reads, "--table", "--out", hits)
    first = done.stdout.splitlines()[0]
    explained = run_command("explain", first.split()[1], "--hits", hits)
    assert explained.returncode == 0
    assert explained.stdout.splitlines()[0] == first
    assert "reasons" in explained.stdout and "rules" in explained.stdout
    for arguments in (("00000000",), ("QX-777-ZW",), (first.split()[1], "--country", "FR")):
        refused = run_command("explain", *arguments, "--hits", hits)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "QX-777" not in refused.stderr


def run_for_text(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run `anpr replay` and return its output as text."""
    return run_command("replay", *arguments)


def run_command(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run `anpr` without settings and return its output as text."""
    environ = {name: value for name, value in os.environ.items() if name != "ANPR_CONFIG"}
    return subprocess.run(
        [ANPR, *arguments], capture_output=True, text=True, timeout=HANG_LIMIT_S, check=False, env=environ
    )
