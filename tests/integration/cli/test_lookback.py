"""`anpr lookback` over files: historical hits where countries permit them, and reasons where not."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.support.builders import alert_json, read_json
from tests.support.commands import run_anpr

HOUR = 3600.0
NOON = "2026-05-21T12:00:00Z"
CONFIG = """
[topics.reads_hours]
FR = 360
BE = 720
[jurisdictions.FR]
lookback_source = "CSI L233-2, requisition 7"
lookback_hours = {NATIONAL = 10}
[jurisdictions.BE]
lookback_source = "LFP 25/7"
lookback_hours = {EUROPOL = 24}
[sites.lille]
territory = "FR"
links = [{to = "arras", km = 50, minutes = 35}, {to = "rekkem", km = 20, minutes = 15}]
[sites.arras]
territory = "FR"
[sites.rekkem]
territory = "BE"
[cameras.f1]
site = "lille"
[cameras.f2]
site = "arras"
[cameras.b1]
site = "rekkem"
"""


class Folder:
    """The files of a command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "config.toml").write_text(CONFIG, "utf-8")

    def write(self, name: str, *records: bytes) -> str:
        """Write a file of JSON lines."""
        path = self.folder / name
        path.write_bytes(b"".join(record + b"\n" for record in records))
        return str(path)

    def run(self, *arguments: str) -> Result:
        """Run `anpr lookback`."""
        return run_anpr("lookback", "--config", self.folder / "config.toml", *arguments)

    def look(self, *arguments: str) -> Result:
        """Run `anpr lookback` as of noon, with the files `alerts` and `reads`."""
        files = ("--alerts", str(self.folder / "alerts"), "--reads", str(self.folder / "reads"))
        return self.run("--now", NOON, *files, *arguments)


@pytest.fixture
def files(tmp_path: Path) -> Folder:
    """Return files of an alert that came at noon, and of reads before and after in two countries."""
    folder = Folder(tmp_path)
    folder.write("alerts", alert_json("AB-123-CD", "FR", valid_from=NOON, lookback_hours=24))
    folder.write(
        "reads",
        read_json("AB123CD", -11 * HOUR, read_id="too-old", camera_id="f1"),
        read_json("AB123CD", -9 * HOUR, read_id="french", camera_id="f1"),
        read_json("AB123CD", -HOUR, read_id="belgian", camera_id="b1"),
        read_json("EF456GH", -HOUR, read_id="another", camera_id="f1"),
        read_json("AB123CD", 60, read_id="after", camera_id="f1"),
    )
    return folder


def hits(result: Result) -> list[dict[str, Any]]:
    """Return the hits printed."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_hits_are_historical_and_name_the_authority_of_the_cameras_country(files: Folder) -> None:
    result = files.look()
    assert result.exit_code == 0, result.stderr
    (hit,) = hits(result)
    assert hit["read"]["read_id"] == "french"
    assert hit["mode"] == "historical"
    assert "BE: not searched for 1 alert: [jurisdictions.BE] allows it for no alert of basis NATIONAL" in (
        result.stderr
    )
    assert "FR: 1 read matched, up to 10 h back, by CSI L233-2, requisition 7" in result.stderr
    assert "5 reads searched for 1 alert: 1 matched; 0 lines rejected" in result.stderr


def test_a_site_of_the_built_in_network_has_its_country(files: Folder) -> None:
    own_sites, cameras = CONFIG.index("[sites.lille]"), CONFIG.index("[cameras.f1]")
    network = '[network]\nshipped = "fr-be"\n'
    text = CONFIG[:own_sites] + network + CONFIG[cameras:]
    for site in ("lille", "arras"):
        text = text.replace(f'"{site}"', '"neuville"')
    (files.folder / "config.toml").write_text(text, "utf-8")
    result = files.look()
    assert result.exit_code == 0, result.stderr
    assert [hit["read"]["read_id"] for hit in hits(result)] == ["french"]


def test_the_hits_of_a_lookback_form_one_journey(files: Folder) -> None:
    files.write(
        "reads",
        read_json("AB123CD", -2 * HOUR + 2400, read_id="arras", camera_id="f2"),
        read_json("AB123CD", -2 * HOUR, read_id="lille", camera_id="f1"),
    )
    latest = {hit["hit_id"]: hit for hit in hits(files.look())}
    assert {hit["mode"] for hit in latest.values()} == {"historical"}
    (last,) = [hit for hit in latest.values() if hit["read"]["read_id"] == "arras"]
    assert [each["site_id"] for each in last["journey"]["passages"]] == ["lille", "arras"]
    assert last["journey"]["passages"][1]["kmh"] == 75.0
    assert len({hit["journey"]["journey_id"] for hit in latest.values()}) == 1


def test_hours_on_the_command_line_are_limited_by_those_permitted(files: Folder) -> None:
    assert not hits(files.look("--hours", "8"))
    assert [hit["read"]["read_id"] for hit in hits(files.look("--hours", "100"))] == ["french"]


def test_an_alert_without_lookback_hours_needs_the_option(files: Folder) -> None:
    files.write("alerts", alert_json("AB-123-CD", "FR", valid_from=NOON))
    refused = files.look()
    assert (refused.exit_code, hits(refused)) == (1, [])
    assert "no alert asks for a lookback" in refused.stderr
    assert len(hits(files.look("--hours", "24"))) == 1


def test_only_the_named_alerts_are_searched_for(files: Folder) -> None:
    more = alert_json("EF-456-GH", "FR", alert_id="a2", valid_from=NOON, lookback_hours=24)
    files.write("alerts", alert_json("AB-123-CD", "FR", valid_from=NOON, lookback_hours=24), more)
    assert len(hits(files.look())) == 2
    assert [hit["alert"]["alert_id"] for hit in hits(files.look("sis/a2"))] == ["a2"]
    missing = files.look("sis/a3")
    assert missing.exit_code == 1
    assert "not in the files: sis/a3" in missing.stderr


def test_an_alert_that_has_ended_is_not_searched_for(files: Folder) -> None:
    gone = json.dumps({"list_id": "sis", "alert_id": "a1", "withdrawn_at": "2026-05-21T11:59:00Z"})
    begun = alert_json("AB-123-CD", "FR", valid_from="2026-05-20T12:00:00Z", lookback_hours=24)
    files.write("alerts", begun, gone.encode())
    result = files.look()
    assert (result.exit_code, hits(result)) == (1, [])
    assert "1 alert withdrawn or expired by then" in result.stderr


def test_an_alert_that_no_country_permits_is_refused_with_the_reasons(files: Folder) -> None:
    files.write("alerts", alert_json("AB-123-CD", "FR", basis="INTERPOL-SMV", lookback_hours=24))
    result = files.look()
    assert (result.exit_code, hits(result)) == (1, [])
    assert "no country permits a search for 1 alert: sis/a1" in result.stderr
    assert (
        "FR: not searched for 1 alert: [jurisdictions.FR] allows it for no alert of basis INTERPOL-SMV"
        in (result.stderr)
    )


def test_cameras_without_a_site_have_the_country_of_the_option(files: Folder) -> None:
    files.write("reads", read_json("AB123CD", -HOUR, camera_id="unknown"))
    result = files.look()
    assert (result.exit_code, hits(result)) == (0, [])
    assert "1 read would match, but the country of the camera is not known" in result.stderr
    assert len(hits(files.look("--country", "FR"))) == 1


def test_several_files_of_reads_with_invalid_lines(files: Folder) -> None:
    more = files.write("more", b"{", read_json("AB123CD", -2 * HOUR, read_id="more", camera_id="f1"))
    result = files.look("--reads", more)
    assert [hit["read"]["read_id"] for hit in hits(result)] == ["french", "more"]
    assert "more:1: " in result.stderr
    assert "1 line rejected" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name an alert as LIST/ALERT"),
        (("sis",), "must be LIST/ALERT"),
        (("sis/a1", "--now", NOON), "--now needs --alerts and --reads"),
        (("--reads", "-"), "--alerts and --reads go together"),
        (("--reads", "-", "--alerts", "-"), "standard input can be only one"),
    ],
)
def test_wrong_use(files: Folder, arguments: tuple[str, ...], message: str) -> None:
    result = files.run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
