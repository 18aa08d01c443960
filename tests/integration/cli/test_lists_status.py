"""`anpr lists status --hits`: the budgets that lists have used, by the hits in files."""

import gzip
import json
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from streams.cli.main import main
from streams.correlation.budget import TIGHTENED_RULE
from streams.records.encode import encode
from streams.records.hit import Hit, Retraction
from streams.records.times import parse_time
from tests.support.builders import EXAMPLE_HIT, example_hit

NOW: Final = ("--now", "2026-05-21T18:00:00Z")
CONFIG: Final = """
[lists.sis]
false_hits_per_day = 1.5
[lists.free]
[lists.quiet]
false_hits_per_day = 3
"""
LONG: Final = "list-" + "x" * 59


def hit(number: int, posterior: float, *, list_id: str = "sis", at: str = "12:00", **fields: Any) -> Hit:
    """Return a hit of a read of 21 May 2026, with its number as its id."""
    match = replace(EXAMPLE_HIT.match, posterior=posterior)
    read = replace(EXAMPLE_HIT.read, captured_at=parse_time(f"2026-05-21T{at}:00Z"))
    alert = replace(EXAMPLE_HIT.alert, list_id=list_id)
    return example_hit(number, match=match, read=read, alert=alert, **fields)


def lines(*hits: Hit) -> bytes:
    """Return hits as JSON lines."""
    return b"".join(encode(each) + b"\n" for each in hits)


def status(*arguments: str | Path, stdin: bytes | None = None) -> Result:
    """Run `anpr lists status` as of the evening of that day."""
    runner = CliRunner(env={"ANPR_CONFIG": "", "COLUMNS": "80"})
    return runner.invoke(main, ["lists", "status", *NOW, *map(str, arguments)], input=stdin)


def spending(result: Result) -> dict[str, dict[str, Any]]:
    """Return the budget use of each list, from the JSON printed."""
    assert result.exit_code == 0, result.output
    return {each["list_id"]: each["spending"] for each in json.loads(result.stdout)["lists"]}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return settings with two budgets."""
    path = tmp_path / "anpr.toml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the path of the file of hits."""
    return tmp_path / "hits.jsonl"


def test_each_list_is_shown_with_its_budget_use(file: Path, config: Path) -> None:
    rejected = Retraction("rejected")
    file.write_bytes(
        lines(
            hit(1, 0.75),
            hit(2, 0.9),
            hit(2, 0.9, revision=2, kind="withdrawn", withdrawn=rejected),
            hit(3, 0.2, list_id="free"),
            hit(4, 0.5, list_id="other", rules=[TIGHTENED_RULE], at="09:30"),
        )
    )
    result = status("--config", config, "--hits", file, "--json")
    nothing = {"hits": 0, "tightened": 0, "latest_tightened": None, "rejected": 0, "confirmed": 0}
    assert spending(result) == {
        "free": nothing | {"spent": 0.8, "hits": 1},
        "other": nothing
        | {"spent": 0.5, "hits": 1, "tightened": 1, "latest_tightened": "2026-05-21T09:30:00.000Z"},
        "quiet": nothing | {"spent": 0.0},
        "sis": nothing | {"spent": 1.25, "hits": 2, "rejected": 1},
    }
    shown = json.loads(result.stdout)
    assert shown["spending"] == {"day": "2026-05-21", "no_hits": 0}
    assert [each["false_hits_per_day"] for each in shown["lists"]] == [None, None, 3, 1.5]
    # Without files of alerts the contents of lists are not shown.
    assert "total" not in shown and "alerts" not in shown["lists"][0]
    assert result.stderr == ""


def test_another_day_has_its_own_budget(file: Path, config: Path) -> None:
    file.write_bytes(lines(hit(1, 0.75)))
    result = status("--config", config, "--hits", file, "--json", "--now", "2026-05-22T00:00:00Z")
    assert spending(result)["sis"]["spent"] == 0.0


def test_the_table_shows_the_budget_used_and_when_a_list_was_tightened(file: Path, config: Path) -> None:
    tightened = hit(2, 0.9, rules=[TIGHTENED_RULE], at="17:58")
    file.write_bytes(lines(hit(1, 0.75), tightened, hit(3, 0.95, list_id=LONG)))
    result = status("--config", config, "--hits", file)
    assert (result.exit_code, result.stderr) == (0, "")
    rows = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "list spent budget share hits tightened rejected confirmed" in rows
    assert "sis 0.35 1.5 a day 23 % 2 1 0 0" in rows
    assert "free 0.00 none 0 0 0 0" in rows
    # The long id is whole, in a line of its own.
    assert rows[rows.index(LONG) + 1] == "0.05 none 1 0 0 0"
    assert (
        "list sis: 1 hit while its tolerance was tightened, the latest of a read of 17:58:00 (UTC); "
        "0.35 of 1.5 a day spent"
    ) in " ".join(rows)
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert EXAMPLE_HIT.match.listed_plate not in result.output
    file.write_bytes(lines(hit(1, 0.75)))
    assert "while its tolerance was tightened" not in status("--config", config, "--hits", file).stdout


def test_only_a_list_that_has_exceeded_its_budget_is_named(file: Path, config: Path) -> None:
    file.write_bytes(lines(hit(1, 0.25), hit(2, 0.25), hit(3, 0.0, list_id="free")))
    assert status("--config", config, "--hits", file).stderr == ""
    file.write_bytes(lines(hit(1, 0.25), hit(2, 0.25), hit(3, 0.9), hit(4, 0.0, list_id="free")))
    result = status("--config", config, "--hits", file)
    assert result.exit_code == 0
    (line,) = result.stderr.splitlines()
    assert line.startswith("list sis: 1.60 false hits are expected among its hits of 2026-05-21 (UTC), ")
    assert "its budget is 1.5 (false_hits_per_day)" in line


def test_invalid_records_are_reported_and_left_out(file: Path, config: Path) -> None:
    bad = json.loads(encode(hit(2, 0.5)))
    bad["kind"] = "old"
    file.write_bytes(b"no JSON\n" + json.dumps(bad).encode() + b"\n\n" + lines(hit(1, 0.75)))
    result = status("--config", config, "--hits", file, "--json")
    assert spending(result)["sis"]["spent"] == 0.25
    assert json.loads(result.stdout)["spending"]["no_hits"] == 2
    first, second = result.stderr.splitlines()
    assert first.startswith("hits.jsonl:1: ")
    assert second == 'hits.jsonl:2: kind: must be one of amended, new, withdrawn, got "old"'
    shown = status("--config", config, "--hits", file).stdout
    assert "2 records rejected as no valid hits" in " ".join(shown.split())


def test_several_files_gzip_and_standard_input_count_each_hit_once(file: Path, tmp_path: Path) -> None:
    packed = tmp_path / "more.jsonl.gz"
    packed.write_bytes(gzip.compress(lines(hit(2, 0.75), hit(1, 0.5))))
    file.write_bytes(lines(hit(1, 0.5)))
    stdin = lines(hit(3, 0.75), hit(2, 0.75))
    result = status("--hits", file, "--hits", packed, "--hits", "-", "--json", stdin=stdin)
    assert spending(result)["sis"]["spent"] == 1.0
    assert spending(result)["sis"]["hits"] == 3


def test_lists_of_alerts_and_of_hits_are_shown_together(file: Path, tmp_path: Path) -> None:
    alerts = tmp_path / "alerts.jsonl"
    alerts.write_text(
        json.dumps(
            {
                "list_id": "listed",
                "alert_id": "A1",
                "version": 1,
                "plate": "AB-128-CD",
                "country": "FR",
                "basis": "SIS-38-seizure",
                "reason": "stolen",
                "action": {"default": "seize"},
                "valid_from": "2026-01-01T00:00:00Z",
                "valid_until": "2090-01-01T00:00:00Z",
            }
        )
    )
    file.write_bytes(lines(hit(1, 0.75)))
    shown = json.loads(status(alerts, "--hits", file, "--json").stdout)
    assert [
        (each["list_id"], each["in_force"], each["expected"] is not None, each["spending"]["spent"])
        for each in shown["lists"]
    ] == [("listed", 1, True, 0.0), ("sis", 0, False, 0.25)]
    rows = status(alerts, "--hits", file).stdout
    assert "1 alert and 0 withdrawals" in rows and "Spent and the columns after it" in rows
    assert "spending" not in json.loads(status(alerts, "--json").stdout)


def test_unreadable_files_and_wrong_use_are_errors(file: Path, tmp_path: Path) -> None:
    assert status("--hits", file).exit_code == 2
    damaged = tmp_path / "cut.jsonl.gz"
    damaged.write_bytes(gzip.compress(lines(hit(1, 0.5)))[:-12])
    result = status("--hits", damaged)
    assert result.exit_code == 2
    assert result.stderr.startswith("anpr lists status: ") and "cut short" in result.stderr
    file.write_bytes(lines(hit(1, 0.5)))
    for wrong, said in (
        ((), "--hits FILE or --kafka"),
        (("--hits", file, "--kafka"), "give one"),
        (("-", "--hits", "-"), "standard input"),
    ):
        result = status(*wrong)
        assert result.exit_code == 2
        assert said in result.stderr
