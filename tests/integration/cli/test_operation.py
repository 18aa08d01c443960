"""`anpr operation`: the ranking and the report, over files."""

import gzip
import json
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result

from streams.analysis.operation_report import OperationReport
from streams.cli.common import requirements
from streams.cli.main import main
from streams.records.encode import encode
from streams.records.hit import Hit
from streams.records.verdict import Verdict
from tests.support.builders import EXAMPLE_HIT, alert_json, read_json
from tests.support.operations import a_hit, a_verdict, an_admission

CONFIG: Final = """
[lists.sis]
[lists.be]
[sites.rekkem]
lat = 50.79
lon = 3.15
[sites.camphin]
[cameras.c1]
site = "rekkem"
[cameras.c2]
site = "camphin"
[centres.be-west]
[operations.joint]
name = "Tournai III"
lists = ["sis", "be"]
sites = ["rekkem"]
crews = ["camphin"]
participants = ["be-west"]
talkgroup = "FR-BE 7"
capacity = 3
setup_minutes = 0
windows = [{from = 2026-05-21T12:00:00Z, until = 2026-05-21T14:00:00Z}]
[operations.other]
lists = ["sis"]
sites = ["rekkem"]
capacity = 1
windows = [{from = 2026-05-22T12:00:00Z, until = 2026-05-22T14:00:00Z}]
"""
SIX: Final = [
    a_hit(each, an_admission(each / 10, 1, 59), list_id=("sis", "be")[each % 2]) for each in range(1, 7)
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with settings, six hits, and verdicts on two."""
    (tmp_path / "anpr.toml").write_text(CONFIG)
    (tmp_path / "hits.jsonl").write_bytes(lines(*SIX))
    said = (a_verdict(6, minute=1, intercepted=True), a_verdict(5, "rejected", minute=50))
    (tmp_path / "verdicts.jsonl").write_bytes(lines(*said))
    return tmp_path


def lines(*records: Hit | Verdict) -> bytes:
    """Return records as JSON lines."""
    return b"".join(encode(each) + b"\n" for each in records)


def operation(folder: Path, *arguments: str | Path, stdin: bytes | None = None) -> Result:
    """Run `anpr operation` with the settings of a folder."""
    runner = CliRunner(env={"ANPR_CONFIG": str(folder / "anpr.toml"), "COLUMNS": "80"})
    return runner.invoke(main, ["operation", *map(str, arguments)], input=stdin)


def rows(result: Result) -> list[dict[str, Any]]:
    """Return the vehicles of a ranking printed as JSON."""
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_best_three_of_six_are_for_the_crew(folder: Path) -> None:
    result = operation(folder, "rank", "joint", "--hits", folder / "hits.jsonl")
    assert (result.exit_code, result.stderr) == (0, "")
    heading, *lines = result.stdout.splitlines()
    assert heading == ("joint at 2026-05-21 12:00:00 (UTC): 6 vehicles, 3 for the crews; talkgroup FR-BE 7")
    plate = f"{EXAMPLE_HIT.match.read_plate} {EXAMPLE_HIT.read.country}"
    assert lines[0].startswith(f" 1  {EXAMPLE_HIT.action.upper()}  {plate}  crew goes 12:")
    assert lines[1:3] == [
        "    seen at rekkem 12:00, comes by camphin 12:01 to 12:59",
        f"    sis/A6, priority {EXAMPLE_HIT.priority}, exact 0.90, score 0.600, hit 00000000",
    ]
    assert len(lines) == 6 * 3 and max(map(len, lines)) <= 80
    crews = [line.endswith("no crew: better ones take the crew's time") for line in lines[::3]]
    assert crews == [False] * 3 + [True] * 3


def test_as_json_each_vehicle_is_a_line(folder: Path) -> None:
    printed = rows(operation(folder, "rank", "joint", "--hits", folder / "hits.jsonl", "--json"))
    assert [row["alert_id"] for row in printed] == ["A6", "A5", "A4", "A3", "A2", "A1"]
    slots = [row.pop("slot") for row in printed]
    assert sorted(slot["begins"] for slot in slots if slot) == [
        f"2026-05-21T12:{minute}:00.000Z" for minute in ("00", "20", "40")
    ]
    assert printed[0] == {
        "at": "2026-05-21T12:00:00.000Z",
        "rank": 1,
        "score": 0.6,
        "chance": 0.6,
        "hit_id": f"{6:032x}",
        "list_id": "sis",
        "alert_id": "A6",
        "priority": EXAMPLE_HIT.priority,
        "action": EXAMPLE_HIT.action,
        "class": "exact",
        "posterior": 0.9,
        "read_plate": EXAMPLE_HIT.match.read_plate,
        "country": EXAMPLE_HIT.read.country,
        "captured_at": "2026-05-21T12:00:00.000Z",
        "seen_at": "rekkem",
        "site_id": "camphin",
        "earliest": "2026-05-21T12:01:00.000Z",
        "latest": "2026-05-21T12:59:00.000Z",
        "talkgroup": None,
        "chosen": True,
        "why_not": None,
    }
    assert [row["why_not"] for row in printed[3:]] == ["full"] * 3


def test_verdicts_count_up_to_the_reference_time(folder: Path) -> None:
    arguments = (
        "rank",
        "joint",
        "--hits",
        folder / "hits.jsonl",
        "--verdicts",
        folder / "verdicts.jsonl",
        "--json",
    )
    printed = rows(operation(folder, *arguments, "--now", "2026-05-21T12:02:00Z"))
    # The best vehicle was stopped, which took a slot; the next one was not rejected yet.
    assert [row["alert_id"] for row in printed] == ["A5", "A4", "A3", "A2", "A1"]
    assert [row["chosen"] for row in printed] == [True, True, False, False, False]
    printed = rows(operation(folder, *arguments, "--now", "2026-05-21T12:50:00Z"))
    assert [row["alert_id"] for row in printed] == ["A4", "A3", "A2", "A1"]
    assert rows(operation(folder, *arguments, "--now", "2026-05-21T11:59:59Z")) == []
    assert rows(operation(folder, *arguments, "--now", "2026-05-21T13:00:00Z")) == []


def test_the_hits_of_a_replay_can_be_ranked(folder: Path) -> None:
    links = 'links = [{to = "camphin", km = 15, minutes = 10}]'
    config = CONFIG.replace("lon = 3.15\n", f"lon = 3.15\n{links}\n")
    (folder / "anpr.toml").write_text(config)
    plates = {f"AB{number}CD": number for number in range(123, 129)}
    alerts = b"\n".join(
        alert_json(plate, "FR", alert_id=f"A{number}", priority=number - 122 if number < 128 else 5)
        for plate, number in plates.items()
    )
    (folder / "alerts.jsonl").write_bytes(alerts)
    (folder / "reads.jsonl").write_bytes(
        b"\n".join(
            [
                # Before the operation, at another site, at an unknown site: hits, but not of the operation.
                read_json("AB123CD", -0.001, country="FR"),
                read_json("AB124CD", 1, country="FR", camera_id="c2"),
                read_json("AB125CD", 2, country="FR", camera_id="unknown"),
                read_json("AB126CD", 3, country="FR"),
                read_json("AB127CD", 4, country="FR"),
                read_json("AB128CD", 5, country="FR"),
            ]
        )
    )
    runner = CliRunner(env={"ANPR_CONFIG": str(folder / "anpr.toml")})
    arguments = ("--alerts", folder / "alerts.jsonl", "--reads", folder / "reads.jsonl")
    replayed = runner.invoke(main, ["replay", *map(str, arguments)])
    assert replayed.exit_code == 0
    assert len(replayed.stdout.splitlines()) == 6
    printed = rows(
        operation(folder, "rank", "joint", "--hits", "-", "--json", stdin=replayed.stdout.encode())
    )
    assert [row["alert_id"] for row in printed] == ["A126", "A127", "A128"]
    assert [row["site_id"] for row in printed] == ["camphin"] * 3
    assert all(row["talkgroup"] == "FR-BE 7" and row["chance"] == 1.0 for row in printed)
    weights = [row["score"] / row["posterior"] for row in printed]
    assert weights == pytest.approx([0.4, 0.2, 0.2], abs=1e-3)


def test_an_operation_without_hits_has_an_empty_ranking(folder: Path) -> None:
    result = operation(folder, "rank", "other", "--hits", folder / "hits.jsonl")
    assert result.exit_code == 0
    assert result.stdout.endswith("(UTC): 0 vehicles, 0 for the crews\n")


def test_the_report_counts_reads_hits_and_verdicts(folder: Path) -> None:
    reads = folder / "reads.jsonl.gz"
    reads.write_bytes(
        gzip.compress(
            b"\n".join(
                [
                    read_json("AB123CD", 0),
                    read_json("AB123CD", 0),
                    read_json("AB123CE", 7199.999),
                    read_json("AB123CF", 7200),
                    read_json("AB123CG", -0.001),
                    read_json("AB123CH", 60, camera_id="c2"),
                    read_json("AB123CJ", 60, camera_id="unknown"),
                    b"no JSON",
                ]
            )
        )
    )
    arguments = ("report", "joint", "--hits", folder / "hits.jsonl", "--verdicts", folder / "verdicts.jsonl")
    result = operation(folder, *arguments, "--reads", reads, "--json")
    assert result.exit_code == 0
    assert result.stderr.startswith("reads.jsonl.gz:8: ")
    printed = json.loads(result.stdout)
    assert set(printed) == set(OperationReport.__struct_fields__)
    assert printed["reads"] == 2
    assert printed["total"] == {"hits": 6, "confirmed": 1, "rejected": 1, "open": 4, "intercepted": 1}
    assert {name: outcome["hits"] for name, outcome in printed["by_list"].items()} == {"be": 3, "sis": 3}
    assert printed["crews"]["chosen"] == {"vehicles": 3, "confirmed": 1, "rejected": 1, "intercepted": 1}
    assert json.loads(operation(folder, *arguments, "--json").stdout)["reads"] is None
    text = operation(folder, *arguments, "--reads", reads).stdout
    assert text.startswith(
        "Tournai III\n2026-05-21 12:00 to 2026-05-21 14:00 (UTC)\nparticipants: be-west\n2 reads; "
    )
    shown = [" ".join(line.split()) for line in text.splitlines()]
    summary = " ".join(shown[3:5])
    assert "6 hits, 6 of them live, 0 withdrawn; 1 confirmed, 1 rejected, 4 open; 1 intercepted" in summary
    for row in ("exact 6 1 1 4 1", "be 3 0 1 2 0", "rekkem 6 1 1 4 1", "within capacity 3 1 1 1"):
        assert row in shown
    assert "reads not counted; " in operation(folder, *arguments).stdout
    assert max(map(len, text.splitlines())) <= 80
    for word in ("intercepted", "confirmed", "arrived", "hits"):
        assert word in text.split()


def test_no_plate_is_in_any_form_of_the_report(folder: Path) -> None:
    arguments = ("report", "joint", "--hits", folder / "hits.jsonl")
    page = folder / "report.html"
    written = operation(folder, *arguments, "--page", page)
    assert (written.exit_code, written.stdout, written.stderr) == (0, "", f"wrote {page}\n")
    forms = [
        operation(folder, *arguments).output,
        operation(folder, *arguments, "--json").output,
        page.read_text("utf-8"),
    ]
    match = EXAMPLE_HIT.match
    for form in forms:
        assert "Tournai III" in form
        for plate in (
            EXAMPLE_HIT.read.plate,
            EXAMPLE_HIT.alert.plate,
            match.read_plate,
            match.listed_plate,
            "A6",
        ):
            assert plate not in form


def test_missing_packages_for_a_page_are_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = requirements.find_spec
    monkeypatch.setattr(requirements, "find_spec", lambda name: None if name == "matplotlib" else known(name))
    page = folder / "report.html"
    result = operation(folder, "report", "joint", "--hits", folder / "hits.jsonl", "--page", page)
    assert (result.exit_code, page.exists()) == (1, False)
    assert "(matplotlib)" in result.stderr and "anpr-streams[report]" in result.stderr
    assert operation(folder, "report", "joint", "--hits", folder / "hits.jsonl").exit_code == 0


def test_hits_may_come_from_standard_input_and_several_files_count_once(folder: Path) -> None:
    again = folder / "again.jsonl"
    again.write_bytes(lines(*SIX[:3]))
    arguments = ("report", "joint", "--hits", "-", "--hits", again, "--json")
    printed = json.loads(operation(folder, *arguments, stdin=lines(*SIX[2:])).stdout)
    assert printed["total"]["hits"] == 6


def test_invalid_records_are_reported_and_left_out(folder: Path) -> None:
    file = folder / "hits.jsonl"
    file.write_bytes(b"no JSON\n" + lines(*SIX))
    for command in ("rank", "report"):
        result = operation(folder, command, "joint", "--hits", file)
        assert result.exit_code == 0
        assert result.stderr.startswith("hits.jsonl:1: ")
        assert "6 " in result.stdout


def test_an_unknown_operation_is_wrong_use(folder: Path) -> None:
    result = operation(folder, "rank", "joynt", "--hits", folder / "hits.jsonl")
    assert result.exit_code == 2
    assert "the settings have no [operations.joynt]; did you mean joint?" in result.stderr
    result = operation(folder, "report", "x", "--hits", folder / "hits.jsonl")
    assert "they have joint, other" in result.stderr
    (folder / "anpr.toml").write_text("")
    assert "they have none" in operation(folder, "rank", "x", "--hits", folder / "hits.jsonl").stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("rank", "joint"), "--hits FILE, or --kafka"),
        (("rank", "joint", "--hits", "hits.jsonl", "--kafka"), "give it, or --hits FILE"),
        (("rank", "joint", "--hits", "-", "--verdicts", "-"), "standard input"),
        (("rank", "joint", "--hits", "hits.jsonl", "--follow"), "--follow needs --kafka"),
        (("rank", "joint", "--kafka", "--follow", "--now", "2026-05-21T12:00:00Z"), "leave --now out"),
        (("report", "joint"), "--hits FILE, or --kafka"),
        (("report", "joint", "--kafka", "--reads", "hits.jsonl"), "give it, or --hits FILE"),
        (("report", "joint", "--hits", "hits.jsonl", "--json", "--page", "x.html"), "give one"),
        (("report", "joint", "--hits", "nowhere.jsonl"), "nowhere.jsonl"),
    ],
)
def test_wrong_use_is_explained(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(folder)
    result = operation(folder, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_an_unwritable_page_and_a_damaged_file_are_errors(folder: Path) -> None:
    arguments = ("report", "joint", "--hits", folder / "hits.jsonl")
    result = operation(folder, *arguments, "--page", folder / "nowhere" / "report.html")
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr
    damaged = folder / "cut.jsonl.gz"
    damaged.write_bytes(gzip.compress(lines(*SIX))[:-12])
    result = operation(folder, *arguments, "--reads", damaged)
    assert result.exit_code == 2
    assert result.stderr.startswith("anpr operation report: ") and "cut short" in result.stderr
